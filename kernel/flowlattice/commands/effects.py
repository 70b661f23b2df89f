"""List the keys of effects, and decide what became of those in doubt."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

command = click.Group(
    "effects", help="List the keys of effects, and decide what became of those in doubt.", no_args_is_help=True
)


@verb(
    name="list",
    examples="""
    flows effects list
    flows effects list --in-doubt
    flows effects list --state ./state --json
    flows effects list flow.py --env production
    """,
)
@click.argument("path", required=False, type=PATH)
@click.option("--state", type=PATH, metavar="DIR", help="The --state folder of flows serve or flows run.")
@click.option("--env", "environment", help="The environment of PATH's bindings.toml whose stores are looked at.")
@click.option("--in-doubt", is_flag=True, help="Only those of which nobody knows whether the effect happened.")
def list_(console: Console, path: Path | None, state: Path | None, environment: str | None, in_doubt: bool) -> Exit:
    """List the keys of effects: of everything deployed, of a --state folder, or of PATH in an environment.

    A key is reserved while its effect is under way and confirmed once it happened. It is in doubt when the effect
    failed halfway or its process was killed: the same request is then answered 409 until somebody decides.
    """
    from flowlattice.bindings.kept import kept_keys

    found = [kept for kept in kept_keys(_stores(path, state, environment)) if not in_doubt or kept.state == "in_doubt"]
    if console.json:
        console.emit([kept.model_dump(mode="json") for kept in found])
        return Exit.OK
    for kept in found:
        whose = f"{kept.flow} {kept.node}  run {kept.run}"
        console.result(f"{kept.key[:16]}  {kept.state:9}  {kept.since:%Y-%m-%d %H:%M:%S}  {whose}")
    if not found:
        console.progress("no effect is in doubt" if in_doubt else "no effect is remembered")
    return Exit.OK


@verb(
    name="decide",
    examples="""
    flows effects decide 4f1c9a0b77e2d311 happened
    flows effects decide 4f1c9a0b77e2d311 not-happened --state ./state
    """,
)
@click.argument("key")
@click.argument("outcome", type=click.Choice(["happened", "not-happened"]))
@click.argument("path", required=False, type=PATH)
@click.option("--state", type=PATH, metavar="DIR", help="The --state folder of flows serve or flows run.")
@click.option("--env", "environment", help="The environment of PATH's bindings.toml whose stores are looked at.")
def decide(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console, key: str, outcome: str, path: Path | None, state: Path | None, environment: str | None
) -> Exit:
    """Decide what became of an effect in doubt, for good.

    KEY is its key or at least 8 digits of it. What `happened` is not repeated as long as the key is remembered; what
    did not is done when it is asked for again.
    """
    from flowlattice.bindings.kept import decide

    happened = outcome == "happened"
    kept = decide(_stores(path, state, environment), key, happened=happened)
    if console.json:
        console.emit({"key": kept.key, "happened": happened})
    else:
        then = "it is not repeated" if happened else "the same request does it again"
        console.result(f"{kept.key[:16]} of {kept.flow} {kept.node}: {outcome}; {then}")
    return Exit.OK


command.add_command(list_)
command.add_command(decide)


def _stores(path: Path | None, state: Path | None, environment: str | None) -> list[Path]:
    """The files to look in."""
    from flowlattice.bindings import bindings_text
    from flowlattice.bindings.kept import LOCAL_STORE, environment_stores
    from flowlattice.home import flows_home
    from flowlattice.hosts.versions import deployed_stores
    from flowlattice.language.sources import flow_file

    if (path is None) != (environment is None) or (state is not None and path is not None):
        raise UsageError("give PATH with --env NAME, or --state DIR alone, or nothing for everything that is deployed")
    if state is not None:
        return [state / LOCAL_STORE]
    if path is None or environment is None:
        return deployed_stores(flows_home())
    folder = flow_file(path).parent
    return environment_stores(bindings_text(folder, environment), environment, folder)
