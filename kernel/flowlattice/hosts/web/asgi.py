"""The ASGI messages as this host uses them, and sending an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from flowlattice.engine.reply import Reply
from flowlattice.errors import FlowlatticeError

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODILESS = frozenset({204, 304})


class ClientGone(FlowlatticeError):
    """The client closed the connection; there is nobody to answer."""


async def send_reply(send: Send, reply: Reply, *, head: bool = False) -> None:
    """Send an answer; for HEAD with the headers of the GET and without its body."""
    headers = headers_of(reply)
    if reply.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


def headers_of(reply: Reply) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, without its length."""
    headers = [*reply.headers]
    if reply.content_type is not None:
        headers.append((b"content-type", reply.content_type))
    return headers


async def disconnected(receive: Receive) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
