"""One of several workers of the web host: what it shares with the others, and what it says to its supervisor.

Both sides send JSON lines. The supervisor says what to serve; the worker says what it serves, once it answers requests
and after each change. When the supervisor's end is closed, the worker drains and ends.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flowlattice.engine.shared_limits import SharedLimits
from flowlattice.hosts.logs import LogFormat, set_up_logs
from flowlattice.hosts.versions import Source
from flowlattice.hosts.web.app import Part, WebApp
from flowlattice.hosts.web.metrics import REFRESH_S, Metrics, shared_metrics
from flowlattice.hosts.web.server import Around, serve
from flowlattice.hosts.web.swap import Swapper


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_line(self) -> bytes:
        """As it is sent."""
        return self.model_dump_json().encode() + b"\n"


class Order(_Line):
    """What a supervisor says.

    Attributes:
        serve: Version numbers to serve exactly, by key; none to serve what there is.
        again: Whether to try also what could not be loaded before.
    """

    serve: Mapping[str, int] | None = None
    again: bool = False


class Answer(_Line):
    """What a worker says.

    Attributes:
        serves: Version numbers by key.
        doubles: Bindings that local doubles stand in for.
    """

    serves: Mapping[str, int]
    doubles: tuple[str, ...]


class Folders:
    """Where all workers of a server meet.

    Args:
        root: Made by the supervisor, and removed by it, or by its workers where it was killed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.limits = root / "limits"
        self.metrics = root / "metrics"
        self.sources = root / "sources"

    def make(self) -> None:
        """Make them."""
        self.limits.mkdir()
        self.metrics.mkdir()
        self.sources.mkdir()

    def remove(self) -> None:
        """Remove them; what a process has mapped it keeps."""
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker as it was started.

    Attributes:
        part: Which of how many it is.
        listener: The socket that all of them accept from.
        supervisor: The line to the supervisor.
        folders: Where all of them meet.
        serves: What to serve first; none to serve what there is.
    """

    part: Part
    listener: socket.socket
    supervisor: socket.socket
    folders: Folders
    serves: Mapping[str, int] | None


def serve_as_worker(worker: Worker, source: Source, log_format: LogFormat | None) -> None:
    """Serve until SIGTERM, or until the supervisor is gone.

    Args:
        worker: Which worker this process is.
        source: What is to be served.
        log_format: How to log; by default as stderr suggests.

    Raises:
        FlowlatticeError: What loading a flow raises.
        UsageError: There is nothing to serve.
        NotVerified: What is deployed cannot be verified, none of it, and nobody else serves any.
    """
    parent = os.getppid()
    set_up_logs(log_format, worker=worker.part.worker)
    metrics = shared_metrics(worker.folders.metrics, worker.part.worker)
    app = WebApp(limits=SharedLimits(worker.folders.limits), metrics=metrics, part=worker.part)
    swapper = Swapper(app, source)
    swapper.start(worker.serves)
    swapper.say_refused()

    def tell() -> None:
        worker.supervisor.sendall(Answer(serves=swapper.numbers, doubles=swapper.doubles).to_line())

    around = Around(
        when_ready=tell,
        when_hung_up=lambda: None,  # the supervisor decides who reads what again, and when
        jobs=[lambda: _obey(worker.supervisor, swapper), lambda: _keep_fresh(metrics)],
        minds_interrupt=False,
    )
    serve(app, worker.listener, around)
    if os.getppid() != parent:
        worker.folders.remove()


async def _obey(supervisor: socket.socket, swapper: Swapper) -> None:
    supervisor.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=supervisor)
    with suppress(OSError):
        while line := await reader.readline():
            order = Order.model_validate_json(line)
            await swapper.refresh(again=order.again, numbers=order.serve)
            writer.write(Answer(serves=swapper.numbers, doubles=swapper.doubles).to_line())
            await writer.drain()
    os.kill(os.getpid(), signal.SIGTERM)


async def _keep_fresh(metrics: Metrics) -> None:
    while True:
        metrics.refresh()
        await asyncio.sleep(REFRESH_S)
