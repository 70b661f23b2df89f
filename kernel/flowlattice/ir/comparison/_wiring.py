"""Wiring: the edges."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.comparison._change import Change, Weight, moved, paired, weight_of
from flowlattice.ir.comparison._weigh import Said, fields_moved
from flowlattice.ir.model import Edge, FlowIR

_DELIVERY = ("exactly_once", "at_least_once", "at_most_once")
_EDGE = {
    "ordering": Said("the order {}", lambda _was, now: "riskier" if now == "unordered" else "safer"),
    "partition_key": Said("the partition key {}", lambda _was, now: "riskier" if now is None else "neutral"),
    "timeout_ms": Said("the timeout (ms) {}", lambda _was, now: "riskier" if now is None else "neutral"),
    "carries": Said("what goes {}"),
}
_BUFFER = {
    "max_items": Said("the buffer (items) {}"),
    "spill_bytes": Said("the buffer that spills (bytes) {}"),
    "spill_bytes_per_s": Said("how fast it spills (bytes a second) {}"),
    "spill_blob": Said("where it spills to {}"),
}


def wiring(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Ways of records that are new, gone, or carry them otherwise."""
    old, new = _edges(before), _edges(after)
    for way in [way for way in old if way not in new]:
        yield Change(kind="wiring", weight="neutral", subject=way, text=f"records no longer go {way}", before=way)
    for way in [way for way in new if way not in old]:
        yield Change(kind="wiring", weight="neutral", subject=way, text=f"records go {way}", after=way)
    for way, was, now in paired(old, new):
        yield from _edge(way, was, now)


def _edges(ir: FlowIR) -> dict[str, Edge]:
    names = {node.id: node.name for node in ir.nodes}
    found: dict[str, Edge] = {}
    for edge in ir.edges:
        source, target = (names.get(node, str(node)) for node in (edge.source_id, edge.target_id))
        into = f".{edge.into}" if edge.into is not None else ""
        way = f"from {source} to {target}{into}" + (f" in case {edge.case}" if edge.case is not None else "")
        number = sum(known == way or known.startswith(f"{way}, way ") for known in found)
        found[f"{way}, way {number + 1}" if number else way] = edge
    return found


def _edge(way: str, was: Edge, now: Edge) -> Iterator[Change]:
    if was.delivery != now.delivery:
        weight = weight_of(_DELIVERY, was.delivery, now.delivery)
        yield moved("wiring", way, f"delivery {way}", was.delivery, now.delivery, weight)
    if was.buffer.on_full != now.buffer.on_full:
        loses: Weight = "riskier" if now.buffer.on_full.startswith("drop") else "safer"
        what = f"what happens where the buffer {way} is full"
        yield moved("wiring", way, what, was.buffer.on_full, now.buffer.on_full, loses)
    yield from fields_moved("wiring", way, was, now, _EDGE)
    yield from fields_moved("wiring", way, was.buffer, now.buffer, _BUFFER)
