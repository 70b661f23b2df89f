"""Surfaces: what switches, windows, partitions and error handlers decide. Replies and limits are compared elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Kind, Weight, moved, paired
from flowlattice.ir.comparison._weigh import Weigh, ceiling, demanded, floor, neutral, riskier
from flowlattice.ir.model import FlowIR, Surface, SurfaceKind

_WHOLE = ("respond", "rate_limit")  # compared as replies and as limits
_KINDS: dict[SurfaceKind, Kind] = {"switch": "switch", "error_handler": "error"}
# Those that protect, so that a flow without them is riskier.
_PROTECTS = ("error_handler", "partition", "distinct", "timeout", "spill")
_WEIGHTS: dict[tuple[SurfaceKind, str], Weigh] = {
    ("switch", "cases"): demanded,
    ("foreach", "concurrency"): neutral,
    ("join", "on"): riskier,
    ("join", "within_ms"): riskier,
    ("join", "kind"): riskier,
    ("distinct", "fields"): riskier,
    ("distinct", "within_ms"): floor,
    ("window", "shape"): riskier,
    ("window", "event_time"): riskier,
    ("window", "size_ms"): riskier,
    ("window", "slide_ms"): riskier,
    ("window", "gap_ms"): riskier,
    ("window", "lateness_ms"): floor,
    ("aggregate", "keys"): riskier,
    ("aggregate", "functions"): demanded,
    ("partition", "fields"): riskier,
    ("partition", "max_parallel_shards"): ceiling,
    ("error_handler", "strategy"): riskier,
    ("error_handler", "max"): ceiling,
    ("error_handler", "backoff_ms"): floor,
    ("error_handler", "factor"): floor,
    ("error_handler", "to"): riskier,
    ("error_handler", "then"): riskier,
    ("spill", "bandwidth_bytes_s"): ceiling,
}


def surfaces(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Surfaces that are new, gone, or decide otherwise than before."""
    old, new = _governing(before), _governing(after)
    for name in [name for name in [*old, *new] if name not in old or name not in new]:
        known = {node.name for node in (after if name in old else before).nodes}
        surface = old.get(name) or new[name]
        if any(target in known for target in _targets(before if name in old else after, surface)):
            weight = _appeared(surface, is_new=name in new)
            yield moved(_kind(surface), name, name, _said(old.get(name)), _said(new.get(name)), weight)
    for name, was, now in paired(old, new):
        for key in [*was.config, *(key for key in now.config if key not in was.config)]:
            one, other = was.config.get(key), now.config.get(key)
            if one != other:
                weight = _WEIGHTS.get((was.kind, key), neutral)(one, other)
                yield moved(_kind(was), name, f"the {key} of {name}", one, other, weight)


def _said(surface: Surface | None) -> JsonValue:
    """What a surface says, as a sentence shows it."""
    return None if surface is None else surface.config or "there"


def _appeared(surface: Surface, *, is_new: bool) -> Weight:
    if surface.kind not in _PROTECTS:
        return "neutral"
    return "safer" if is_new else "riskier"


def _kind(surface: Surface) -> Kind:
    return _KINDS.get(surface.kind, "wiring")


def _governing(ir: FlowIR) -> dict[str, Surface]:
    """The surfaces by what they govern; those that repeat what a node or an edge says are left out."""
    timeouts = {node.id: node.timeout_ms for node in ir.nodes}
    found: dict[str, Surface] = {}
    for surface in ir.surfaces:
        repeats = surface.kind == "timeout" and [surface.config.get("timeout_ms")] == [
            timeouts.get(target) for target in surface.targets
        ]
        if surface.kind not in _WHOLE and not repeats:
            name = f"{surface.kind} {', '.join(_targets(ir, surface))}"
            number = sum(known == name or known.startswith(f"{name}, ") for known in found)
            found[f"{name}, {number + 1}" if number else name] = surface
    return found


def _targets(ir: FlowIR, surface: Surface) -> list[str]:
    names = {node.id: node.name for node in ir.nodes}
    return [names.get(target, str(target)) for target in surface.targets]
