"""The echo endpoint with FastAPI, for comparison: the same models, deadline, limits and metrics.

They stand in the endpoint itself. A middleware would be the usual place, and would cost about as much again.
"""

from __future__ import annotations

import asyncio
import time

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import PlainTextResponse

from flowlattice.bench.echo import InReq, OutRes
from flowlattice.bench.echo_by_hand import DEADLINE_S, MAX_IN_FLIGHT, Echo
from flowlattice.engine.limits import retry_after


def application() -> FastAPI:
    """The application; it counts as the endpoint by hand does."""
    app, echo = FastAPI(openapi_url=None), Echo()

    async def normalise(req: InReq, response: Response) -> OutRes:
        started = time.monotonic()
        response.headers["x-content-type-options"] = "nosniff"
        _let_in(echo)
        echo.inside += 1
        try:
            async with asyncio.timeout(DEADLINE_S):  # noqa: ASYNC100 - what a deadline costs is part of the comparison
                return OutRes(v=req.v.strip().lower())
        except TimeoutError:
            raise HTTPException(504, "deadline_exceeded") from None
        finally:
            echo.inside -= 1
            echo.requests.labels("/echo", "POST", "200").inc()
            echo.seconds.observe(time.monotonic() - started)

    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(echo.page())

    app.post("/echo", response_model=OutRes)(normalise)
    app.get("/metrics")(metrics)
    return app


def _let_in(echo: Echo) -> None:
    if echo.inside >= MAX_IN_FLIGHT:
        raise HTTPException(503, "saturated", {"retry-after": "1"})
    if wait := echo.bucket.take():
        raise HTTPException(429, "rate_limited", {"retry-after": str(retry_after(wait))})
