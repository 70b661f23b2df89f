"""The load of streams: `python -m flowlattice.bench.listeners`, a process of its own.

Each listener has a connection of its own and notes when events come. `listen` opens many that stay; `ask` opens one
whenever a request is due, whatever became of those before, and counts its times from then (see `load`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, cast

import uvloop
from pydantic import JsonValue

from flowlattice.bench.load import due_times
from flowlattice.bench.workers import answer_lines, number

_MARK: Final = b"data:"
_PATIENCE_S: Final = 10.0
_LOOK_S: Final = 0.02


class Listener(asyncio.Protocol):
    """One request whose answer is events.

    Attributes:
        came: When each event came, on the clock of `time.perf_counter`.
        status: The status of the answer; 0 before it is there.
        over: Set when the server has closed the connection.
    """

    def __init__(self, request: bytes) -> None:
        self.came: list[float] = []
        self.status = 0
        self.over = asyncio.Event()
        self.transport: asyncio.Transport | None = None
        self._request = request
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class is registered nowhere
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count the events that are here."""
        if not self.status:
            self.status = int(data[9:12])
        seen = self._rest + data
        self.came += [time.perf_counter()] * seen.count(_MARK)
        self._rest = seen[-len(_MARK) + 1 :]

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self.over.set()

    def close(self) -> None:
        """Leave."""
        if self.transport is not None:
            self.transport.close()


async def hold(port: int, request: bytes, streams: int, spread_ms: float) -> list[Listener]:
    """Open so many streams, spread over a time, and wait until each has begun."""
    loop = asyncio.get_running_loop()
    listeners: list[Listener] = []
    for _ in range(streams):
        listeners.append((await loop.create_connection(lambda: Listener(request), "127.0.0.1", port))[1])
        await asyncio.sleep(spread_ms / 1000 / streams)
    until = loop.time() + _PATIENCE_S
    while not all(one.came for one in listeners) and loop.time() < until:  # noqa: ASYNC110 - many sources, one bound
        await asyncio.sleep(_LOOK_S)
    return listeners


async def listen(listeners: list[Listener], every_ms: float, seconds: float) -> dict[str, JsonValue]:
    """Listen to open streams for so many seconds.

    Returns:
        How many events came, how many were due, and by how many ms each gap differed from the interval.
    """
    for one in listeners:
        one.came.clear()
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    ended = time.perf_counter()
    return {
        "due": len(listeners) * (ended - started) * 1000 / every_ms,
        "came": sum(len(one.came) for one in listeners),
        "times": [round(abs(gap - every_ms), 3) for one in listeners for gap in _gaps(one.came)],
    }


async def ask(port: int, requests: list[bytes], rate: float) -> dict[str, JsonValue]:
    """Send requests at a constant rate and hear each answer to its end.

    Returns:
        How many were answered with 200 and an end, how many events came, and the times until the ends, in ms.
    """
    loop = asyncio.get_running_loop()

    async def one(request: bytes, due: float) -> tuple[Listener, float]:
        _, listener = await loop.create_connection(lambda: Listener(request), "127.0.0.1", port)
        await asyncio.wait_for(listener.over.wait(), _PATIENCE_S)
        return listener, (time.perf_counter() - due) * 1000

    waiting, turns = [], iter(requests)
    async for due in due_times(rate, len(requests) / rate):
        waiting.append(asyncio.create_task(one(next(turns), due)))
    ended = [found for found in await asyncio.gather(*waiting, return_exceptions=True) if isinstance(found, tuple)]
    fine = [(listener, took) for listener, took in ended if listener.status == 200]
    return {
        "answered": len(fine),
        "events": sum(len(listener.came) for listener, _ in fine),
        "times": [round(took, 3) for _, took in fine],
    }


def request_of(method: str, target: str, body: bytes = b"") -> bytes:
    """A request after whose answer the server closes the connection."""
    head = f"{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def _gaps(came: list[float]) -> Iterator[float]:
    return ((after - before) * 1000 for before, after in pairwise(came))


class _Ears:
    """What this process is asked; streams that are held stay open until others take their place."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._held: list[Listener] = []

    def answer(self, asked: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if asked["do"] == "listen":
            return self._runner.run(listen(self._held, number(asked, "every_ms"), number(asked, "seconds")))
        port, target = int(number(asked, "port")), str(asked["target"])
        if asked["do"] == "hold":
            request, streams = request_of("GET", target), int(number(asked, "streams"))
            return self._runner.run(self._hold(port, request, streams, number(asked, "spread_ms")))
        bodies = asked["bodies"] if isinstance(asked["bodies"], list) else []
        requests = [request_of("POST", target, str(body).encode()) for body in bodies]
        return self._runner.run(ask(port, requests, number(asked, "rate")))

    async def _hold(self, port: int, request: bytes, streams: int, spread_ms: float) -> dict[str, JsonValue]:
        for one in self._held:
            one.close()
        for one in self._held:
            await one.over.wait()
        self._held = await hold(port, request, streams, spread_ms)
        return {"open": sum(1 for one in self._held if one.came)}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner_:
        answer_lines(_Ears(runner_).answer)
