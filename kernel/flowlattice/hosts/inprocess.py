"""The web host without sockets: requests go straight into the ASGI application, as certification sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import unquote

from flowlattice.hosts.web import WebApp
from flowlattice.hosts.web.asgi import Message, Scope


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer: status, headers by lower-case name, body, and whether it was completed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How much of an answer is listened to that may never end."""

    pieces: int
    seconds: float


@dataclass
class _Exchange:
    """The two ends of one request: what is received once, and what is sent; who has listened for long enough leaves."""

    body: bytes
    patience: Patience | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    handed: bool = False
    sent: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        if not self.handed:
            self.handed = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.patience is not None and message.get("more_body"):
            if len(self.sent) == 1:
                asyncio.get_running_loop().call_later(self.patience.seconds, self.gone.set)
            if len(self.sent) > self.patience.pieces:
                self.gone.set()
                return
        self.sent.append(message)

    def response(self) -> Response:
        start = next(message for message in self.sent if message["type"] == "http.response.start")
        return Response(
            status=start["status"],
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]},
            body=b"".join(message.get("body", b"") for message in self.sent),
            complete=not self.sent[-1].get("more_body", False),
        )


class InProcess:
    """`async with InProcess(app) as driver: await driver.request("POST", "/echo", body=b"...")`."""

    def __init__(self, app: WebApp) -> None:
        self._app = app

    async def __aenter__(self) -> InProcess:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._app.close()

    async def request(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        patience: Patience | None = None,
    ) -> Response:
        """Send a request and return the answer.

        Args:
            method: The method.
            target: Path and query as they stand in a request line.
            headers: Headers to send; the length of the body is added.
            body: The body.
            patience: How much is listened to of an answer that goes out in pieces; all of it by default.
        """
        exchange = _Exchange(body, patience)
        await self._app(scope_of(method, target, headers or {}, body), exchange.receive, exchange.send)
        return exchange.response()

    async def leave(self, method: str, target: str, *, body: bytes = b"", after: float) -> Response | None:
        """Send a request and close the connection after so many seconds, as a client that gives up does.

        Returns:
            The answer if it was faster.
        """
        exchange = _Exchange(body)
        asyncio.get_running_loop().call_later(after, exchange.gone.set)
        await self._app(scope_of(method, target, {}, body), exchange.receive, exchange.send)
        return exchange.response() if exchange.sent else None


def scope_of(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Scope:
    """The head of a request."""
    path, _, query = target.partition("?")
    sent = {"host": "localhost", **({"content-length": str(len(body))} if body else {}), **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": None,
        "server": None,
    }
