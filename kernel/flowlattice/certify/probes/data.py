"""Data, beside the flow's code: run one node on inputs with canaries, and see where they come out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.alone import Alone, NotAlone, Outcome, alone, pinned_bindings
from flowlattice.certify.canaries import OPEN, Canary, Planted, as_text, at, fields_of, planted, words
from flowlattice.certify.doubles import WatchedBindings
from flowlattice.certify.listening import Calls, prints_kept, records_kept, text_of
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit

_INPUTS: Final = 10

Leak = tuple[str, Canary]


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """Where the canaries of a node come out; or why none could be put in."""
    given = cast(Mapping[str, JsonValue], request)
    program = load(Path(str(given["path"])))
    ir = lower(program)
    try:
        one = alone(program, ir, str(given["node"]))
        inputs = [planted(value, one.schema, one.accepts) for value in one.inputs(_INPUTS)]
        return asyncio.run(_listened(one, ir, [given for given in inputs if given.canaries]))
    except NotAlone as error:
        return {"gap": str(error)}


async def _listened(one: Alone, ir: FlowIR, inputs: list[Planted]) -> JsonValue:
    """Run a node on each input, with backends that answer and with backends that fail."""
    leaks: dict[str, None] = {}
    runs = finished = 0
    for failing in (False, True):
        for given in inputs:
            outcome, said = await _run(one, given, failing=failing)
            runs += 1
            finished += outcome.failure is None
            for where, canary in [*_beside(said, given), *_within(outcome, one, ir, given)]:
                leaks[f"{canary.data_class} data of {canary.field} stands in {where}"] = None
    fields = sorted({canary.field for given in inputs for canary in given.canaries})
    return {"runs": runs, "finished": finished, "fields": cast(JsonValue, fields), "leaks": [*leaks]}


async def _run(one: Alone, given: Planted, *, failing: bool) -> tuple[Outcome, list[tuple[str, str]]]:
    """What a run came to, and what was said beside it, each with the words for where."""
    calls = Calls(failing=failing)
    with records_kept() as records, prints_kept() as prints:
        async with one.host(WatchedBindings(pinned_bindings(), calls)) as host:
            outcome = await host.run(given.value)
    said = [
        *calls.said,
        ("what it prints", b"".join(prints).decode("utf-8", "replace")),
        *(("a log record", text_of(record)) for record in records),
        *(("an idempotency key in clear", call.key or "") for call in outcome.calls),
        *(("the target of a call", call.target) for call in outcome.calls if call.capability != "mail.send"),
    ]
    if outcome.failure is not None and outcome.failure.kind == "invalid_input":
        said.append(("the text that refuses an input", outcome.failure.text))
    return outcome, said


def _beside(said: list[tuple[str, str]], given: Planted) -> Iterator[Leak]:
    for where, text in said:
        yield from ((where, canary) for canary in given.canaries if canary.is_in(text))


def _within(outcome: Outcome, one: Alone, ir: FlowIR, given: Planted) -> Iterator[Leak]:
    """What came to a field of the result whose class is public or internal."""
    schema = ir.schemas.get(one.node.out_schema or "")
    if not isinstance(schema, dict):
        return
    for item in outcome.output if one.node.stream and isinstance(outcome.output, list) else [outcome.output]:
        for place, data_class in fields_of(item, schema):
            text = as_text(at(item, place))
            if data_class in OPEN:
                where = f"{words(place)} of its result, which is {data_class}"
                yield from ((where, canary) for canary in given.canaries if canary.is_in(text))
