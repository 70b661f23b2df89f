"""The trusted task that gathers evidence in the sandboxed process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.checks import CHECKS, duplicates, examples, latency, limits
from flowlattice.certify.model import Example, Sample
from flowlattice.certify.reach import generated, reaching, stated, worthwhile
from flowlattice.certify.replay import answers_of
from flowlattice.certify.requests import Request
from flowlattice.certify.routes import subject_of
from flowlattice.certify.subject import Host, Route, Subject, behind
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit

REPLAYED = 10
_ALWAYS_WHOLE = frozenset({examples.NAME})  # examples may be new, whatever the flow is
_OF_THE_FLOW = frozenset({limits.NAME, latency.NAME})


def gather(request: JsonValue, emit: Emit) -> JsonValue:
    """Run all checks; emits each as it is done, answers the samples and the requests to replay with their answers."""
    given = cast(Mapping[str, JsonValue], request)
    whole = _subject(given)
    only = given.get("only")
    subject = whole if not isinstance(only, list) else _part(whole, {str(route) for route in only})

    async def work() -> JsonValue:
        for name, run in CHECKS:
            scope = (
                whole if name in _ALWAYS_WHOLE or (name in _OF_THE_FLOW and given.get("settings_changed")) else subject
            )
            if scope is whole or _applies(name, scope):
                emit((await run(scope)).model_dump(mode="json"))
        async with subject.host() as host:
            samples = [sample for route in subject.routes if (sample := await _sample(subject, route, host))]
        replayed = [asdict(r) for route in subject.routes if route.strict for r in await _replayed(subject, route)]
        return {
            "samples": [sample.model_dump(mode="json") for sample in samples],
            "requests": cast(JsonValue, replayed),
            "answers": await answers_of(subject, replayed),
        }

    return asyncio.run(work())


def _part(whole: Subject, titles: set[str]) -> Subject:
    """The subject with only some of its routes."""
    return replace(whole, routes=tuple(route for route in whole.routes if route.title in titles))


def _applies(name: str, part: Subject) -> bool:
    """Whether a check says anything of some of the routes; what it says of the others is known."""
    if name == limits.NAME or not part.routes:
        return False
    reached = [
        node
        for route in part.routes
        for start in part.ir.triggers()
        if start.trigger == route.trigger
        for node in behind(part.ir, start)
    ]
    return name != duplicates.NAME or any(node.effects == "effectful" for node in reached)


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
    told = {"status": answer.status, "answer": answer.text, "repeats": route.strict}
    return Sample.model_validate({"route": route.title, **asdict(requests[0]), **told})


def _subject(given: Mapping[str, JsonValue]) -> Subject:
    program = load(Path(str(given["path"])))
    examples = tuple(Example.model_validate(entry) for entry in cast(list[JsonValue], given["examples"]))
    return subject_of(program, lower(program), examples)
