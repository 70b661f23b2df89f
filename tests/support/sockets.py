"""The two ends of one request at an ASGI application, whose client may be slow or go away."""

from __future__ import annotations

import asyncio

from flowlattice.hosts.inprocess import scope_of
from flowlattice.hosts.web import WebApp
from flowlattice.hosts.web.asgi import Message


class Socket:
    """A connection.

    Args:
        takes: How many messages the client takes before it stops; all by default.
        body: What it sends.
    """

    def __init__(self, *, takes: int | None = None, body: bytes = b"") -> None:
        self._body = body
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self._takes = takes
        self._room = asyncio.Event()
        self._handed = False

    async def receive(self) -> Message:
        if not self._handed:
            self._handed = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self._takes is not None and len(self.sent) >= self._takes:
            await self._room.wait()
        self.sent.append(message)

    def take(self) -> None:
        """The client takes everything from now on."""
        self._room.set()

    async def request(self, app: WebApp, target: str) -> None:
        """A GET, or a POST of JSON where there is something to send."""
        headers = {"content-type": "application/json"} if self._body else {}
        scope = scope_of("POST" if self._body else "GET", target, headers, self._body)
        await app(scope, self.receive, self.send)

    @staticmethod
    async def metrics(app: WebApp) -> str:
        """What the application's metrics show."""
        other = Socket()
        await other.request(app, "/metrics")
        return str(other.sent[1]["body"], "utf-8")
