"""Fields that joins, windows, distincts and aggregates name: whether they are there, and can be used like that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from flowlattice.check.fields import fields_of
from flowlattice.check.finding import listed, nearest
from flowlattice.check.shapes import NUMBERS, ORDERED, Shape, field_fits, fits_field, shape
from flowlattice.check.types import fits
from flowlattice.ir.model import Edge, FlowIR, Node

_COUNTED: Final = frozenset[Shape]({"whole number", "number"})

Config = Mapping[str, JsonValue]


def field_problems(flow: FlowIR, node: Node, config: Config) -> Iterator[str]:
    """What is wrong with the fields that the surface of a node names."""
    match node.kind:
        case "window":
            yield from _window(flow, node, str(config.get("event_time")))
        case "distinct":
            for field in texts(config.get("fields")):
                yield from _missing(flow, node.in_schema, field, f"{node.name} tells records apart by")
        case "join":
            yield from _join(flow, node, config)
        case "aggregate":
            yield from _aggregate(flow, node, config)


def side_problems(flow: FlowIR, node: Node) -> Iterator[str]:
    """Sides of a join or a zip that nothing comes in on, and edges that come in on neither."""
    if node.kind not in {"join", "zip"}:
        return
    incoming = flow.incoming(node.id)
    for edge in incoming:
        if edge.into is None:
            giver = flow.node(edge.source_id).name
            yield f"{giver} goes into neither side of {node.name}: connect it to its .left or its .right"
    for side in ("left", "right"):
        if not any(edge.into in {side, None} for edge in incoming):
            yield f"nothing comes in on the {side} side of {node.name}"


def taken_by(flow: FlowIR, edge: Edge) -> str | None:
    """The schema that an edge's target takes there; none where it is not known."""
    target = flow.node(edge.target_id)
    if target.kind not in {"join", "zip"}:
        return target.in_schema
    sides = next((s.config for s in flow.surfaces if s.kind == target.kind and target.id in s.targets), {})
    return _name(sides.get(edge.into or ""))


def texts(value: JsonValue) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _window(flow: FlowIR, node: Node, field: str) -> Iterator[str]:
    missing = list(_missing(flow, node.in_schema, field, f"the event time of {node.name} is"))
    yield from missing
    if not missing and shape(flow, node.in_schema, field) not in {"time", "whole number"}:
        yield f"the event time of {node.name}, {field}, is neither a datetime nor whole seconds"


def _join(flow: FlowIR, node: Node, config: Config) -> Iterator[str]:
    left, right = (_name(config.get(side)) for side in ("left", "right"))
    pairs = [texts(pair) for pair in on] if isinstance(on := config.get("on"), list) else []
    if not pairs:
        yield f"{node.name} joins by no field"
    for one, other in (pair for pair in pairs if len(pair) == 2):
        missing = [
            *_missing(flow, left, one, f"{node.name} joins by"),
            *_missing(flow, right, other, f"{node.name} joins by"),
        ]
        yield from missing
        if missing or left is None or right is None:
            continue
        if not field_fits(flow, (left, one), (right, other)) and not field_fits(flow, (right, other), (left, one)):
            yield f"{node.name} joins {left}.{one} with {right}.{other}, which is of another type"


def _aggregate(flow: FlowIR, node: Node, config: Config) -> Iterator[str]:
    keys = texts(config.get("keys"))
    given = config.get("functions")
    functions = [f for f in given if isinstance(f, dict)] if isinstance(given, list) else []
    for key in keys:
        missing = list(_missing(flow, node.in_schema, key, f"{node.name} groups by"))
        yield from missing or _filled(flow, node, key, key)
    for function in functions:
        yield from _function(flow, node, function)
    ends = [name for end in ("start_as", "end_as") if (name := _name(config.get(end))) is not None]
    yield from _result(flow, node, [*keys, *(str(function.get("as")) for function in functions)], ends)


def _function(flow: FlowIR, node: Node, function: Config) -> Iterator[str]:
    op, field = str(function.get("op")), _name(function.get("field"))
    if field is not None:
        missing = list(_missing(flow, node.in_schema, field, f"{node.name} takes the {op} of"))
        yield from missing
        found = shape(flow, node.in_schema, field)
        if missing:
            return
        if found not in (NUMBERS if op in {"sum", "avg"} else ORDERED):
            what = "has no order" if op in {"min", "max"} else "is no number"
            yield f"{node.name} takes the {op} of {field}, which {what}"
            return
    yield from _given(flow, node, function)


def _given(flow: FlowIR, node: Node, function: Config) -> Iterator[str]:
    """Whether what a function gives may be the value of its field of the result."""
    op, field, into = str(function.get("op")), _name(function.get("field")), str(function.get("as"))
    missing = list(_missing(flow, node.out_schema, into, f"{node.name} gives"))
    if missing:
        yield from missing
    elif op == "count":
        if shape(flow, node.out_schema, into) not in _COUNTED:
            yield f"{node.name} counts into {node.out_schema}.{into}, which is no number"
    elif op == "avg" and field is not None:
        wanted = "decimal" if shape(flow, node.in_schema, field) == "decimal" else "number"
        if shape(flow, node.out_schema, into) != wanted:
            yield f"{node.name} puts a mean into {node.out_schema}.{into}, which is no {_MEANS[wanted]}"
    elif field is not None:
        yield from _filled(flow, node, field, into)
    else:
        yield from _folded(flow, node, function, into)


_MEANS: Final = {"decimal": "Decimal", "number": "float"}


def _folded(flow: FlowIR, node: Node, function: Config, into: str) -> Iterator[str]:
    gives, takes = _name(function.get("gives")), _name(function.get("takes"))
    if takes is not None and node.in_schema is not None and not fits(node.in_schema, takes, flow.schemas):
        yield f"{node.name} folds {node.in_schema}, but {function.get('function')} takes {takes}"
    if gives is not None and node.out_schema is not None and not fits_field(flow, gives, (node.out_schema, into)):
        yield f"{node.name} folds to {gives}, but {node.out_schema}.{into} is of another type"


def _filled(flow: FlowIR, node: Node, field: str, into: str) -> Iterator[str]:
    """Whether a field of what is taken may be the value of a field of the result."""
    missing = list(_missing(flow, node.out_schema, into, f"{node.name} gives"))
    yield from missing
    if missing or node.in_schema is None or node.out_schema is None:
        return
    if not field_fits(flow, (node.in_schema, field), (node.out_schema, into)):
        yield f"{node.name} gives {node.in_schema}.{field}, but {node.out_schema}.{into} is of another type"


def _result(flow: FlowIR, node: Node, given: list[str], ends: list[str]) -> Iterator[str]:
    """Whether the result is filled, each field by one thing."""
    for field in dict.fromkeys(field for field in given if given.count(field) > 1):
        yield f"{node.name} gives {field} twice"
    for end in ends:
        if end not in given and shape(flow, node.out_schema, end) not in {"time", "whole number"}:
            yield f"{node.out_schema}.{end} is neither a datetime nor whole seconds"
    schema = flow.schemas.get(node.out_schema or "")
    required = texts(schema.get("required")) if isinstance(schema, dict) else ()
    empty = [field for field in required if field not in given and field not in ends]
    if empty:
        yield f"nothing of {node.name} gives {listed(empty)} of {node.out_schema}"


def _missing(flow: FlowIR, record: str | None, field: str, what: str) -> Iterator[str]:
    known = fields_of(flow, record)
    if record is not None and field not in known:
        yield f"{what} {field}, no field of {record}{nearest(field, known)}"


def _name(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
