"""The trusted task that gathers evidence in the sandboxed process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.checks import CHECKS
from flowlattice.certify.model import Example, Sample
from flowlattice.certify.reach import generated, reaching, stated, worthwhile
from flowlattice.certify.replay import answers_of
from flowlattice.certify.requests import Request
from flowlattice.certify.routes import subject_of
from flowlattice.certify.subject import Host, Route, Subject
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit

REPLAYED = 10


def gather(request: JsonValue, emit: Emit) -> JsonValue:
    """Run all checks; emits each as it is done, answers the samples and the requests to replay with their answers."""
    given = cast(Mapping[str, JsonValue], request)
    subject = _subject(given)

    async def work() -> JsonValue:
        for _, run in CHECKS:
            emit((await run(subject)).model_dump(mode="json"))
        async with subject.host() as host:
            samples = [sample for route in subject.routes if (sample := await _sample(subject, route, host))]
        replayed = [asdict(r) for route in subject.routes if route.strict for r in await _replayed(subject, route)]
        return {
            "samples": [sample.model_dump(mode="json") for sample in samples],
            "requests": cast(JsonValue, replayed),
            "answers": await answers_of(subject, replayed),
        }

    return asyncio.run(work())


async def _replayed(subject: Subject, route: Route) -> list[Request]:
    """What is replayed of a route: some that reach a reply, and some of all."""
    some = await worthwhile(subject, route, most=REPLAYED // 2)
    return [*some, *(request for request in generated(route) if request not in some)][:REPLAYED]


async def _sample(subject: Subject, route: Route, host: Host) -> Sample | None:
    """An example that the brief states for the route, else the most plausible input, that reaches a reply."""
    candidates = [*stated(subject, route), *generated(route)]
    requests = await reaching(subject, route, candidates, most=1) or candidates[:1]
    if not requests:
        return None
    answer = await host.send(requests[0])
    return Sample(**asdict(requests[0]), status=answer.status, answer=answer.text, repeats=route.strict)


def _subject(given: Mapping[str, JsonValue]) -> Subject:
    program = load(Path(str(given["path"])))
    examples = tuple(Example.model_validate(entry) for entry in cast(list[JsonValue], given["examples"]))
    return subject_of(program, lower(program), examples)
