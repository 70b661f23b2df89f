"""IR by hand, for what a rule says of it whatever the language's spelling is; every element has a line of its own."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import JsonValue

from flowlattice.ir.model import (
    Ai,
    AiBudget,
    CapabilityUse,
    Edge,
    FlowIR,
    Idempotency,
    Node,
    Parameter,
    Reason,
    Source,
    Surface,
    Trigger,
)

SCHEMAS: dict[str, JsonValue] = {
    "Order": {"type": "object", "properties": {"order_id": {"type": "string"}, "item": {"type": "string"}}},
    "Receipt": {"type": "object", "properties": {"receipt_id": {"type": "string"}}},
}
USUAL: dict[str, dict[str, Any]] = {
    "ai.read": {"retry_owner": "orchestrator"},
    "blob.read_by_hash": {"retry_owner": "orchestrator"},
    "db.read": {"retry_owner": "connector"},
    "db.write": {"retry_owner": "connector", "idempotent": True},
    "http.read": {"retry_owner": "orchestrator"},
    "http.write": {"retry_owner": "orchestrator", "idempotent": False},
    "mail.send": {"retry_owner": "orchestrator", "idempotent": False},
    "plugin.python": {"retry_owner": "orchestrator"},
}


def ident(name):
    return uuid5(NAMESPACE_URL, name)


def at(line, column=1, file="flow.py"):
    return Source(file=file, line=line, column=column)


def use(name, binding=None, **more):
    return CapabilityUse(name=name, binding=binding or name.partition(".")[0], **{**USUAL.get(name, {}), **more})


def node(name, *uses, line=1, **more):
    """A node over orders; effectful, with a key, if something that it asks for is a sink."""
    sinks = any(given.idempotent is not None for given in uses)
    usual = {
        "kind": "node",
        "in_schema": "Order",
        "out_schema": "Order",
        "effects": "effectful" if sinks else "pure",
        "determinism": "best_effort" if sinks else "strict",
        "idempotency": Idempotency(fields=("order_id",)) if sinks else None,
        "parameters": tuple(
            Parameter(name=given.binding, source=at(line, 50 + number)) for number, given in enumerate(uses)
        ),
        "definition": at(line, 5),
        "source": at(line),
    }
    return Node(id=ident(name), name=name, capabilities=uses, **{**usual, **more})


def plain(name, kind, line=1, **more):
    """A trigger, or something that hands records on."""
    return Node(id=ident(name), name=name, kind=kind, in_schema="Order", out_schema="Order", source=at(line), **more)


def queue(name="jobs", **more):
    return plain(name, "trigger", trigger=Trigger(kind="queue", topic="jobs", **more))


def edge(source, target, *, line=90, **more):
    return Edge(source_id=ident(source), target_id=ident(target), source=at(line), **more)


def on_error(target, config, line=95):
    return Surface(kind="error_handler", targets=(ident(target),), config=config, source=at(line))


def flow(*nodes, edges=(), name="tested", **more):
    usual = {"profile": "queue", "schemas": SCHEMAS, "source": at(99)}
    return FlowIR(id=ident(name), name=name, version="1.0.0", nodes=nodes, edges=tuple(edges), **{**usual, **more})


def because(what, level, *, of="determinism", capability=None, line=1):
    return Reason(of=of, level=level, because=what, capability=capability, source=at(line, 70))


def ai(model="m-2024-07-18", **more):
    return Ai(model=model, **more)


def budget(**ceilings):
    return AiBudget(**ceilings)
