"""Answers that go out while their run is under way: the client sets the pace, and its going away ends the run."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

from flowlattice.engine.reply import EVENTS, Reply, json_bytes
from flowlattice.errors import FlowlatticeError
from flowlattice.hosts.web.asgi import ClientGone, Receive, Send, disconnected, headers_of

HEARTBEAT_S: Final = 15.0
"""After so long without an event a comment is sent, so that nobody in between takes the connection for dead."""
STALLED_S: Final = 30.0
"""A client that takes nothing for so long is given up."""
TURN_S: Final = 0.002
"""A node that gave items for so long without having to wait lets others have their turn."""

_HEARTBEAT: Final = b":\n\n"


class HeadOnly(FlowlatticeError):
    """Only the head was asked for, and it is out."""


class Stream:
    """The open end of one answer. It is an `Outlet`.

    Args:
        send: Where it goes.
        opening: The head of the answer, where it is known before anything is written.
        head_only: Whether the client asked for the headers alone.

    Attributes:
        source: What writes at present.
        begun: The head, once it is out.
        begun_at: When it went out, on the monotonic clock in seconds.
        is_stalled: Whether the client took nothing for `STALLED_S`.
    """

    __slots__ = (
        "_busy_since",
        "_closed",
        "_head_only",
        "_loop",
        "_opening",
        "_send",
        "_writing",
        "_wrote",
        "begun",
        "begun_at",
        "is_stalled",
        "source",
    )

    def __init__(self, send: Send, opening: Reply | None, *, head_only: bool) -> None:
        self._send = send
        self._opening = opening
        self._head_only = head_only
        self._closed = False
        self._writing = False
        self._wrote = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._busy_since: float | None = None
        self.source: object | None = None
        self.begun: Reply | None = None
        self.begun_at: float | None = None
        self.is_stalled = False

    # What the run sees.

    async def begin(self, source: object, head: Reply) -> None:
        """Send the head; or go on from another source, where that has the same status and type of content.

        Raises:
            ClientGone: Nobody takes the answer any more.
            HeadOnly: That is all that was asked for.
            FlowlatticeError: The answer has begun as something else.
        """
        self._check()
        if self.begun is None:
            self.source, self.begun, self.begun_at = source, head, time.monotonic()
            await self._send_head(head)
        elif (head.status, head.content_type) != (self.begun.status, self.begun.content_type):
            raise FlowlatticeError("two responds that differ in status or type of content went into one answer")
        self.source = source

    async def write(self, chunk: bytes) -> None:
        """Send a piece, when the client has taken enough of those before it.

        Raises:
            ClientGone: Nobody takes the answer any more.
        """
        self._check()
        self._writing = True
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        self._writing = False
        self._wrote = now = time.monotonic()
        if self._busy_since is None:
            self._busy_since = now
            self._loop.call_soon(self._waited)
        elif now - self._busy_since > TURN_S:
            await asyncio.sleep(0)

    def _waited(self) -> None:
        """The loop has turned, so whoever writes has waited since it wrote first."""
        self._busy_since = None

    def _check(self) -> None:
        if self._closed:
            raise ClientGone("nobody takes the answer any more")

    async def _send_head(self, head: Reply) -> None:
        await self._send({"type": "http.response.start", "status": head.status, "headers": headers_of(head)})
        if self._head_only:
            self._closed = True
            await self._send({"type": "http.response.body", "body": b""})
            raise HeadOnly("only the head was asked for")

    # What the host sees.

    def close(self) -> None:
        """Take nothing any more."""
        self._closed = True

    async def watch(self, receive: Receive) -> None:
        """Wait until the client has gone away, or has taken nothing for too long; meanwhile send heartbeats."""
        quiet = HEARTBEAT_S
        while not self.is_stalled:
            with suppress(TimeoutError):
                async with asyncio.timeout(quiet):
                    await disconnected(receive)
                    return
            quiet = await self._beat()

    async def _beat(self) -> float:
        """Send a heartbeat if one is due; in how many seconds to look again."""
        silent = time.monotonic() - self._wrote
        if self._writing:
            self.is_stalled = silent >= STALLED_S
            return STALLED_S - silent
        if silent < HEARTBEAT_S:
            return HEARTBEAT_S - silent
        head = self.begun or self._opening
        if head is not None and head.content_type == EVENTS and not self._head_only:
            if self.begun is None:
                await self.begin(self, head)
            await self._send_in_time(_HEARTBEAT, more=True)
        self._wrote = time.monotonic()
        return HEARTBEAT_S

    async def end(self) -> int:
        """All is out, or nothing came; the status of the answer.

        Raises:
            HeadOnly: That is all that was asked for.
            LookupError: Nothing came, and there is no head for nothing.
        """
        head = self.begun or self._opening
        if head is None:
            raise LookupError("there is no answer to end")
        if self.begun is None:
            await self.begin(self, head)
        await self._send_in_time(b"", more=False)
        return head.status

    async def fail(self, error: str, run: str) -> None:
        """Tell a reader of events that no more will come; any other answer is left incomplete, so that it shows."""
        if self.begun is not None and self.begun.content_type == EVENTS and not self._writing:
            told = json_bytes({"error": error, "run": run})
            await self._send_in_time(b"event: error\ndata: " + told + b"\n\n", more=False)

    async def _send_in_time(self, chunk: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(STALLED_S):
                await self._send({"type": "http.response.body", "body": chunk, "more_body": more})
        except TimeoutError:
            self.is_stalled = True
