"""Serve flows over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError


@verb(
    examples="""
    flows serve flow.py
    flows serve orders/ contact/ --port 8080
    flows serve flow.py --port 0 --json
    """
)
@click.argument("paths", nargs=-1, type=PATH, metavar="PATH...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 picks a free one.")
def command(console: Console, paths: tuple[Path, ...], host: str, port: int) -> Exit:
    """Serve flows until SIGTERM or Ctrl-C; what is under way then is still answered."""
    from flowlattice.bindings import LocalBindings
    from flowlattice.hosts.programs import load_flow, runtime
    from flowlattice.hosts.web import WebApp
    from flowlattice.hosts.web.server import Address, listen, serve

    if not paths:
        raise UsageError("nothing to serve; name a flow")
    app = WebApp([runtime(load_flow(path), LocalBindings(), profile="web") for path in paths])

    def ready(address: Address) -> None:
        if console.json:
            console.emit({"url": address.url})
        else:
            console.result(f"serving at {address.url}")

    serve(app, listen(host, port), ready)
    return Exit.OK
