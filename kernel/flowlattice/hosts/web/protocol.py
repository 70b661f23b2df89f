"""HTTP/1 by uvicorn, with what it leaves to a server in front of it.

The head of a request is bounded in size and in time, as its body is by the route. Clients of HTTP/1.0 get no chunks
(RFC 9112, 6.1): what has no length ends with the connection.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

LARGEST_HEAD: Final = 65_536
"""Request line and headers, in bytes; the same for what follows a chunked body."""
SLOWEST_HEAD_S: Final = 20.0
"""From a connection, or from the first byte of a request, to the end of its head."""
LAST_HEAD_S: Final = 0.25
"""The same once the server stops: for what was sent before, and is on its way."""


class Http1(HttpToolsProtocol):
    """One connection."""

    _unread = 0  # bytes since something of a request was complete
    _refusal = HTTPStatus.BAD_REQUEST
    _in_head = False
    _slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client is there."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._head_is_there()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._unread += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > LARGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._in_head and self._slow is None:
            self._expect_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._unread, self._in_head = 0, True

    def on_headers_complete(self) -> None:
        """The head of a request is there; what answers it has not begun."""
        self._unread, self._in_head = 0, False
        self._head_is_there()
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value)
            hosts += name == b"host"
        version = self.parser.get_http_version()
        if size > LARGEST_HEAD:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("the head is too large")
        if hosts > 1 or (not hosts and version != "1.0"):
            raise ValueError("a request names one host (RFC 9112, 3.2)")
        super().on_headers_complete()
        if version == "1.0" and self.cycle is not None and self.cycle.scope is self.scope:
            self.cycle.__class__ = _Unchunked

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._unread = 0
        super().on_body(body)

    def shutdown(self) -> None:
        """The server stops: what was asked, or is about to be, is still answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            super().shutdown()
        else:
            self._head_is_there()
            self._slow = self.loop.call_later(LAST_HEAD_S, self._is_late)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or none that is taken, and close the connection."""
        self._refuse(self._refusal)

    def _expect_head(self) -> None:
        self._slow = self.loop.call_later(SLOWEST_HEAD_S, self._is_late)

    def _head_is_there(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _is_late(self) -> None:
        self._slow = None
        if not self.transport.is_closing():
            if self._in_head:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            else:
                self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()


class _Unchunked(RequestResponseCycle):
    """A request of HTTP/1.0, after which uvicorn closes the connection."""

    ends_by_closing = False

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            if all(name.lower() != b"content-length" for name, _ in message.get("headers", ())):
                # It has decided that there is no length and no chunks, and then says nothing of either.
                self.chunked_encoding, self.ends_by_closing = False, True
        elif self.ends_by_closing and message["type"] == "http.response.body":
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)
