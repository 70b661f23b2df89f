"""Schemas: what callers may send and what they get, each difference with whether they must change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flowlattice.ir.comparison._change import Change, Weight, shown
from flowlattice.ir.comparison._walk import Difference, Effect, differences
from flowlattice.ir.cost import route_of
from flowlattice.ir.model import FlowIR

Role = Literal["input", "output", "inner"]

# Which effects break whom: a caller's request may be refused now, or an answer holds what it could not hold.
_BREAKING: dict[Role, frozenset[Effect]] = {
    "input": frozenset({"narrower", "other", "added_required"}),
    "output": frozenset({"wider", "other", "removed"}),
    "inner": frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class _Place:
    role: Role
    where: str
    before: str
    after: str


def schemas(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Differences of what routes take and replies give; then of the schemas in between."""
    seen: set[tuple[str, str]] = set()
    places = [*_inputs(before, after), *_outputs(before, after)]
    for place in places:
        seen.add((place.before, place.after))
        yield from _compared(before, after, place)
    for name in before.schemas:
        if name in after.schemas and (name, name) not in seen:
            yield from _compared(before, after, _Place(role="inner", where="", before=name, after=name))


def _inputs(before: FlowIR, after: FlowIR) -> Iterator[_Place]:
    old = {route_of(node): node.out_schema for node in before.triggers()}
    for node in after.triggers():
        name = route_of(node)
        if old.get(name) and node.out_schema:
            yield _Place(role="input", where=name, before=str(old[name]), after=node.out_schema)


def _outputs(before: FlowIR, after: FlowIR) -> Iterator[_Place]:
    old, new = _carried(before), _carried(after)
    for name, schema in new.items():
        if name in old:
            yield _Place(role="output", where=f"the reply {name}", before=old[name], after=schema)


def _carried(ir: FlowIR) -> dict[str, str]:
    return {
        node.name: edge.carries
        for node in ir.nodes
        if node.kind == "respond"
        for edge in ir.incoming(node.id)
        if edge.carries is not None
    }


def _compared(before: FlowIR, after: FlowIR, place: _Place) -> Iterator[Change]:
    old, new = before.schemas.get(place.before), after.schemas.get(place.after)
    for difference in differences(old, new, place.after):
        breaks = difference.effect in _BREAKING[place.role]
        weight: Weight = "riskier" if breaks else "neutral"
        yield Change(
            kind="schema",
            weight=weight,
            subject=difference.path,
            text=f"{_sentence(difference)}{_consequence(place, breaks=breaks)}",
            before=difference.before,
            after=difference.after,
        )


def _sentence(found: Difference) -> str:
    if found.effect == "added_required":
        return f"{found.path} is new and required"
    if found.effect == "added_optional":
        return f"{found.path} is new and may be left out"
    if found.effect == "removed":
        return f"{found.path} is gone"
    side = {"narrower": " (narrower)", "wider": " (wider)"}.get(found.effect, "")
    return f"{found.path}: {found.what} is {shown(found.after)}, was {shown(found.before)}{side}"


def _consequence(place: _Place, *, breaks: bool) -> str:
    if place.role == "inner":
        return ""
    return f"; {'breaks' if breaks else 'compatible for'} callers of {place.where}"
