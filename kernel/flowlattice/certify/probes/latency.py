"""Latency: how long requests take at a constant rate of arrival, held against the flow's promise."""

from __future__ import annotations

import asyncio
import time

from pydantic import JsonValue

from flowlattice.certify.model import Check
from flowlattice.certify.probes.subjects import seen
from flowlattice.certify.reach import worthwhile
from flowlattice.certify.requests import Request
from flowlattice.certify.subject import Host, Subject
from flowlattice.sandbox import Emit

NAME = "latency"
_USUAL_QPS = 100.0
_SECONDS = 0.4
_LEAST = 50


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The check of the same name, beside the flow."""
    return seen(request, run)


async def run(subject: Subject) -> Check:
    """Send requests at the promised rate (100/s where none is promised), timed from when each was due.

    Only what reaches a reply is timed, where anything does.
    """
    requests = [request for route in subject.routes for request in await worthwhile(subject, route, most=5)]
    if not requests:
        return Check(name=NAME, verdict="could_not_run", summary="no request could be made")
    rate = max((slo.at_qps or _USUAL_QPS for slo in subject.ir.slos), default=_USUAL_QPS)
    async with subject.host() as host:
        service = await _service_ms(host, requests)
        took = await _at_rate(host, requests, rate)
    measured = {f"p{p}_ms": round(percentile(took, p), 3) for p in (50, 95, 99)}
    promises = [(slo.percentile, slo.latency_ms) for slo in subject.ir.slos]
    latencies = [(percent, most) for percent, most in promises if percent is not None and most is not None]
    failures = [
        f"p{percent:g} is {percentile(took, percent):.1f} ms, promised {most:g} ms"
        for percent, most in latencies
        if percentile(took, percent) > most
    ]
    promised = ", ".join(f"p{percent:g} within {most:g} ms" for percent, most in latencies)
    summary = (
        f"p50 {measured['p50_ms']:.2f} ms, p95 {measured['p95_ms']:.2f} ms over {len(took)} requests at {rate:g}/s "
        f"in process{f'; promised {promised}' if promised else ''}"
    )
    return Check(
        name=NAME,
        verdict="failed" if failures else "passed",
        summary=summary,
        failures=tuple(failures),
        measured={**measured, "service_ms": round(service, 4), "rate": rate},
    )


def percentile(values: list[float], percent: float) -> float:
    """The nearest-rank percentile of some values (ms in, ms out)."""
    ordered = sorted(values)
    rank = max(0, min(len(ordered) - 1, round(percent / 100 * len(ordered) + 0.5) - 1))
    return ordered[rank]


async def _service_ms(host: Host, requests: list[Request]) -> float:
    """The median time of one request with nothing else under way."""
    took = []
    for number in range(_LEAST):
        began = time.perf_counter()
        await host.send(requests[number % len(requests)])
        took.append((time.perf_counter() - began) * 1000)
    return percentile(took, 50)


async def _at_rate(host: Host, requests: list[Request], rate: float) -> list[float]:
    count = max(_LEAST, int(rate * _SECONDS)) if rate >= _USUAL_QPS else _LEAST
    gap = 1 / max(rate, _LEAST / _SECONDS)
    started = time.perf_counter()

    async def one(number: int) -> float:
        due = started + number * gap
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await host.send(requests[number % len(requests)])
        return (time.perf_counter() - due) * 1000

    return list(await asyncio.gather(*(one(number) for number in range(count))))
