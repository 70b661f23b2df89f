"""What a flow means to the person who approves it: what it may do, promises and accepts, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.model import FlowIR, Node
from flowlattice.policy import records_of


def meaning_of(ir: FlowIR) -> Iterator[str]:
    """The facts of a flow that is new, most important first."""
    for trigger in ir.triggers():
        if trigger.trigger is not None:
            deadline = trigger.trigger.deadline_ms
            within = f"answers within {deadline} ms or 504" if deadline else "has no deadline"
            yield f"route {trigger.trigger.method} {trigger.trigger.path} takes {trigger.out_schema} and {within}"
    nodes = [node for node in ir.nodes if node.kind == "node"]
    yield from _effects(nodes)
    for surface in ir.surfaces:
        if surface.kind == "rate_limit":
            qps, burst = surface.config.get("qps"), surface.config.get("burst")
            yield f"at most {qps:g} requests a second and {burst} at once; more get 429"
    statuses = sorted({str(s.config.get("status")) for s in ir.surfaces if s.kind == "respond"})
    refusals = sorted({r.status for t in ir.triggers() if t.trigger for r in t.trigger.invalid} or {422})
    yield f"answers {', '.join(statuses)}, and {', '.join(map(str, refusals))} to invalid input"
    classes = sorted({field.data_class or "none" for record in records_of(ir.schemas) for field in record.fields})
    yield f"handles data of class {', '.join(classes)}" if classes else "handles no data"


def _effects(nodes: list[Node]) -> Iterator[str]:
    effectful = [node for node in nodes if node.effects != "pure"]
    if not effectful:
        yield "has no effect: reads nothing, writes nothing, reaches no host"
    for node in effectful:
        hosts = sorted({host for use in node.capabilities for host in use.egress})
        reaches = f" and reaches {', '.join(hosts)}" if hosts else ""
        key = f", once per {', '.join(node.idempotency.fields)}" if node.idempotency else ""
        yield f"node {node.name} is {node.effects}{reaches}{key}"
    weakest = [node for node in nodes if node.determinism != "strict"]
    if weakest:
        yield f"repeats only as far as {', '.join(f'{node.name} ({node.determinism})' for node in weakest)} does"
    elif nodes:
        yield "repeats byte for byte: every node is strict"
