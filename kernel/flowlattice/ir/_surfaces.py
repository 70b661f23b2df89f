"""Control surfaces of single elements: what a switch, a window or an answer is set to, by names on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from pydantic import JsonValue

from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._ports import PortTypes, item_of
from flowlattice.ir.numbers import config
from flowlattice.ir.schemas import Schemas, wire_name
from flowlattice.language.aggregates import WINDOW_END, WINDOW_START, Aggregate, AggregateFunction
from flowlattice.language.annotations import NO_TYPE, literal_texts, parameters
from flowlattice.language.combinators import Filter, If, Merge, Switch
from flowlattice.language.distinct import Distinct
from flowlattice.language.flow import RespondNode
from flowlattice.language.foreach import ForEach
from flowlattice.language.joins import Join, Pairing
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element
from flowlattice.language.windows import Window
from flowlattice.record import Record

_Config = dict[str, JsonValue]


def element_surfaces(element: Element, node_id: UUID, schemas: Schemas, ports: PortTypes) -> Iterator[ir.Surface]:
    """The surfaces that govern one element alone."""
    found = _surface(element, schemas, ports)
    if found is not None:
        kind, given = found
        yield ir.Surface(kind=kind, targets=(node_id,), config=config(given), source=schemas.source(element.place))


def _surface(element: Element, schemas: Schemas, ports: PortTypes) -> tuple[ir.SurfaceKind, _Config] | None:
    match element:
        case Switch():
            values = literal_texts(ports.returned(element.function))
            cases: _Config = {"cases": [*element.cases]}
            return "switch", cases | ({} if values is None else {"values": [*values]})
        case If():
            return "if", ({"filter": True} if isinstance(element, Filter) else {})
        case Merge():
            return "merge", {}
        case RespondNode():
            return "respond", _respond(element, ports)
        case ForEach():
            return "foreach", {"concurrency": element.concurrency}
        case Pairing():
            return _pairing(element, schemas, ports)
        case Distinct():
            fields = [wire_name(element.record, field) for field in element.by]
            return "distinct", {"fields": [*fields], "within_ms": in_ms(element.within)}
        case Window():
            return "window", _window(element)
        case Aggregate():
            return "aggregate", _aggregate(element, schemas, ports)
        case Node() if element.options.timeout is not None:
            return "timeout", {"timeout_ms": in_ms(element.options.timeout)}
        case _:
            return None


def _respond(element: RespondNode[object], ports: PortTypes) -> _Config:
    given: _Config = {"status": element.status, "body": element.body}
    given |= {"stream": True} if element.stream else {}
    item = ports.incoming(element) if element.stream else item_of(ports.incoming(element))
    marks = {"event_id": element.event_id, "event": element.event}
    given |= {mark: wire_name(item, field) for mark, field in marks.items() if field is not None}
    return given | ({"headers": {**element.headers}} if element.headers else {})


def _pairing(
    element: Pairing[object, object, object], schemas: Schemas, ports: PortTypes
) -> tuple[ir.SurfaceKind, _Config]:
    sides = ports.sides(element)
    taken: _Config = {side: schemas.name(type_) for side, type_ in sides.items()}
    if not isinstance(element, Join):
        return "zip", taken
    on: list[JsonValue] = [
        [wire_name(sides["left"], left), wire_name(sides["right"], right)] for left, right in element.on
    ]
    return "join", {"on": on, "within_ms": in_ms(element.within), "kind": element.kind, **taken}


def _window(element: Window[object]) -> _Config:
    spec = element.spec
    return {
        "shape": spec.shape,
        "event_time": wire_name(element.record, spec.event_time),
        "size_ms": in_ms(spec.size),
        "slide_ms": in_ms(spec.slide),
        "gap_ms": in_ms(spec.gap),
        "lateness_ms": in_ms(spec.allowed_lateness),
        "idle_ms": in_ms(spec.idle),
    }


def _aggregate(element: Aggregate[object, Record], schemas: Schemas, ports: PortTypes) -> _Config:
    keys = [wire_name(element.record, key) for key in element.keys]
    fields = element.into.model_fields
    return {
        "keys": [*keys],
        "functions": [_function(element, function, schemas, ports) for function in element.functions],
        "start_as": wire_name(element.into, WINDOW_START) if WINDOW_START in fields else None,
        "end_as": wire_name(element.into, WINDOW_END) if WINDOW_END in fields else None,
    }


def _function(
    element: Aggregate[object, Record], function: AggregateFunction, schemas: Schemas, ports: PortTypes
) -> JsonValue:
    step = function.step
    gives = None if step is None else schemas.name(ports.returned(step))
    takes = None if step is None else schemas.name((*parameters(step).values(), NO_TYPE, NO_TYPE)[1])
    return {
        "op": function.op,
        "field": None if function.field is None else wire_name(element.record, function.field),
        "as": wire_name(element.into, function.as_),
        "function": None if function.step is None else str(getattr(function.step, "__name__", "?")),
        "gives": gives,
        "takes": takes,
    }
