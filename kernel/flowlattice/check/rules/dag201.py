"""What one port gives is not what the other takes.

An edge joins an output to an input of the same type. Records are told apart by name: two records with the same fields
are two types, because they mean two things. A record also goes where a record is taken that it extends, a member where
a union is taken, a whole number where a number is. A respond with a text or HTML body takes text, one with events a
list; or a record with a field that is its body and one of these. With `stream=True` each record is an event, whatever
it is, or the next piece of the text.

A join and a zip have two sides, and both are connected. The fields that windows, joins, distincts and aggregates name
are fields of what they take: event time is a datetime or whole seconds, a join's keys are of one type on both sides,
sums and means are of numbers. An aggregate fills all that its result requires, each field with its type: the keys,
what its functions give, and the start and the end of the window.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

class Other(Record, data="public"):
    v: str

@node
def normalize(req: Other) -> Other:
    return Other(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Fix

Unsafe: a `Map` is put in between, where both are records of the flow. It makes one from the other field by field: from
a field of the same name and type, a whole number for a number, a value for it or nothing, and records inside records
the same way. What cannot be made so becomes a parameter of the generated function, which is DAG003 until somebody says
where it comes from. Whether the types or the connection are meant is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.conversion import convertible
from flowlattice.check.dataflow import field_problems, side_problems, taken_by
from flowlattice.check.fields import fields_of
from flowlattice.check.finding import edge_name, edge_source, finding, offer
from flowlattice.check.types import fits
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import Edge, FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG201"
SEVERITY: Severity = "error"
_MADE_FROM: dict[str, tuple[str, JsonValue]] = {
    "text": ("str", {"type": "string"}),
    "html": ("str", {"type": "string"}),
    "events": ("a list", {"type": "array"}),
}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find edges between ports that do not fit, and edges at elements that have no such port."""
    bodies = {surface.targets[0]: _made(surface.config) for surface in flow.surfaces if surface.kind == "respond"}
    for edge in flow.edges:
        problem = _problem(flow, edge, bodies.get(edge.target_id))
        if problem is not None:
            fix = _offered(flow, edge)
            text = None if fix is None else "connect what fits, or put a Map in between"
            yield finding(CODE, problem, edge_source(flow, edge), edge=edge_name(flow, edge), help=text, fix=fix)
    for surface in flow.surfaces:
        if surface.kind in {"window", "distinct", "join", "zip", "aggregate"}:
            node = flow.node(surface.targets[0])
            for problem in (*field_problems(flow, node, surface.config), *side_problems(flow, node)):
                yield finding(CODE, problem, node.source, node=node.name)


def _made(config: Mapping[str, JsonValue]) -> JsonValue:
    """The body that what reaches a respond becomes; none where that may be anything."""
    body = config.get("body")
    return None if config.get("stream") is True and body == "events" else body


def _offered(flow: FlowIR, edge: Edge) -> Fix | None:
    target = flow.node(edge.target_id)
    taken = taken_by(flow, edge)
    is_port = edge.source is not None and target.kind not in {"trigger", "respond"}
    if not is_port or not convertible(flow, edge.carries, taken):
        return None
    return offer("unsafe", f"put a Map in between that makes {taken} from {edge.carries}")


def _problem(flow: FlowIR, edge: Edge, body: JsonValue) -> str | None:
    source, target = flow.node(edge.source_id), flow.node(edge.target_id)
    if source.kind == "respond":
        return f"nothing comes out of {source.name}, which answers"
    if target.kind == "trigger":
        return f"nothing goes into {target.name}, which starts runs"
    given = edge.carries
    if given is None:
        return None
    if target.kind == "respond":
        made_from = _MADE_FROM.get(str(body))
        if made_from is not None and not fits(given, "", {**flow.schemas, given: _body(flow, given), "": made_from[1]}):
            return f"{source.name} gives {given}, but {target.name} answers {body}, which is made from {made_from[0]}"
        return None
    taken = taken_by(flow, edge)
    if taken is None or fits(given, taken, flow.schemas):
        return None
    side = "" if edge.into is None else f" on its {edge.into} side"
    return f"{source.name} gives {given}, but {target.name} takes {taken}{side}"


def _body(flow: FlowIR, given: str) -> JsonValue:
    """The schema of what is answered with a record: of its field that is the body, if it has one."""
    schema = flow.schemas.get(given)
    parts = (field for field in fields_of(flow, given).values() if isinstance(field, dict))
    body = next((field for field in parts if field.get("x-in") == "body"), None)
    definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    return schema if body is None else {**body, "$defs": definitions}


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Put a Map in between."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    edge = next((e for e in flow.edges if e.source == place and edge_name(flow, e) == found.edge), None)
    taken = None if edge is None else taken_by(flow, edge)
    if edge is None or edge.carries is None or taken is None:
        return None
    return codemods.insert_map(module, flow, place, edge.carries, taken)
