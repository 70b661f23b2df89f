"""What a flow is that is new: what it may do, promises and accepts."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.comparison._change import Change, Kind, Weight
from flowlattice.ir.cost import route_of, worst_case
from flowlattice.ir.model import FlowIR, Node
from flowlattice.ir.records import records_of


def facts(ir: FlowIR) -> Iterator[Change]:
    """The facts of a flow, most important first."""
    for trigger in ir.triggers():
        yield _fact("route", route_of(trigger), route_fact(trigger))
    nodes = [node for node in ir.nodes if node.kind == "node"]
    effectful = [node for node in nodes if node.effects != "pure"]
    if not effectful:
        yield _fact("effects", ir.name, "has no effect: reads nothing, writes nothing, reaches no host")
    for node in effectful:
        yield _fact("effects", node.name, node_fact(node), "riskier" if node.effects == "effectful" else "neutral")
    yield from _determinism(ir, nodes)
    for surface in ir.surfaces:
        if surface.kind == "rate_limit":
            qps, burst = surface.config.get("qps"), surface.config.get("burst")
            rate = f"{qps:g}" if isinstance(qps, int | float) else qps
            yield _fact("limit", ir.name, f"at most {rate} requests a second and {burst} at once; more get 429")
    statuses = sorted({str(s.config.get("status")) for s in ir.surfaces if s.kind == "respond"})
    refusals = sorted({r.status for t in ir.triggers() if t.trigger for r in t.trigger.invalid} or {422})
    text = f"answers {', '.join(statuses)}, and {', '.join(map(str, refusals))} to invalid input"
    yield _fact("reply", ir.name, text)
    classes = sorted({field.data_class or "none" for record in records_of(ir.schemas) for field in record.fields})
    yield _fact("data", ir.name, f"handles data of class {', '.join(classes)}" if classes else "handles no data")
    for route, cost in worst_case(ir).routes.items():
        if cost.calls:
            counted = ", ".join(f"{count} to {host}" for host, count in cost.calls.items())
            yield _fact("cost", route, f"one run of {route} makes these outside calls at worst, loops aside: {counted}")


def route_fact(trigger: Node) -> str:
    """What a route takes and when it answers."""
    deadline = trigger.trigger.deadline_ms if trigger.trigger else None
    within = f"answers within {deadline} ms or 504" if deadline else "has no deadline"
    return f"route {route_of(trigger)} takes {trigger.out_schema} and {within}"


def node_fact(node: Node) -> str:
    """What a node does to the world outside."""
    hosts = sorted({host for use in node.capabilities for host in use.egress})
    reaches = f" and reaches {', '.join(hosts)}" if hosts else ""
    key = f", once per {', '.join(node.idempotency.fields)}" if node.idempotency else ""
    return f"node {node.name} is {node.effects}{reaches}{key}"


def _determinism(ir: FlowIR, nodes: list[Node]) -> Iterator[Change]:
    weakest = [node for node in nodes if node.determinism != "strict"]
    if weakest:
        named = ", ".join(f"{node.name} ({node.determinism})" for node in weakest)
        yield _fact("determinism", ir.name, f"repeats only as far as {named} does")
    elif nodes:
        yield _fact("determinism", ir.name, "repeats byte for byte: every node is strict")


def _fact(kind: Kind, subject: str, text: str, weight: Weight = "neutral") -> Change:
    return Change(kind=kind, weight=weight, subject=subject, text=text, after=text)
