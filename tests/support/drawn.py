"""Flow IR for pictures, made by hand: also of kinds that no author can write yet, and of graphs that make no sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flowlattice.ir import model as ir

NAME, VERSION = "orders", "1.0.0"
PLACE = ir.Source(file="flow.py", line=1)


def identity(name: str) -> UUID:
    """The id that a node of that name has."""
    return ir.node_id(NAME, VERSION, name)


def node(name: str, kind: str = "node", **fields: object) -> ir.Node:
    """A node with what is given and defaults."""
    return ir.Node.model_validate({"id": identity(name), "name": name, "kind": kind, "source": PLACE, **fields})


def edge(source: str, target: str, case: str | None = None, **fields: object) -> ir.Edge:
    """An edge between nodes by their names."""
    ends = {"from": identity(source), "to": identity(target)}
    return ir.Edge.model_validate({**ends, "case": case, **fields})


def flow(nodes: Sequence[ir.Node], edges: Sequence[ir.Edge] = (), **fields: object) -> ir.FlowIR:
    """A flow of these."""
    bare = {"id": ir.flow_id(NAME, VERSION), "name": NAME, "version": VERSION, "profile": "web", "source": PLACE}
    return ir.FlowIR.model_validate({**bare, "nodes": tuple(nodes), "edges": tuple(edges), **fields})


def orders() -> ir.FlowIR:
    """A flow with every kind of node, effect and determinism, and all that is noted on nodes and edges."""
    stripe = ir.CapabilityUse(name="http.write", binding="stripe", egress=("api.stripe.com", "eu.stripe.com"))
    charged: dict[str, Any] = {**_acts("effectful", "best_effort"), "capabilities": (stripe,)}
    hook = {"kind": "http", "method": "POST", "path": "/orders/{id}", "deadline_ms": 250}
    promised: dict[str, Any] = {
        "timeout_ms": 1500,
        "compensate": identity("refund"),
        "idempotency": {"fields": ("invoice", "amount_cents")},
        "retry": {"owner": "orchestrator", "max": 3},
    }
    customers = {"name": "kv.read", "binding": "customers"}
    clock = {"name": "clock", "binding": "clock"}
    nodes = [
        node("trigger", "trigger", trigger=hook, out_schema="Order"),
        node("is_large", "if", **_types("Order", "Order")),
        node("region", "switch", **_types("Order", "Order")),
        node("charge", **_types("Order", "Receipt"), **charged, **promised),
        node("refund", **_types("Receipt", "Refund"), **charged),
        node("customer", **_types("Order", "Customer"), **_acts("read_only", "stable"), capabilities=(customers,)),
        node("stamp", **_types("Order", "Order"), **_acts("read_only", "nondeterministic"), capabilities=(clock,)),
        node("lines", "foreach", **_types("Order", "Line"), stream=True),
        node("pay", "join"),
        node("pair", "zip"),
        node("once", "distinct", **_types("Receipt", "Receipt")),
        node("hour", "window", **_acts("pure", "stable"), side_outputs=("late_events",)),
        node("sums", "aggregate", **_types("Receipt", "Totals")),
        node("ship", "subflow", **_types("Order", "Shipment"), **_acts("effectful", "strict")),
        node("legacy", "plugin", **_types("Order", "Order")),
        node("all", "merge"),
        node("respond", "respond"),
    ]
    edges = [
        edge("trigger", "is_large"),
        edge("is_large", "charge", "true", delivery="exactly_once", partition_key="customer_id"),
        edge("is_large", "region", "false", timeout_ms=2000),
        edge("region", "customer", "eu"),
        edge("region", "stamp", "default"),
        edge("charge", "pay", into="left"),
        edge("customer", "pay", into="right"),
        edge("pay", "once", ordering="unordered"),
        edge("once", "hour"),
        edge("hour", "sums"),
        edge("hour", "all", "late_events"),
        edge("stamp", "lines", buffer={"max_items": 5, "on_full": "drop_oldest"}),
        edge("lines", "ship"),
        edge("stamp", "pair", into="left"),
        edge("ship", "pair", into="right"),
        edge("pair", "legacy"),
        edge("legacy", "all"),
        edge("sums", "all"),
        edge("all", "respond"),
    ]
    surfaces = [
        {"kind": "rate_limit", "targets": (identity("trigger"),), "config": {"qps": 1000.0, "burst": 2000}},
        {"kind": "respond", "targets": (identity("respond"),), "config": {"status": 201, "body": "json"}},
        *_dataflow(),
    ]
    return flow(
        nodes,
        edges,
        summary='Takes "orders" & charges those < $10k',
        surfaces=tuple(surfaces),
        checkpoints=({"id": "approve", "on": identity("is_large"), "ttl_s": 7200},),
        slos=({"percentile": 99.9, "latency_ms": 1500, "at_qps": 500},),
        policies={"max_in_flight": 64},
        residency=("eu",),
    )


def _dataflow() -> list[dict[str, Any]]:
    """What splitting, pairing and grouping nodes are set to."""
    window = {"shape": "tumbling", "event_time": "at", "size_ms": 3_600_000, "lateness_ms": 120_000, "idle_ms": 60_000}
    total = {"op": "sum", "field": "cents", "as": "cents"}
    configs: dict[tuple[str, str], dict[str, Any]] = {
        ("lines", "foreach"): {"concurrency": 4},
        ("pay", "join"): {"on": [["order_id", "id"]], "within_ms": 600_000, "kind": "inner"},
        ("once", "distinct"): {"fields": ["order_id"], "within_ms": 3_600_000},
        ("hour", "window"): window,
        ("sums", "aggregate"): {"keys": ["region"], "functions": [total, {"op": "count", "as": "orders"}]},
    }
    return [{"kind": kind, "targets": (identity(name),), "config": config} for (name, kind), config in configs.items()]


def _types(into: str, out: str) -> dict[str, Any]:
    return {"in_schema": into, "out_schema": out}


def _acts(effects: str, determinism: str) -> dict[str, Any]:
    return {"effects": effects, "determinism": determinism}
