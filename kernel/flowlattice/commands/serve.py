"""Serve flows over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.hosts.logs import LogFormat


@verb(
    examples="""
    flows serve flow.py
    flows serve orders/ contact/ --port 8080
    flows serve flow.py --env production
    flows serve --deployed --workers 4
    flows serve --deployed --port 0 --json
    """
)
@click.argument("paths", nargs=-1, type=PATH, metavar="PATH...")
@click.option("--deployed", is_flag=True, help="Serve everything that is deployed instead of paths.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 picks a free one.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
@click.option("--state", type=PATH, metavar="DIR", help="Folder of kv and dedupe entries and of the run log.")
@click.option("--no-check", is_flag=True, help="Serve paths whatever flows check says of them.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that serve.")
@click.option("--until-eof", is_flag=True, help="Stop also when standard input ends, as when a parent process dies.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="A line of the log for people or for machines; text on a terminal, else JSON.",
)
@click.option(
    "--trace", is_flag=True, help="Send traces over OTLP/HTTP also where no OTEL_EXPORTER_OTLP_ENDPOINT says so."
)
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    paths: tuple[Path, ...],
    deployed: bool,
    host: str,
    port: int,
    environment: str | None,
    state: Path | None,
    no_check: bool,
    workers: int,
    until_eof: bool,
    log_format: LogFormat | None,
    trace: bool,
) -> Exit:
    """Serve flows until SIGTERM or Ctrl-C; what is under way then is still answered.

    Prints the URL once requests are answered. /flows lists the flows with their documentation; /healthz, /readyz and
    /metrics are always there. What is deployed while it runs is served from then on, paths are read again on SIGHUP; no
    request and no connection is lost. Paths in which `flows check` finds an error are not served.
    """
    import logging
    import os

    from flowlattice.commands.check import checked
    from flowlattice.home import flows_home
    from flowlattice.hosts.tracing import tracing_of
    from flowlattice.hosts.versions import source_of
    from flowlattice.hosts.web.alone import serve_alone
    from flowlattice.hosts.web.server import Address, stop_at_eof

    def check(path: Path, is_start: bool) -> None:
        said = checked(console, path, environment)
        if said is not None:
            (console.warn if is_start else logging.getLogger("flowlattice.web").warning)(said)

    tracing = tracing_of(os.environ, asked=trace)
    source = source_of(
        paths,
        deployed=deployed,
        environment=environment,
        state=state,
        home=flows_home(),
        tracing=tracing,
        check=None if no_check else check,
    )

    def ready(address: Address, doubles: tuple[str, ...]) -> None:
        if doubles:
            console.progress(f"local doubles stand in for {', '.join(doubles)}: nothing leaves this machine")
        if console.json:
            console.emit({"url": address.url})
        else:
            console.result(f"serving at {address.url}")
            console.progress(f"{address.url}/flows lists the flows, each with its documentation")

    where = Address(host, port)
    try:
        if workers > 1:
            from flowlattice.hosts.web.supervisor import serve_with_workers

            return Exit(serve_with_workers(source, where, log_format, ready, workers=workers, until_eof=until_eof))
        if until_eof:
            stop_at_eof()
        serve_alone(source, where, log_format, ready)
        return Exit.OK
    finally:
        if tracing is not None:
            tracing.close()
