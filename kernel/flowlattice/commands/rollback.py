"""Put the digest before the current one back."""

from __future__ import annotations

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.home import flows_home


@verb(
    examples="""
    flows rollback echo_norm
    """
)
@click.argument("name")
def command(console: Console, name: str) -> Exit:
    """Let NAME stand for what was deployed before, of another digest or in another environment.

    A running `flows serve --deployed` serves it in a moment. Where nothing was deployed before, the name is
    withdrawn.
    """
    from flowlattice.deployments import Deployments

    now = Deployments(flows_home()).rollback(name)
    if console.json:
        digest, environment = (None, None) if now is None else (now.digest, now.environment)
        console.emit({"name": name, "digest": digest, "environment": environment})
    elif now is None:
        console.result(f"{name} is withdrawn; nothing was deployed before")
    else:
        again = f"{name} is {now.digest[:12]} in {now.environment} again"
        console.result(f"{again}; a running flows serve --deployed serves it in a moment")
    return Exit.OK
