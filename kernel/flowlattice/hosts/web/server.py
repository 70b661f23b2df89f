"""Serving the application with uvicorn: one process, a socket of our own, an orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from flowlattice.errors import UsageError
from flowlattice.hosts.web.app import WebApp

DRAIN_S = 30
_BACKLOG = 2048


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


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one.

    Raises:
        UsageError: The address cannot be listened on.
    """
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


def serve(app: WebApp, listener: socket.socket, when_ready: Callable[[Address], None]) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is under way and return.

    Args:
        app: The application.
        listener: From `listen`.
        when_ready: Called once requests are answered.
    """
    settle_memory()
    # It logs what clients send wrongly, byte by byte; they are told in the answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    host, port = listener.getsockname()[:2]
    server = _Server(settings(app), app, lambda: when_ready(Address(host, port)))
    server.run(sockets=[listener])


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
        http="httptools",
        loop="auto" if sys.platform == "win32" else "uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        log_level="warning",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=DRAIN_S,
    )


class _Server(uvicorn.Server):
    """uvicorn that says when it is ready, drains on a signal, and then ends as a program that did its work."""

    def __init__(self, config: uvicorn.Config, app: WebApp, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._when_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain on SIGTERM and SIGINT; a second one ends at once. uvicorn's own would raise the signal again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self._app.draining = True
        self.should_exit = True
