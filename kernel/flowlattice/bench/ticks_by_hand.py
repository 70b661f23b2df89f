"""The stream of `flows bench sse` by hand: what a careful person writes with Starlette and sse-starlette."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from flowlattice.bench.ticks import TEXT, Tick, Wanted


class Ticks:
    """The endpoint and what it counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("requests", "Requests.", ("route", "status"), registry=self.registry)
        self.seconds = Histogram("request_seconds", "Seconds until it began.", registry=self.registry)
        self.streams = Gauge("streams", "Under way.", registry=self.registry)

    async def ticks(self, request: Request) -> Response:
        """GET /ticks."""
        started = time.monotonic()
        try:
            wanted = Wanted.model_validate_strings(dict(request.query_params))
        except ValidationError:
            self.requests.labels("/ticks", "422").inc()
            return JSONResponse({"error": "invalid_input"}, 422)
        response = EventSourceResponse(self.events(wanted), headers={"x-content-type-options": "nosniff"})
        self.requests.labels("/ticks", "200").inc()
        self.seconds.observe(time.monotonic() - started)
        return response

    async def events(self, wanted: Wanted) -> AsyncIterator[ServerSentEvent]:
        """Count, as the flow does."""
        now = asyncio.get_running_loop().time
        due, number = now(), 0
        with self.streams.track_inprogress():
            while True:
                number += 1
                tick = Tick(number=number, text=TEXT)
                yield ServerSentEvent(data=tick.model_dump_json(), id=str(tick.number), sep="\n")
                due += wanted.every_ms / 1000
                await asyncio.sleep(due - now())

    async def metrics(self, _request: Request) -> Response:
        """GET /metrics."""
        return PlainTextResponse(generate_latest(self.registry))


def application() -> Starlette:
    """The application."""
    ticks = Ticks()
    return Starlette(routes=[Route("/ticks", ticks.ticks), Route("/metrics", ticks.metrics)])
