"""The echo endpoint by hand: what a careful person writes with Starlette, pydantic and prometheus-client.

It does what the flow does and no more: the same models, deadline, limits, media type and size checks, answers and
metrics. Answers to what the flow defines are the same, byte for byte; `tests/kernel/bench` holds it to that.
"""

from __future__ import annotations

import asyncio
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from flowlattice.bench.echo import InReq, OutRes
from flowlattice.engine.limits import TokenBucket, retry_after

DEADLINE_S = 0.25
MAX_BODY_BYTES = 1_048_576
MAX_IN_FLIGHT = 1024
NOSNIFF = (b"x-content-type-options", b"nosniff")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Echo:
    """The endpoint and what it counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("requests", "Requests.", ("route", "method", "status"), registry=self.registry)
        self.seconds = Histogram(
            "request_seconds", "Seconds.", ("route", "method"), buckets=BUCKETS, registry=self.registry
        ).labels("/echo", "POST")
        self.rejected = Counter("rejected", "Turned away.", ("reason",), registry=self.registry)
        in_flight = Gauge("in_flight", "Under way.", registry=self.registry)
        in_flight.set_function(lambda: self.inside)
        self.bucket = TokenBucket(qps=1000, burst=2000)
        self.inside = 0

    async def echo(self, request: Request) -> Response:
        """POST /echo."""
        started = time.monotonic()
        response = await self.limited(request)
        response.raw_headers.append(NOSNIFF)
        self.requests.labels("/echo", "POST", str(response.status_code)).inc()
        self.seconds.observe(time.monotonic() - started)
        return response

    async def limited(self, request: Request) -> Response:
        """The answer, if the limits allow one."""
        if self.inside >= MAX_IN_FLIGHT:
            self.rejected.labels("saturated").inc()
            return JSONResponse({"error": "saturated"}, 503, {"retry-after": "1"})
        if wait := self.bucket.take():
            self.rejected.labels("rate_limited").inc()
            return JSONResponse({"error": "rate_limited"}, 429, {"retry-after": str(retry_after(wait))})
        self.inside += 1
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self.answer(request)
        except TimeoutError:
            return JSONResponse({"error": "deadline_exceeded"}, 504)
        finally:
            self.inside -= 1

    async def answer(self, request: Request) -> Response:
        """Read, validate, normalise, answer."""
        if request.headers.get("content-type", "application/json").partition(";")[0] != "application/json":
            problem = {"error": "unsupported_media_type", "accepts": ["application/json"]}
            return JSONResponse(problem, 415, {"accept": "application/json"})
        if int(request.headers.get("content-length", 0)) > MAX_BODY_BYTES:
            return self.too_large()
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            return self.too_large()
        try:
            record = InReq.model_validate_json(body)
        except ValidationError as error:
            fields = [{"field": _field(e["loc"]), "reason": _reason(e["type"])} for e in error.errors()]
            return JSONResponse({"error": "invalid_input", "fields": fields}, 422)
        out = OutRes(v=record.v.strip().lower())
        return Response(out.model_dump_json(), media_type="application/json")

    def too_large(self) -> Response:
        """413."""
        body = {"error": "content_too_large", "max_bytes": MAX_BODY_BYTES}
        return JSONResponse(body, 413, {"connection": "close"})

    async def metrics(self, _request: Request) -> Response:
        """GET /metrics."""
        return PlainTextResponse(self.page())

    def page(self) -> bytes:
        """What is counted, in the Prometheus text format."""
        return generate_latest(self.registry)


def application() -> Starlette:
    """The application."""
    echo = Echo()
    return Starlette(
        routes=[Route("/echo", echo.echo, methods=["POST"]), Route("/metrics", echo.metrics, methods=["GET"])]
    )


def _field(location: tuple[int | str, ...]) -> str:
    return str(location[0]) if location else "body"


def _reason(kind: str) -> str:
    return {
        "missing": "is required",
        "string_type": "must be text",
        "json_invalid": "is not valid JSON",
        "model_type": "must be an object",
    }.get(kind, "is not valid")
