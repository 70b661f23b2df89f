"""What a picture of a flow shows: boxes with lines of text and arrows with a label, in no particular format.

Texts are cleaned (`text.clean`) but not escaped: that is each format's own business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from flowlattice.ir.ceilings import CEILINGS
from flowlattice.ir.drawing.notes import checkpoint_note, surface_note
from flowlattice.ir.drawing.text import clean, duration, number, size
from flowlattice.ir.model import CapabilityUse, DeterminismName, Edge, EffectsName, FlowIR, Node, NodeKind
from flowlattice.ir.model import Surface as IRSurface

# Kinds whose own code can do something: their effects are said even where there are none.
_ACTING: frozenset[NodeKind] = frozenset({"node", "aggregate", "foreach", "join", "zip", "subflow", "plugin"})


@dataclass(frozen=True, kw_only=True)
class Box:
    """A node.

    Attributes:
        key: `n1`, `n2`, ... in the order of the IR; safe as a name in every format.
        name: The node's name.
        kind: Which shape it has.
        notes: Lines below the name, in their order.
    """

    key: str
    name: str
    kind: NodeKind
    effects: EffectsName
    determinism: DeterminismName
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """An edge (`flow`), one of a side output (`side`), or the way to the node that undoes another one (`compensate`).

    Attributes:
        source: Key of the box that it leaves.
        target: Key of the box that it reaches.
        label: The case and what is unusual about the edge; may be empty.
    """

    source: str
    target: str
    label: str
    kind: Literal["flow", "side", "compensate"] = "flow"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A flow: its title, what holds for all of it, boxes and arrows."""

    key: str
    title: str
    summary: str
    notes: tuple[str, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture(ir: FlowIR) -> Picture:
    """What to draw of a flow."""
    keys = {node.id: f"n{number}" for number, node in enumerate(ir.nodes, start=1)}
    notes = _governing(ir)
    return Picture(
        key=f"flow-{ir.id.hex[:8]}",
        title=clean(f"{ir.name} {ir.version}"),
        summary=clean(ir.summary),
        notes=tuple(clean(note) for note in _flow_notes(ir)),
        boxes=tuple(_box(node, keys[node.id], notes[node.id]) for node in ir.nodes),
        arrows=(*_flows(ir, keys), *_compensations(ir, keys)),
    )


def _box(node: Node, key: str, governing: list[str]) -> Box:
    return Box(
        key=key,
        name=clean(node.name),
        kind=node.kind,
        effects=node.effects,
        determinism=node.determinism,
        notes=tuple(clean(note) for note in (*_notes(node), *governing)),
    )


def _notes(node: Node) -> Iterator[str]:
    """What a node says of itself."""
    yield from _trigger(node)
    if node.subflow is not None:
        yield f"{node.subflow.export} of {node.subflow.flow} {node.subflow.version}"
    if node.kind in _ACTING and (node.in_schema or node.out_schema):
        yield f"{node.in_schema or '?'} → {node.out_schema or '?'}{' …' if node.stream else ''}"
    if node.kind in _ACTING or (node.effects, node.determinism) != ("pure", "strict"):
        yield f"{_words(node.effects)} · {_words(node.determinism)}"
    for use in node.capabilities:
        yield _capability(use)
    if node.idempotency is not None:
        yield f"idempotent by {', '.join(node.idempotency.fields) or 'nothing'}"
    if node.retry is not None:
        yield f"retry by {node.retry.owner}, at most {node.retry.max}"
    yield from _hints(node)
    if node.timeout_ms is not None:
        yield f"timeout {duration(node.timeout_ms)}"
    if node.ai is not None and node.ai.model is not None:
        yield f"model {node.ai.model}"
    if node.side_outputs and node.trigger is None:  # every trigger but a route has `rejected`
        yield f"side outputs: {', '.join(node.side_outputs)}"


def _hints(node: Node) -> Iterator[str]:
    """How a node may be run."""
    if node.cache is not None:
        kept = "" if node.cache.ttl_ms is None else f", {duration(node.cache.ttl_ms)}"
        yield f"cached by {', '.join(node.cache.fields) or 'nothing'} ({node.cache.tier}{kept})"
    if node.batch is not None:
        wait = "" if node.batch.within_ms is None else f" within {duration(node.batch.within_ms)}"
        yield f"batches of {node.batch.size}{wait}"
    if node.concurrency is not None and node.kind != "foreach":  # its surface says it
        yield f"at most {node.concurrency} at once"
    if node.variables:
        yield f"reads {', '.join(node.variables)}"


def _trigger(node: Node) -> Iterator[str]:
    trigger = node.trigger
    if trigger is None:
        return
    where = trigger.path or trigger.topic or trigger.cron or trigger.prefix or ""
    yield f"{trigger.method or trigger.kind} {where}".rstrip()
    if node.out_schema:
        yield f"→ {node.out_schema}"
    if trigger.deadline_ms is not None:
        yield f"deadline {duration(trigger.deadline_ms)}"


def _capability(use: CapabilityUse) -> str:
    hosts = f" → {', '.join(use.egress)}" if use.egress else ""
    return f"{use.name} {use.binding if use.binding != use.name else ''}".rstrip() + hosts


def _governing(ir: FlowIR) -> dict[UUID, list[str]]:
    """What control surfaces and checkpoints add to the nodes that they govern."""
    notes: dict[UUID, list[str]] = defaultdict(list)
    for surface in ir.surfaces:
        note = surface_note(surface)
        for target in surface.targets if note and not _is_everywhere(surface, ir) else ():
            notes[target].append(note)
    for checkpoint in ir.checkpoints:
        notes[checkpoint.on].append(checkpoint_note(checkpoint))
    return notes


def _is_everywhere(surface: IRSurface, ir: FlowIR) -> bool:
    """Whether it is a limit that all of several triggers share: the flow says it, once."""
    triggers = {node.id for node in ir.triggers()}
    return surface.kind == "rate_limit" and len(triggers) > 1 and triggers == set(surface.targets)


def _flow_notes(ir: FlowIR) -> Iterator[str]:
    yield f"profile {ir.profile}"
    yield from (surface_note(surface) for surface in ir.surfaces if _is_everywhere(surface, ir))
    for slo in ir.slos:
        rate = "" if slo.at_qps is None else f" at {number(slo.at_qps)}/s"
        if slo.percentile is not None and slo.latency_ms is not None:
            yield f"p{number(slo.percentile)} within {duration(slo.latency_ms)}{rate}"
        if slo.records_per_s is not None:
            yield f"{number(slo.records_per_s)} records a second"
    if "max_in_flight" in ir.policies:
        yield f"at most {number(ir.policies['max_in_flight'])} in flight"
    for name, words in CEILINGS.items():
        if name in ir.policies:
            yield f"at most {words.format(ir.policies[name])}"
    if ir.residency:
        yield f"stays in {', '.join(ir.residency)}"


def _flows(ir: FlowIR, keys: dict[UUID, str]) -> Iterator[Arrow]:
    sides = {node.id: node.side_outputs for node in ir.nodes}
    for edge in ir.edges:
        # IR that was not made here may name nodes that it does not have.
        if edge.source_id in keys and edge.target_id in keys:
            label = clean(" · ".join(_edge(edge)))
            kind: Literal["flow", "side"] = "side" if edge.case in sides[edge.source_id] else "flow"
            yield Arrow(source=keys[edge.source_id], target=keys[edge.target_id], label=label, kind=kind)


def _edge(edge: Edge) -> Iterator[str]:
    """An edge's case and side, then what is not as it is by default."""
    if edge.case is not None:
        yield edge.case
    if edge.into is not None:
        yield edge.into
    if edge.ordering != "ordered":
        yield edge.ordering
    if edge.delivery != "at_least_once":
        yield _words(edge.delivery)
    if edge.partition_key is not None:
        yield f"by {edge.partition_key}"
    if edge.buffer.on_full != "backpressure":
        yield f"{_words(edge.buffer.on_full)} over {edge.buffer.max_items}{_spilled(edge)}"
    if edge.timeout_ms is not None:
        yield f"timeout {duration(edge.timeout_ms)}"


def _spilled(edge: Edge) -> str:
    where = "" if edge.buffer.spill_blob is None else f" to {edge.buffer.spill_blob}"
    return where + ("" if edge.buffer.spill_bytes is None else f", at most {size(edge.buffer.spill_bytes)}")


def _compensations(ir: FlowIR, keys: dict[UUID, str]) -> Iterator[Arrow]:
    for node in ir.nodes:
        if node.compensate is not None and node.compensate in keys:
            yield Arrow(source=keys[node.id], target=keys[node.compensate], label="undone by", kind="compensate")


def _words(name: str) -> str:
    return name.replace("_", " ")
