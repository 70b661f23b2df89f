"""The ASGI messages as this host uses them, and sending an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from flowlattice.engine.reply import Reply
from flowlattice.errors import FlowlatticeError

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODILESS = frozenset({204, 304})
SLOWEST_EVENT_S = 30.0


class ClientGone(FlowlatticeError):
    """The client closed the connection; there is nobody to answer."""


async def send_reply(send: Send, reply: Reply, *, head: bool = False) -> None:
    """Send an answer; for HEAD with the headers of the GET and without its body."""
    headers = [*reply.headers]
    if reply.content_type is not None:
        headers.append((b"content-type", reply.content_type))
    if reply.events is None and reply.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


async def send_events(receive: Receive, send: Send, reply: Reply, *, head: bool, until: float | None) -> None:
    """Send a stream of events, each when the client has taken those before it, and close it after the last.

    Args:
        receive: Where it shows that the client goes away.
        send: Where the events go.
        reply: The answer.
        head: Whether only the headers are wanted.
        until: When the stream has to be out, on the loop's clock in seconds; none for no such time.

    Raises:
        ClientGone: The client went away; the rest is not sent.
        TimeoutError: It is not out in time, or the client took no event for `SLOWEST_EVENT_S`.
    """
    headers = [(b"content-type", reply.content_type or b""), *reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    gone = asyncio.create_task(disconnected(receive))
    loop = asyncio.get_running_loop()
    try:
        for event in () if head else reply.events or ():
            stalled = loop.time() + SLOWEST_EVENT_S
            async with asyncio.timeout_at(stalled if until is None else min(stalled, until)):
                await send({"type": "http.response.body", "body": event, "more_body": True})
                await asyncio.sleep(0)  # others have their turn, and a closed connection shows
            if gone.done():
                raise ClientGone("the client went away while events were sent")
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def disconnected(receive: Receive) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
