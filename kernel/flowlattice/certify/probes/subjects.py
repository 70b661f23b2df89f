"""The subject that a probe of routes looks at, made from what the bench tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.model import Check, Example
from flowlattice.certify.routes import Inputs, subject_of
from flowlattice.certify.subject import Subject
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load


def subject_in(request: JsonValue) -> Subject:
    """The flow with the routes that a request names, their inputs and the examples."""
    given = cast(Mapping[str, JsonValue], request)
    program = load(Path(str(given["path"])))
    examples = tuple(Example.model_validate(entry) for entry in cast(list[JsonValue], given["examples"]))
    routes = cast(Mapping[str, JsonValue], given["routes"])
    inputs = {route: Inputs.model_validate(entry) for route, entry in routes.items()}
    return subject_of(program, lower(program), examples, inputs)


def seen(request: JsonValue, run: Callable[[Subject], Awaitable[Check]]) -> JsonValue:
    """What a check sees of the subject in a request."""
    subject = subject_in(request)

    async def work() -> Check:
        return await run(subject)

    return asyncio.run(work()).model_dump(mode="json")
