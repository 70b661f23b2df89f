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
from flowlattice.certify.replay import answers_of
from flowlattice.certify.requests import Request, request_for, request_of
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
        replayed = [asdict(r) for route in subject.routes if route.strict for r in _requests(route)[:REPLAYED]]
        return {
            "samples": [sample.model_dump(mode="json") for sample in samples],
            "requests": cast(JsonValue, replayed),
            "answers": await answers_of(subject, replayed),
        }

    return asyncio.run(work())


async def _sample(subject: Subject, route: Route, host: Host) -> Sample | None:
    """An example that the brief states for the route, else the most plausible input."""
    stated = [
        request_of(example.request)
        for example in subject.examples
        if example.request.method == route.trigger.method and _fits(str(route.trigger.path), example.request.path)
    ]
    requests = stated or _requests(route)
    if not requests:
        return None
    answer = await host.send(requests[0])
    return Sample(**asdict(requests[0]), status=answer.status, answer=answer.text, repeats=route.strict)


def _fits(pattern: str, path: str) -> bool:
    parts, actual = pattern.split("/"), path.partition("?")[0].split("/")
    return len(parts) == len(actual) and all(p.startswith("{") or p == a for p, a in zip(parts, actual, strict=True))


def _requests(route: Route) -> list[Request]:
    return [request for value in route.valid if (request := request_for(route.trigger, value))]


def _subject(given: Mapping[str, JsonValue]) -> Subject:
    program = load(Path(str(given["path"])))
    examples = tuple(Example.model_validate(entry) for entry in cast(list[JsonValue], given["examples"]))
    return subject_of(program, lower(program), examples)
