"""Serving the application with uvicorn: one process, a socket of our own, an orderly end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeAlias

import uvicorn

from flowlattice.errors import UsageError
from flowlattice.hosts.web.app import WebApp
from flowlattice.hosts.web.protocol import Http1

DRAIN_S = 30
LONGEST_LEAVE_S = 5.0
"""For how long a server that was told to stop goes on taking requests, if they never cease."""
QUIET_S = 0.25
"""No request for so long means that no more come."""
_BACKLOG = 2048
_LOOK_S = 0.05
_ONE_SIGNAL_S = 0.5  # a worker hears the same one from its process group and from its supervisor


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL of its root."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


WhenReady: TypeAlias = Callable[[Address, tuple[str, ...]], None]
"""Called once requests are answered: where, and with which bindings that local doubles stand in for."""


def listen(where: Address) -> socket.socket:
    """A listening socket; port 0 picks a free one.

    Raises:
        UsageError: The address cannot be listened on.
    """
    host, port = where.host, where.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port") from error
    listener.set_inheritable(True)
    return listener


Job: TypeAlias = Callable[[], Coroutine[object, object, None]]
"""Work that goes on for as long as a server serves."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What goes on around serving.

    Attributes:
        when_ready: Called once requests are answered.
        when_hung_up: Called on SIGHUP, unless it came because the terminal is gone; none to leave SIGHUP alone.
        jobs: Started then, and cancelled in the end.
        minds_interrupt: Whether SIGINT ends it; where a supervisor gets it too, that one decides.
    """

    when_ready: Callable[[], None]
    when_hung_up: Callable[[], None] | None = None
    jobs: Sequence[Job] = ()
    minds_interrupt: bool = True


def serve(app: WebApp, listener: socket.socket, around: Around) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is under way and return.

    Args:
        app: The application.
        listener: From `listen`.
        around: What goes on beside it.
    """
    settle_memory()
    Server(settings(app), app, around).run(sockets=[listener])


def address_of(listener: socket.socket) -> Address:
    """Where a socket listens."""
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def stop_at_eof() -> None:
    """Stop in an orderly way once standard input ends: whoever holds its other end is gone, however that came."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="until-eof", daemon=True).start()


def settle_memory() -> None:
    """Take what was loaded out of garbage collection for good: it stays, and looking through it makes requests wait."""
    gc.collect()
    gc.freeze()


def settings(app: Callable[..., object]) -> uvicorn.Config:
    """How this host runs uvicorn; the benchmark's baseline is run in the same way."""
    return uvicorn.Config(
        app,
        http=Http1,
        loop="auto" if sys.platform == "win32" else "uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nothing here asks where a request came from
        log_level="error",  # its warnings are about what clients send
        backlog=_BACKLOG,
        timeout_graceful_shutdown=DRAIN_S,
    )


class Server(uvicorn.Server):
    """uvicorn that says when it is ready, drains on a signal, and then ends as a program that did its work."""

    def __init__(self, config: uvicorn.Config, app: WebApp, around: Around) -> None:
        super().__init__(config)
        self._app = app
        self._around = around
        self._jobs: list[asyncio.Task[None]] = []
        self._leaving: asyncio.Task[None] | None = None
        self._told_at = 0.0
        self._has_terminal = os.isatty(0)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._jobs = [asyncio.create_task(job()) for job in self._around.jobs]
            self._around.when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what goes on beside it, then answer what is under way."""
        for job in self._jobs:
            job.cancel()
        for listener in sockets or ():
            await self._take_last(listener)
        self._app.send_readers_away()
        await super().shutdown(sockets=sockets)

    async def _take_last(self, listener: socket.socket) -> None:
        """Stop listening, and take the connections that waited: their clients believe that they are served."""
        with listener.dup() as last:
            last.setblocking(False)
            for server in self.servers:
                server.close()
            listener.close()
            waiting: list[socket.socket] = []
            with suppress(OSError):
                while True:
                    waiting.append(last.accept()[0])
        loop = asyncio.get_running_loop()
        for one in waiting:
            with suppress(OSError):
                one.setblocking(False)
                await loop.connect_accepted_socket(self._connection, one)
        await asyncio.sleep(0)  # those that were taken just before are told next

    def _connection(self) -> Http1:
        return Http1(self.config, self.server_state, self.lifespan.state)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain on SIGTERM and SIGINT; a second one ends at once. uvicorn's own would raise the signal again."""
        loop = asyncio.get_running_loop()
        actions: dict[int, Callable[[], None]] = {signal.SIGTERM: self._stop, signal.SIGINT: self._interrupted}
        if self._around.when_hung_up is not None:
            actions[signal.SIGHUP] = self._hung_up
        for number, action in actions.items():
            loop.add_signal_handler(number, action)
        try:
            yield
        finally:
            for number in actions:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        """Take no more requests soon; the second time, end at once."""
        now = time.monotonic()
        if self._leaving is None:
            self._told_at = now
            self._app.draining = True
            close = (b"connection", b"close")
            self.config.encoded_headers.append(close)
            self.server_state.default_headers = [*self.server_state.default_headers, close]
            self._leaving = asyncio.create_task(self._leave())
        elif self._around.minds_interrupt or now - self._told_at > _ONE_SIGNAL_S:
            self.force_exit = self.should_exit = True

    async def _leave(self) -> None:
        """Go on until no more requests come, and whoever asks whether it is ready has heard that it is not."""
        now = asyncio.get_running_loop().time
        until = now() + LONGEST_LEAVE_S
        answered, since = self.server_state.total_requests, now()
        while not self.should_exit and now() < until and (now() - since < QUIET_S or self._app.is_thought_ready):
            await asyncio.sleep(_LOOK_S)
            if self.server_state.total_requests != answered:
                answered, since = self.server_state.total_requests, now()
        self.should_exit = True

    def _interrupted(self) -> None:
        if self._around.minds_interrupt:
            self._stop()

    def _hung_up(self) -> None:
        if self._has_terminal and not os.isatty(0):
            self._stop()
        elif self._around.when_hung_up is not None:
            self._around.when_hung_up()
