"""The web host in one process, as `flows serve` runs it without `--workers`."""

from __future__ import annotations

import asyncio

from flowlattice.hosts.logs import LogFormat, set_up_logs
from flowlattice.hosts.versions import Source
from flowlattice.hosts.web.app import WebApp
from flowlattice.hosts.web.server import Address, Around, WhenReady, address_of, listen, serve
from flowlattice.hosts.web.swap import Swapper


def serve_alone(source: Source, where: Address, log_format: LogFormat | None, when_ready: WhenReady) -> None:
    """Serve what a source says until SIGTERM or SIGINT; SIGHUP reads it again, another stamp too.

    Args:
        source: What is to be served.
        where: Where to listen; port 0 picks a free one.
        log_format: How to log; by default as stderr suggests.
        when_ready: Called once requests are answered.

    Raises:
        FlowlatticeError: What loading a flow raises.
        UsageError: There is nothing to serve, or the address cannot be listened on.
        NotVerified: What is deployed cannot be verified, none of it.
        NotVerified: What is deployed cannot be verified, none of it.
    """
    app = WebApp()
    swapper = Swapper(app, source)
    set_up_logs(log_format)
    swapper.say_refused()
    swapper.start()
    listener = listen(where)
    asked: set[asyncio.Task[None]] = set()

    def again() -> None:
        task = asyncio.create_task(swapper.refresh(again=True))
        asked.add(task)
        task.add_done_callback(asked.discard)

    def ready() -> None:
        when_ready(address_of(listener), swapper.doubles)

    serve(app, listener, Around(when_ready=ready, when_hung_up=again, jobs=[swapper.watch]))
