"""Wiring: edges, and the surfaces that route records."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Kind, Weight, moved, paired, weight_of
from flowlattice.ir.model import Edge, FlowIR, Surface

_DELIVERY = ("exactly_once", "at_least_once", "at_most_once")
_WHOLE = ("respond", "rate_limit")  # compared as replies and as limits


def wiring(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Ways of records that are new, gone, or carry them otherwise; then what switches and the like decide."""
    old, new = _edges(before), _edges(after)
    for way in [way for way in old if way not in new]:
        yield Change(kind="wiring", weight="neutral", subject=way, text=f"records no longer go {way}", before=way)
    for way in [way for way in new if way not in old]:
        yield Change(kind="wiring", weight="neutral", subject=way, text=f"records go {way}", after=way)
    for way, was, now in paired(old, new):
        yield from _edge(way, was, now)
    yield from _surfaces(before, after)


def _edges(ir: FlowIR) -> dict[str, Edge]:
    names = _names(ir)
    found: dict[str, Edge] = {}
    for edge in ir.edges:
        source, target = (names.get(node, str(node)) for node in (edge.source_id, edge.target_id))
        way = f"from {source} to {target}" + (f" in case {edge.case}" if edge.case is not None else "")
        number = sum(known == way or known.startswith(f"{way}, way ") for known in found)
        found[f"{way}, way {number + 1}" if number else way] = edge
    return found


def _edge(way: str, was: Edge, now: Edge) -> Iterator[Change]:
    if was.delivery != now.delivery:
        weight = weight_of(_DELIVERY, was.delivery, now.delivery)
        yield moved("wiring", way, f"delivery {way}", was.delivery, now.delivery, weight)
    if was.buffer.on_full != now.buffer.on_full:
        loses: Weight = "safer" if now.buffer.on_full == "backpressure" else "riskier"
        what = f"what happens where the buffer {way} is full"
        yield moved("wiring", way, what, was.buffer.on_full, now.buffer.on_full, loses)
    plain: tuple[tuple[str, JsonValue, JsonValue], ...] = (
        ("the order", was.ordering, now.ordering),
        ("the partition key", was.partition_key, now.partition_key),
        ("the buffer (items)", was.buffer.max_items, now.buffer.max_items),
        ("the buffer that spills (bytes)", was.buffer.spill_bytes, now.buffer.spill_bytes),
        ("the timeout (ms)", was.timeout_ms, now.timeout_ms),
        ("what goes", was.carries, now.carries),
    )
    for what, one, other in plain:
        if one != other:
            yield moved("wiring", way, f"{what} {way}", one, other)


def _surfaces(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    old, new = _governing(before), _governing(after)
    for name in [name for name in [*old, *new] if name not in old or name not in new]:
        known = {node.name for node in (after if name in old else before).nodes}
        surface = old.get(name) or new[name]
        if any(target in known for target in _targets(before if name in old else after, surface)):
            yield moved("wiring", name, name, "there" if name in old else None, "there" if name in new else None)
    for name, was, now in paired(old, new):
        kind: Kind = "switch" if was.kind == "switch" else "wiring"
        for key in [*was.config, *(key for key in now.config if key not in was.config)]:
            one, other = was.config.get(key), now.config.get(key)
            if one != other:
                weight: Weight = "riskier" if kind == "switch" and _loses(one, other) else "neutral"
                yield moved(kind, name, f"the {key} of {name}", one, other, weight)


def _loses(was: JsonValue, now: JsonValue) -> bool:
    """Whether a case that was there is gone."""
    return isinstance(was, list) and isinstance(now, list) and any(case not in now for case in was)


def _governing(ir: FlowIR) -> dict[str, Surface]:
    """The surfaces by what they govern; a node's timeout that says what the node says is left out."""
    timeouts = {node.id: node.timeout_ms for node in ir.nodes}
    found: dict[str, Surface] = {}
    for surface in ir.surfaces:
        repeats = surface.kind == "timeout" and [surface.config.get("timeout_ms")] == [
            timeouts.get(target) for target in surface.targets
        ]
        if surface.kind not in _WHOLE and not repeats:
            found[f"{surface.kind} {', '.join(_targets(ir, surface))}"] = surface
    return found


def _targets(ir: FlowIR, surface: Surface) -> list[str]:
    names = _names(ir)
    return [names.get(target, str(target)) for target in surface.targets]


def _names(ir: FlowIR) -> dict[UUID, str]:
    return {node.id: node.name for node in ir.nodes}
