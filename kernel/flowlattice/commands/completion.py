"""Print the script that completes `flows` in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from flowlattice.console import Console, Exit, verb
from flowlattice.errors import UsageError


@verb(
    examples="""
    flows completion bash >> ~/.bashrc
    flows completion zsh > "${fpath[1]}/_flows"
    flows completion fish > ~/.config/fish/completions/flows.fish
    """
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(console: Console, shell: str) -> Exit:
    """Print the script that completes verbs, options and paths of `flows` in a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}; there is bash, zsh and fish")
    root = click.get_current_context().find_root().command
    script = kind(root, {}, "flows", "_FLOWS_COMPLETE").source()
    if console.json:
        console.emit({"shell": shell, "script": script})
    else:
        console.result(script)
    return Exit.OK
