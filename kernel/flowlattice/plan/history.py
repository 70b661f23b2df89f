"""How many events a workflow's history grows by, and when it continues as new.

An activity is three events (scheduled, started, completed), however often it is retried: Temporal keeps attempts out of
the history. A timer is two, a signal one, a child three, start and end together two. Whatever wakes
the workflow, its start included, adds a workflow task of three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from flowlattice.plan.base import PlanModel
from flowlattice.plan.units import AnyUnit, Branch, Call, Child, Fan, Merge, Operator, Respond, Segment, Wait, fans

CONTINUE_EVENTS: Final = 2_000
"""A workflow continues as new when its history has so many events."""
CONTINUE_MS: Final = 3 * 60 * 60 * 1000
"""It also does after so long."""

Per = Literal["run", "record", "reminder"]
Happening = Literal["activity", "timer", "signal", "child", "run", "workflow task"]

EVENTS: Final[Mapping[Happening, int]] = {
    "run": 2,
    "activity": 3,
    "timer": 2,
    "signal": 1,
    "child": 3,
    "workflow task": 3,
}
"""Events of the history that each of these is."""


class Tally(PlanModel):
    """So many of one kind, each so many events."""

    what: Happening
    count: int
    each: int


class History(PlanModel):
    """What one workflow's history grows by.

    Attributes:
        workflow: `run`, the unit of a child, or the trigger that reminds.
        per: What it grows with: a run, which has a workflow of its own, a record given to one that stays, or a
            reminder while it waits.
        tally: What is expected of a run or a record on its longest way, without failures.
        events: The sum.
        worst: The same if everything also fails as late as it can: deadlines pass, effects are undone, dead letters
            are handled. Retries add nothing.
        per_item: Further events for each item of a `foreach`.
        continues_after: After how many runs, records or items it has to continue as new; none: it ends before.
        says: That in words.

    """

    workflow: str
    per: Per
    tally: tuple[Tally, ...]
    events: int
    worst: int
    per_item: int = 0
    continues_after: int | None = None
    says: str


@dataclass(frozen=True)
class _Sum:
    """Counts by kind, those for each item of a `foreach` apart."""

    once: Mapping[Happening, int] = field(default_factory=dict)
    items: Mapping[Happening, int] = field(default_factory=dict)

    def plus(self, other: _Sum) -> _Sum:
        return _Sum(_added(self.once, other.once), _added(self.items, other.items))

    @property
    def events(self) -> int:
        return _events(self.once)

    @property
    def weight(self) -> tuple[int, int]:
        return _events(self.once) + _events(self.items), _events(self.once)


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What the histories of a flow depend on besides its units.

    Attributes:
        starts: Where its triggers lead.
        reminders: Where those lead that remind, by name.
        stays: Whether its workflow stays for many records.
        undone: How many effects can be undone.

    """

    starts: tuple[Fan, ...]
    reminders: Mapping[str, Fan]
    stays: bool
    undone: int


def histories(units: Mapping[str, AnyUnit], growth: Growth) -> tuple[History, ...]:
    """The histories of a flow's workflow and of its children, and what reminders add."""
    base: dict[Happening, int] = {"workflow task": 1, ("signal" if growth.stays else "run"): 1}
    undo = _Sum({"activity": growth.undone, "workflow task": growth.undone})
    found = [_history("run", units, growth.starts, "record" if growth.stays else "run", base, undo)]
    for unit in units.values():
        if isinstance(unit, Child) and unit.body.hops:
            stays = unit.of == "partition"
            per: Per = "record" if stays else "run"
            begins: dict[Happening, int] = {"workflow task": 1, ("signal" if stays else "run"): 1}
            found.append(_history(unit.name, units, (unit.body,), per, begins, _Sum()))
    for name, fan in growth.reminders.items():
        found.append(_history(name, units, (fan,), "reminder", {"timer": 1, "workflow task": 1}, _Sum()))
    return tuple(found)


def _history(  # noqa: PLR0913, PLR0917 - what a history is made of
    workflow: str,
    units: Mapping[str, AnyUnit],
    starts: tuple[Fan, ...],
    per: Per,
    base: Mapping[Happening, int],
    undo: _Sum,
) -> History:
    expected = max((_fan(fan, _sums(units, starts, worst=False)) for fan in starts), key=_weight, default=_Sum())
    worst = max((_fan(fan, _sums(units, starts, worst=True)) for fan in starts), key=_weight, default=_Sum())
    whole = _Sum(base).plus(expected)
    per_item = _events(expected.items)
    after = _continues_after(per, whole.events, per_item)
    return History(
        workflow=workflow,
        per=per,
        tally=tuple(
            Tally(what=what, count=count, each=each)
            for what, each in EVENTS.items()
            if (count := whole.once.get(what, 0))
        ),
        events=whole.events,
        worst=_Sum(base).plus(worst).plus(undo).events,
        per_item=per_item,
        continues_after=after,
        says=_says(per, whole.events, per_item, after),
    )


def _continues_after(per: Per, events: int, per_item: int) -> int | None:
    if per == "record":
        return max(1, (CONTINUE_EVENTS - EVENTS["run"] - EVENTS["workflow task"]) // max(1, events + per_item))
    if per == "reminder":
        return None
    if per_item:
        return max(1, (CONTINUE_EVENTS - events) // per_item)
    return 1 if events > CONTINUE_EVENTS else None


def _says(per: Per, events: int, per_item: int, after: int | None) -> str:
    limit = f"{CONTINUE_EVENTS:,}"
    items = f", and {per_item} for each item" if per_item else ""
    if per == "record":
        return f"{events} events for each record{items}: it continues as new after {after:,} records or 3 h"
    if per == "reminder":
        return f"{events} events{items} each time, added to the run that waits"
    if events > CONTINUE_EVENTS:
        return f"{events:,} events{items}: one run alone passes {limit}, so it continues as new on its way"
    if per_item:
        return f"{events} events{items}: a run of more than {after:,} items continues as new on its way"
    return f"{events} events: a run ends below {limit}, and continues as new only if it takes over 3 h"


def _sums(units: Mapping[str, AnyUnit], starts: Iterable[Fan], *, worst: bool) -> dict[str, _Sum]:
    """By unit, what happens from it on in the same workflow."""
    sums: dict[str, _Sum] = {}
    stack = [(hop.to, False) for fan in starts for hop in fan.hops]
    while stack:
        name, is_left = stack.pop()
        unit = units[name]
        if is_left:
            sums[name] = _unit(unit, sums, worst)
        elif name not in sums:
            stack.append((name, True))
            own = (unit.next, *unit.side.values()) if isinstance(unit, Child) else fans(unit)
            stack += [(hop.to, False) for fan in own for hop in fan.hops if hop.to not in sums]
    return sums


def _unit(unit: AnyUnit, sums: Mapping[str, _Sum], worst: bool) -> _Sum:
    """A unit and what follows it; in the worst case the way out that grows the history most."""
    match unit:
        case Branch():
            return max((_fan(fan, sums) for fan in unit.cases.values()), key=_weight, default=_Sum())
        case Respond():
            return _Sum()
        case Merge():
            return _fan(unit.next, sums)
        case Child():
            after = [_fan(unit.next, sums), *(_fan(fan, sums) for fan in unit.side.values() if worst)]
            return _Sum({"child": 1, "workflow task": 1}).plus(max(after, key=_weight))
        case Wait():
            after = [_fan(unit.next, sums), *([_fan(unit.rejected, sums)] if worst else [])]
            escalated: dict[Happening, int] = {
                "signal": 1,
                "timer": 2 if worst else 1,
                "workflow task": 3 if worst else 1,
            }
            return _Sum(escalated).plus(max(after, key=_weight))
        case Operator(kind="foreach"):
            below = _fan(unit.next, sums)
            return _Sum({}, _added(below.once, below.items))
        case Segment() | Call() | Operator():
            after = [_fan(unit.next, sums), *(_fan(fan, sums) for fan in unit.side.values() if worst)]
            return _own(unit).plus(max(after, key=_weight))


def _own(unit: Segment | Call | Operator) -> _Sum:
    if isinstance(unit, Call):
        return _Sum({"activity": 1, "workflow task": 1})
    if isinstance(unit, Operator) and unit.kind in {"window", "join", "distinct"}:
        return _Sum({"timer": 1, "workflow task": 1})
    return _Sum()


def _fan(fan: Fan, sums: Mapping[str, _Sum]) -> _Sum:
    whole = _Sum()
    for hop in fan.hops:
        whole = whole.plus(sums[hop.to])
    return whole


def _weight(one: _Sum) -> tuple[int, int]:
    return one.weight


def _events(counts: Mapping[Happening, int]) -> int:
    return sum(EVENTS[what] * count for what, count in counts.items())


def _added(left: Mapping[Happening, int], right: Mapping[Happening, int]) -> dict[Happening, int]:
    return {what: total for what in EVENTS if (total := left.get(what, 0) + right.get(what, 0))}
