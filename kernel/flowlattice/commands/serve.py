"""Serve flows over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bindings import SqliteCallLog
    from flowlattice.engine import Runtime


@verb(
    examples="""
    flows serve flow.py
    flows serve orders/ contact/ --port 8080
    flows serve flow.py --env production
    flows serve --deployed --port 0 --json
    """
)
@click.argument("paths", nargs=-1, type=PATH, metavar="PATH...")
@click.option("--deployed", is_flag=True, help="Serve everything that is deployed instead of paths.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 picks a free one.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
@click.option("--state", type=PATH, metavar="DIR", help="Folder of kv and dedupe entries and of the run log.")
@click.option("--until-eof", is_flag=True, help="Stop also when standard input ends, as when a parent process dies.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    paths: tuple[Path, ...],
    deployed: bool,
    host: str,
    port: int,
    environment: str | None,
    state: Path | None,
    until_eof: bool,
) -> Exit:
    """Serve flows until SIGTERM or Ctrl-C; what is under way then is still answered.

    Prints the URL once requests are answered. /healthz, /readyz and /metrics are always there.
    """
    from flowlattice.hosts.web import WebApp
    from flowlattice.hosts.web.server import Address, listen, serve, stop_at_eof

    logs: list[SqliteCallLog] = []
    runtimes = _runtimes(paths, deployed, environment, state, logs)
    app = WebApp(runtimes)

    def ready(address: Address) -> None:
        doubled = sorted({name for runtime in runtimes for name in runtime.doubles})
        if doubled:
            console.progress(f"local doubles stand in for {', '.join(doubled)}: nothing leaves this machine")
        if console.json:
            console.emit({"url": address.url})
        else:
            console.result(f"serving at {address.url}")

    if until_eof:
        stop_at_eof()
    try:
        serve(app, listen(host, port), ready)
    finally:
        for log in logs:
            log.close()
    return Exit.OK


def _runtimes(
    paths: tuple[Path, ...],
    deployed: bool,
    environment: str | None,
    state: Path | None,
    logs: list[SqliteCallLog],
) -> list[Runtime]:
    from flowlattice.bindings import SqliteCallLog, bindings_for
    from flowlattice.home import flows_home
    from flowlattice.hosts.deployed import CALLS_FILE, deployed_runtimes
    from flowlattice.hosts.programs import load_flow, runtime

    if deployed == bool(paths):
        raise UsageError("name the flows to serve, or give --deployed for everything that is deployed; not both")
    if deployed:
        if environment is not None or state is not None:
            raise UsageError("--env and --state belong to paths; a deployment has its own")
        return list(deployed_runtimes(flows_home(), logs))
    found = []
    for path in paths:
        flow = load_flow(path)
        if state is not None:
            logs.append(SqliteCallLog(state / CALLS_FILE, flow.ir.name))
        bindings = bindings_for(flow.program.file.parent, environment, state)
        found.append(runtime(flow, bindings, profile="web", log=logs[-1] if state is not None else None))
    return found
