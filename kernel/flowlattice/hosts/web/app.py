"""The ASGI application: routes of all flows on one port, and the host's own pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from flowlattice.engine import BoundTrigger, Runtime
from flowlattice.engine.limits import Limits, OwnLimits
from flowlattice.engine.reply import Reply, json_reply
from flowlattice.errors import UsageError
from flowlattice.hosts.web import replies
from flowlattice.hosts.web.asgi import Receive, Scope, Send, send_reply
from flowlattice.hosts.web.compression import compressed, worth_it
from flowlattice.hosts.web.endpoint import Door, Endpoint
from flowlattice.hosts.web.metrics import CountedLog, Metrics
from flowlattice.hosts.web.openapi import DocPages
from flowlattice.hosts.web.routing import RouteConflict, RouteTable
from flowlattice.hosts.web.traced import TracedEndpoint

OWN_PATHS = ("/healthz", "/readyz", "/metrics")
T = TypeVar("T")

_DRAIN_S = 30.0
_CLEAN_UP_S = 5.0
_LOOK_S = 0.05
_AGAIN = 2

_HEALTHY = json_reply(200, {"status": "ok"})
_READY = json_reply(200, {"status": "ready"})
_DRAINING = json_reply(503, {"status": "draining"}, (b"retry-after", b"1"))


@dataclass(frozen=True)
class Part:
    """Which of how many workers a process is.

    Attributes:
        worker: Its number from 0.
        workers: How many there are.
    """

    worker: int
    workers: int

    def of(self, most: int, flow: str) -> int:
        """How many requests of a flow may be under way here, if there may be `most` in all workers together.

        Raises:
            UsageError: Not even one for each worker.
        """
        if most < self.workers:
            raise UsageError(
                f"flow {flow}: max_in_flight({most}) cannot be divided by {self.workers} workers;"
                f" serve it with --workers {most}"
            )
        return most // self.workers + (self.worker < most % self.workers)


ALL: Final = Part(0, 1)


@dataclass(frozen=True)
class _Served:
    """A flow that is served: as it came, its door, and its routes in the order of its triggers."""

    runtime: Runtime
    door: Door
    endpoints: tuple[Endpoint, ...]


class WebApp:
    """Flows as one ASGI application.

    Attributes:
        metrics: What it counts.
        draining: Whether it takes no more requests; `/readyz` says so.

    Args:
        runtimes: The flows, as for `swap`.
        limits: Where rate limits have their tokens; in this process by default.
        metrics: What it counts; its own by default.
        part: The part of all requests that come to this process.
    """

    def __init__(
        self,
        runtimes: Sequence[Runtime] = (),
        *,
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        part: Part = ALL,
    ) -> None:
        self.metrics = metrics or Metrics()
        self.draining = False
        self._asked_if_ready = 0
        self._told_to_leave = False
        self._limits = limits or OwnLimits()
        self._part = part
        self._elsewhere = self.metrics.route("", "", "")
        self._shown: set[str] = set()
        self._served: tuple[_Served, ...] = ()
        self._leaving: dict[Door, asyncio.Task[None]] = {}
        self._table: RouteTable[Endpoint] = RouteTable()
        self._docs = DocPages()
        self.swap(runtimes)

    def swap(self, runtimes: Sequence[Runtime]) -> None:
        """Serve these flows from the next request on; a runtime that is served already stays as it is.

        Requests that are under way end where they began; a runtime that is served no longer is closed after its last.

        Raises:
            RouteConflict: Two routes clash, or one takes a path that the host needs; nothing has changed then.
            UsageError: A flow lets in fewer requests at once than there are workers; the same.
        """
        for runtime in runtimes:
            self._part.of(runtime.plan.max_in_flight, runtime.plan.flow)
        _table_of((runtime, runtime.triggers) for runtime in runtimes)  # before any bucket is made
        known = {id(one.runtime): one for one in self._served}
        served = tuple(known.get(id(runtime)) or self._prepared(runtime) for runtime in runtimes)
        table = _table_of((one.runtime, one.endpoints) for one in served)
        gone = [one.door for one in self._served if one not in served]
        self._served = served
        self._table = table
        self._docs = DocPages(one.door.runtime for one in served)
        for door in gone:
            self._leaving[door] = asyncio.create_task(self._retire(door))

    def _prepared(self, runtime: Runtime) -> _Served:
        flow = runtime.plan.flow
        counted = replace(runtime, log=CountedLog(runtime.log, self.metrics, flow))
        door = Door(counted, self._limits, self._part.of(runtime.plan.max_in_flight, flow))
        for throttle in runtime.throttles:
            throttle.share(self._limits, flow)
        endpoints = (self._endpoint(door, trigger) for trigger in runtime.triggers)
        if flow not in self._shown:
            self._shown.add(flow)
            self.metrics.in_flight(flow, lambda: sum(door.inside for door in self._doors(flow)))
            self.metrics.streams(flow, lambda: sum(door.streams for door in self._doors(flow)))
        return _Served(runtime, door, tuple(endpoints))

    def _endpoint(self, door: Door, trigger: BoundTrigger) -> Endpoint:
        tracer = door.runtime.tracer
        metrics = self.metrics.route(door.runtime.plan.flow, trigger.plan.path, trigger.plan.method)
        return Endpoint(door, trigger, metrics) if tracer is None else TracedEndpoint(door, trigger, metrics, tracer)

    def _doors(self, flow: str) -> list[Door]:
        doors = (*(one.door for one in self._served), *self._leaving)
        return [door for door in doors if door.runtime.plan.flow == flow]

    async def _retire(self, door: Door) -> None:
        await self._empty(door)
        del self._leaving[door]
        await door.runtime.close()

    async def _empty(self, door: Door) -> None:
        while door.inside or door.runtime.kept:  # noqa: ASYNC110 - nothing is spent on it where nothing is swapped
            await asyncio.sleep(_LOOK_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "http":
            try:
                await self._answer(scope, receive, send)
            except asyncio.CancelledError:
                if not self.draining:
                    raise
                # The server cut off what was still under way when the time to drain was over.
        elif scope["type"] == "lifespan":
            with suppress(asyncio.CancelledError):  # told twice to stop, the server does not wait for its end
                await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        endpoint = self._table.exact(path, scope["method"])
        # An encoded slash is decoded in `path`, so only what was sent as it is may take the short way.
        if endpoint is not None and b"%" not in scope.get("raw_path", b"%"):
            await endpoint(scope, receive, send, {})
        else:
            await self._find(scope, receive, send)

    async def _find(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        method: str = scope["method"]
        head = method == "HEAD"
        if scope["path"] in OWN_PATHS:
            await self._own_page(scope, send, self._own_reply(scope["path"]))
            return
        raw_path: bytes = scope.get("raw_path") or str(scope["path"]).encode()
        match = self._table.find(raw_path, method)
        if match.route is None and head:
            match = self._table.find(raw_path, "GET")
        if match.route is not None:
            await match.route(scope, receive, send, match.parameters, head=head)
            return
        if not match.allowed:
            page = self._docs.find(scope["path"], scope["headers"])
            if page is not None:
                await self._own_page(scope, send, page)
                return
            asks_all = (method, scope["path"]) == ("OPTIONS", "*")  # RFC 9110, 9.3.7
            reply = replies.options(_allow(frozenset({"GET", "POST"}))) if asks_all else replies.NOT_FOUND
        elif method == "OPTIONS":
            reply = replies.options(_allow(match.allowed))
        else:
            reply = replies.method_not_allowed(_allow(match.allowed))
        await send_reply(send, reply, head=head)
        self._elsewhere.answered(reply.status, time.monotonic() - started)

    def send_readers_away(self) -> None:
        """End streams of events whose readers come back, with their last id, to whoever serves then."""
        for door in (*(one.door for one in self._served), *self._leaving):
            door.send_readers_away()

    @property
    def is_thought_ready(self) -> bool:
        """Whether somebody asks `/readyz` again and again, and has not heard yet that it is not."""
        return self._asked_if_ready >= _AGAIN and not self._told_to_leave

    def _own_reply(self, path: str) -> Reply:
        if path == "/metrics":
            return self.metrics.page()
        if path == "/readyz":
            self._asked_if_ready += 1
            self._told_to_leave = self.draining
            return _DRAINING if self.draining else _READY
        return _HEALTHY

    async def _own_page(self, scope: Scope, send: Send, page: Reply) -> None:
        allow = _allow(frozenset({"GET"}))
        method = scope["method"]
        if method == "OPTIONS":
            page = replies.options(allow)
        elif method not in {"GET", "HEAD"}:
            page = replies.method_not_allowed(allow)
        elif worth_it(page):
            page = await compressed(page, scope["headers"])
        await send_reply(send, page, head=method == "HEAD")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def close(self) -> None:
        """Let runs that go on after their answer finish, and give back what the flows hold."""
        for waiting in self._leaving.values():
            waiting.cancel()
        for door in (*(one.door for one in self._served), *self._leaving):
            await door.runtime.settle(_DRAIN_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLEAN_UP_S):  # nodes that were cut off may use their bindings to clean up
                    await self._empty(door)
            await door.runtime.close()


def _table_of(flows: Iterable[tuple[Runtime, Iterable[T]]]) -> RouteTable[T]:
    """The table of flows' routes, from what stands for each of their triggers.

    Raises:
        RouteConflict: Two routes clash, or one takes a path that the host needs.
    """
    table: RouteTable[T] = RouteTable()
    for runtime, routes in flows:
        for trigger, route in zip(runtime.triggers, routes, strict=True):
            flow, path = runtime.plan.flow, trigger.plan.path
            if path in OWN_PATHS:
                raise RouteConflict(f"flow {flow}: {path} is the host's own page; give the route another path")
            try:
                table.add(trigger.plan.method, path, route)
            except RouteConflict as error:
                raise RouteConflict(f"flow {flow}: {error}") from None
    return table


def _allow(methods: frozenset[str]) -> bytes:
    implied = {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(sorted(methods | implied)).encode()
