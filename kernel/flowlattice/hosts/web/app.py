"""The ASGI application: routes of all flows on one port, and the host's own pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from flowlattice.engine import Runtime
from flowlattice.engine.reply import json_reply
from flowlattice.hosts.web import replies
from flowlattice.hosts.web.asgi import Receive, Scope, Send, send_reply
from flowlattice.hosts.web.endpoint import Door, Endpoint
from flowlattice.hosts.web.metrics import Metrics
from flowlattice.hosts.web.routing import RouteConflict, RouteTable

OWN_PATHS = ("/healthz", "/readyz", "/metrics")
_DRAIN_S = 30.0

_HEALTHY = json_reply(200, {"status": "ok"})
_READY = json_reply(200, {"status": "ready"})
_DRAINING = json_reply(503, {"status": "draining"}, (b"retry-after", b"1"))


class WebApp:
    """Flows as one ASGI application.

    Args:
        runtimes: The flows.

    Raises:
        RouteConflict: Two routes clash, or one takes a path that the host needs.
    """

    def __init__(self, runtimes: Sequence[Runtime]) -> None:
        self._runtimes = tuple(runtimes)
        self._metrics = Metrics()
        self._elsewhere = self._metrics.route("", "", "")
        self._table: RouteTable[Endpoint] = RouteTable()
        self.draining = False
        for runtime in self._runtimes:
            self._add(runtime)

    def _add(self, runtime: Runtime) -> None:
        flow = runtime.plan.flow
        door = Door(runtime)
        self._metrics.in_flight(flow, lambda: door.inside)
        self._metrics.streams(flow, lambda: door.streams)
        for trigger in runtime.triggers:
            method, path = trigger.plan.method, trigger.plan.path
            if path in OWN_PATHS:
                raise RouteConflict(f"flow {flow}: {path} is the host's own page; give the route another path")
            metrics = self._metrics.route(flow, path, method)
            try:
                self._table.add(method, path, Endpoint(door, trigger, metrics))
            except RouteConflict as error:
                raise RouteConflict(f"flow {flow}: {error}") from None

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
            await self._own_page(scope["path"], method, send)
            return
        raw_path: bytes = scope.get("raw_path") or str(scope["path"]).encode()
        match = self._table.find(raw_path, method)
        if match.route is None and head:
            match = self._table.find(raw_path, "GET")
        if match.route is not None:
            await match.route(scope, receive, send, match.parameters, head=head)
            return
        if not match.allowed:
            reply = replies.NOT_FOUND
        elif method == "OPTIONS":
            reply = replies.options(_allow(match.allowed))
        else:
            reply = replies.method_not_allowed(_allow(match.allowed))
        await send_reply(send, reply, head=head)
        self._elsewhere.answered(reply.status, time.monotonic() - started)

    async def _own_page(self, path: str, method: str, send: Send) -> None:
        allow = _allow(frozenset({"GET"}))
        if method == "OPTIONS":
            reply = replies.options(allow)
        elif method not in {"GET", "HEAD"}:
            reply = replies.method_not_allowed(allow)
        elif path == "/metrics":
            reply = self._metrics.page()
        elif path == "/readyz":
            reply = _DRAINING if self.draining else _READY
        else:
            reply = _HEALTHY
        await send_reply(send, reply, head=method == "HEAD")

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
        for runtime in self._runtimes:
            await runtime.settle(_DRAIN_S)
            await runtime.close()


def _allow(methods: frozenset[str]) -> bytes:
    implied = {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(sorted(methods | implied)).encode()
