"""Samples: a request for each route with its answer, to be asked again of the live host."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from pydantic import JsonValue

from flowlattice.certify.model import Sample
from flowlattice.certify.probes.subjects import subject_in
from flowlattice.certify.reach import generated, reaching, stated
from flowlattice.certify.subject import Host, Route, Subject
from flowlattice.sandbox import Emit


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """A sample of each route that any request can be made for."""
    return asyncio.run(_samples(subject_in(request)))


async def _samples(subject: Subject) -> JsonValue:
    async with subject.host() as host:
        samples = [sample for route in subject.routes if (sample := await _sample(subject, route, host))]
    return [sample.model_dump(mode="json") for sample in samples]


async def _sample(subject: Subject, route: Route, host: Host) -> Sample | None:
    """An example that the brief states for the route, else the most plausible input, that reaches a reply."""
    candidates = [*stated(subject, route), *generated(route)]
    requests = await reaching(subject, route, candidates, most=1) or candidates[:1]
    if not requests:
        return None
    answer = await host.send(requests[0])
    told = {"status": answer.status, "answer": answer.text, "repeats": route.strict}
    return Sample.model_validate({"route": route.title, **asdict(requests[0]), **told})
