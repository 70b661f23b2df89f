"""Node inputs: values for each node, to run it alone with; the probes that do so are told them.

Recorded ones come first, then what the node is given when the flow's routes are asked, then generated ones.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import wraps
from typing import cast

from pydantic import JsonValue
from pydantic_core import PydanticSerializationError, to_jsonable_python

from flowlattice.certify.alone import NotAlone, alone, with_code
from flowlattice.certify.inputs import warm
from flowlattice.certify.probes.subjects import subject_in
from flowlattice.certify.reach import generated, stated
from flowlattice.certify.subject import Subject
from flowlattice.ir.lower import vertices
from flowlattice.language.combinators import Routing
from flowlattice.language.nodes import Node
from flowlattice.sandbox import Emit

GENERATED = 20
MET = 10
"""So many of what a node is given by the flow's routes are kept."""

warm()  # in the template, once for all that is forked from it


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The inputs of each node that is asked for; for one that cannot be run alone, why, in a sentence."""
    given = cast(Mapping[str, JsonValue], request)
    subject = subject_in(request)
    recorded = cast(Mapping[str, list[JsonValue]], given.get("recorded", {}))
    names = [node.name for node in with_code(subject.ir) if node.name in cast(list[str], given["nodes"])]
    met = asyncio.run(_met(subject))
    found: dict[str, JsonValue] = {}
    drawn: dict[str, list[JsonValue]] = {
        json.dumps(route.schema): list[JsonValue](route.valid[:GENERATED]) for route in subject.routes if route.valid
    }
    for name in names:
        try:
            one = alone(subject.program, subject.ir, name, recorded=[*recorded.get(name, ()), *met[name]])
            found[name] = cast(JsonValue, one.inputs(GENERATED, drawn=drawn))
        except NotAlone as error:
            found[name] = str(error)
    return found


async def _met(subject: Subject) -> Mapping[str, list[JsonValue]]:
    """What nodes are given when routes are asked what the brief states, and some of what is generated."""
    met: dict[str, list[JsonValue]] = defaultdict(list)
    requests = [request for route in subject.routes for request in [*stated(subject, route), *generated(route)[:MET]]]
    if requests:
        undo = _listen(subject, met)
        async with subject.host() as host:
            for request in requests:
                await host.send(request)
        undo()
    return met


def _listen(subject: Subject, met: dict[str, list[JsonValue]]) -> Callable[[], None]:
    """Note what every function is given, until what is returned is called."""
    heard: list[tuple[Node[object, object] | Routing[object], Callable[..., object]]] = []
    for vertex in vertices(subject.program.flow):
        element = vertex.element
        if isinstance(element, Node | Routing):
            heard.append((element, element.function))
            element.function = _noting(element.function, met[element.name])

    def undo() -> None:
        for element, function in heard:
            element.function = function

    return undo


def _noting(function: Callable[..., object], met: list[JsonValue]) -> Callable[..., object]:
    seen: set[str] = set()

    @wraps(function)
    def call(record: object, *others: object, **named: object) -> object:
        if len(met) < MET:
            try:
                value: JsonValue = to_jsonable_python(record, by_alias=True)
            except PydanticSerializationError:
                return function(record, *others, **named)
            text = json.dumps(value)
            if text not in seen:
                seen.add(text)
                met.append(value)
        return function(record, *others, **named)

    return call
