"""gzip for answers of text, where the client takes it (RFC 9110, 12.5.3). Streams of events are never compressed."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flowlattice.engine.reply import Reply
from flowlattice.hosts.web.asgi import Message, Send

if TYPE_CHECKING:
    from zlib import _Compress as Packer

SMALLEST: Final = 1024
"""Shorter bodies fit in a packet or two anyway; in bytes."""
_LEVEL: Final = 6
_LONGEST_HERE: Final = 65_536  # bytes: about 1 ms; longer ones are compressed in a thread
_GZIP: Final = 16 + zlib.MAX_WBITS
_TEXTS: Final = (b"text/", b"application/json", b"application/javascript", b"application/xml", b"image/svg+xml")
_VARY: Final = b"vary"

Headers = Iterable[tuple[bytes, bytes]]


def worth_it(reply: Reply) -> bool:
    """Whether an answer is one to compress for those who take it; cheap enough to ask of every answer."""
    return len(reply.body) > SMALLEST and is_text(reply.content_type, reply.headers)


def is_text(content_type: bytes | None, headers: Headers) -> bool:
    """Whether content is text that may be compressed on its way."""
    if content_type is None or content_type.startswith(b"text/event-stream"):
        return False
    kind = content_type.partition(b";")[0].strip().lower()
    as_it_is = any(name == b"cache-control" and b"no-transform" in value.lower() for name, value in headers)
    return not as_it_is and (kind.startswith(_TEXTS) or kind.endswith((b"+json", b"+xml")))


async def compressed(reply: Reply, request: Headers) -> Reply:
    """The answer as this client takes it, and in any case one that says what it depends on."""
    headers = varying(reply.headers)
    if not takes_gzip(request):
        return replace(reply, headers=headers)
    body = reply.body
    small = len(body) <= _LONGEST_HERE
    packed = _pack(body) if small else await asyncio.to_thread(_pack, body)
    return replace(reply, body=packed, headers=encoded(headers))


def encoded(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a compressed answer; its entity tag is no longer that of the same bytes (RFC 9110, 8.8.1)."""
    weak = [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value) for name, value in headers
    ]
    return (*weak, (b"content-encoding", b"gzip"))


def varying(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of an answer that depends on what encodings the client takes."""
    found = dict(headers)
    named = found.get(_VARY, b"")
    if b"accept-encoding" not in named.lower() and named != b"*":
        found[_VARY] = named + b", accept-encoding" if named else b"accept-encoding"
    return tuple(found.items())


def takes_gzip(request: Headers) -> bool:
    """Whether a client takes gzip: it names it, or anything, and not with a weight of zero."""
    weights: dict[bytes, bool] = {}
    for name, value in request:
        if name == b"accept-encoding":
            for choice in value.lower().split(b","):
                coding, _, parameters = choice.partition(b";")
                weights[coding.strip()] = _wanted(parameters)
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", False)))


def _wanted(parameters: bytes) -> bool:
    name, _, weight = parameters.partition(b"=")
    return name.strip() != b"q" or weight.strip().strip(b"0.") != b""


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


class Packing:
    """A `Send` for an answer in pieces: each piece is compressed so that the client can show it as it comes.

    Args:
        send: Where the answer goes.
        request: The headers of the request.
        head_only: Whether the client asked for the headers alone.
    """

    def __init__(self, send: Send, request: Headers, *, head_only: bool) -> None:
        self._send = send
        self._takes_gzip = takes_gzip(request)
        self._head_only = head_only
        self._packer: Packer | None = None

    async def __call__(self, message: Message) -> None:
        """Send what the message is for this client."""
        if message["type"] == "http.response.start":
            await self._send({**message, "headers": self._headers(message["headers"])})
        elif self._packer is None:
            await self._send(message)
        else:
            await self._send({**message, "body": self._packed(self._packer, message)})

    def _headers(self, headers: list[tuple[bytes, bytes]]) -> Headers:
        if not is_text(dict(headers).get(b"content-type"), headers):
            return headers
        if not self._takes_gzip:
            return varying(headers)
        if not self._head_only:
            self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        return encoded(varying(headers))

    def _packed(self, packer: Packer, message: Message) -> bytes:
        piece: bytes = packer.compress(message["body"])
        return piece + packer.flush(zlib.Z_SYNC_FLUSH if message.get("more_body") else zlib.Z_FINISH)
