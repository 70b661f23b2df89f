"""HTTP/1 by uvicorn. Clients of HTTP/1.0 get no chunks (RFC 9112, 6.1): what has no length ends with the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent


class Http1(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn has it, and HTTP/1.0 without chunks."""

    def on_headers_complete(self) -> None:
        """The head of a request is there; what answers it has not begun."""
        super().on_headers_complete()
        if self.scope["http_version"] == "1.0" and self.cycle is not None and self.cycle.scope is self.scope:
            self.cycle.__class__ = _Unchunked


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
