"""The load of requests: `python -m flowlattice.bench.load`, a process of its own that is told port, rate and seconds.

Open loop: requests are sent at a constant rate whether or not earlier ones were answered, and each one's latency
counts from when it was due, so that a server that stalls cannot hide it (coordinated omission).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import uvloop
from pydantic import JsonValue

from flowlattice.bench.workers import answer_lines, number

BODY = b'{"v":"  HeLLo World "}'
REQUEST = (
    b"POST /echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
    % (len(BODY), BODY)
)
CONNECTIONS = 32
_PATIENCE_S = 5.0


class Connection(asyncio.Protocol):
    """A keep-alive connection with at most one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._due = 0.0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is registered nowhere

    def ask(self, due: float) -> None:
        """Send a request that was due at `due`."""
        self._due = due
        if self._transport is not None:
            self._transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        """Count the answer when all of it is here."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._buffer = b""
            self._load.answered(int(head[9:12]), time.perf_counter() - self._due, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._load.lost()


@dataclass
class Load:
    """What was sent and what came back."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    errors: int = 0
    under_way: int = 0
    free: deque[Connection] = field(default_factory=deque)
    waiting: deque[float] = field(default_factory=deque)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    sent: bool = False
    ending: bool = False

    def all_sent(self) -> None:
        """No more requests become due."""
        self.sent = True
        self._settle()

    def _settle(self) -> None:
        if self.sent and (self.errors or not self.under_way):
            self.done.set()

    def due(self, when: float) -> None:
        """A request is due: send it, or let it wait for a free connection."""
        self.under_way += 1
        if self.free:
            self.free.pop().ask(when)
        else:
            self.waiting.append(when)

    def answered(self, status: int, seconds: float, connection: Connection) -> None:
        """An answer is here."""
        self.under_way -= 1
        self.latencies.append(seconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if self.waiting:
            connection.ask(self.waiting.popleft())
        else:
            self.free.append(connection)
        self._settle()

    def lost(self) -> None:
        """A connection is gone, and what was under way on it."""
        if not self.ending:
            self.errors += 1
            self._settle()


async def generate(port: int, rate: float, seconds: float) -> dict[str, JsonValue]:
    """Send `rate` requests a second for so many seconds; latencies in ms."""
    loop, load = asyncio.get_running_loop(), Load()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    load.free.extend(protocol for _, protocol in made)
    async for when in due_times(rate, seconds):
        load.due(when)
    load.all_sent()
    with contextlib.suppress(TimeoutError):  # what is still under way then counts as unanswered
        await asyncio.wait_for(load.done.wait(), _PATIENCE_S)
    load.ending = True
    for transport, _ in made:
        transport.close()
    return {
        "answered": len(load.latencies),
        "fine": load.statuses.get(200, 0),
        "unanswered": load.under_way,
        "times": [round(latency * 1000, 3) for latency in load.latencies],
    }


async def due_times(rate: float, seconds: float) -> AsyncIterator[float]:
    """When something is due at a constant rate, on the clock of `time.perf_counter`; each time comes when it is due."""
    started = time.perf_counter()
    for turn in range(int(rate * seconds)):
        when = started + turn / rate
        while (wait := when - time.perf_counter()) > 0:  # noqa: ASYNC110 - a timer of uvloop, in whole ms, may be early
            await asyncio.sleep(wait)
        yield when


def _answer(asked: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return uvloop.run(generate(int(number(asked, "port")), number(asked, "rate"), number(asked, "seconds")))


if __name__ == "__main__":
    answer_lines(_answer)
