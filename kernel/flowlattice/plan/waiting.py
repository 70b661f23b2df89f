"""Waiting: checkpoints, and the timers of a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from flowlattice.plan.base import PlanModel
from flowlattice.plan.graph import Graph
from flowlattice.plan.units import Operator

JITTER_PERCENT: Final = (5, 10)
"""A timer fires so many per cent later than it says, at random, so that those set together do not all fire at once."""


class CheckpointPlan(PlanModel):
    """A place where records wait for a person; on Temporal, a signal of that name.

    Attributes:
        name: Its name.
        unit: The unit that waits.
        on: The node whose output waits, with the case.
        view: The schema of what the person sees.
        ttl_ms: How long a record waits; none: for ever.
        on_timeout: What happens then.
        escalate_to: Who is asked next, for as long again; after that the record is rejected.
        approvers: Who may decide.
        reminders: The schedules that remind people while it waits.
        because: Why it waits where it does.

    """

    name: str
    unit: str
    on: str
    view: str | None = None
    ttl_ms: int | None = None
    on_timeout: Literal["reject", "escalate"] | None = None
    escalate_to: str | None = None
    approvers: str | None = None
    reminders: tuple[str, ...] = ()
    because: str


class Timer(PlanModel):
    """A timer: after `after_ms`, or at each time of a schedule, with jitter."""

    name: str
    after_ms: int | None = None
    schedule: str | None = None
    jitter_percent: tuple[int, int] = JITTER_PERCENT
    because: str


def checkpoints(graph: Graph) -> tuple[CheckpointPlan, ...]:
    """The checkpoints of a flow."""
    found = []
    for point, unit, placed in graph.checkpoints:
        on = graph.layout.names[point.on]
        found.append(
            CheckpointPlan(
                name=point.id,
                unit=unit,
                on=on if point.case is None else f"{on}[{point.case}]",
                view=point.view,
                ttl_ms=None if point.ttl_s is None else point.ttl_s * 1000,
                on_timeout=point.on_timeout,
                escalate_to=point.escalate_to,
                approvers=point.approvers,
                reminders=tuple(one.name for one in graph.consumers if one.during == point.id),
                because=placed.because,
            )
        )
    return tuple(found)


def timers(graph: Graph, points: Iterable[CheckpointPlan]) -> tuple[Timer, ...]:
    """The timers of a workflow: deadlines of checkpoints, reminders, and what combinators wait for."""
    return (*_deadlines(points), *_reminders(graph), *_operators(graph))


def _deadlines(points: Iterable[CheckpointPlan]) -> Iterator[Timer]:
    for point in points:
        if point.ttl_ms is None:
            continue
        asked = point.escalate_to or "somebody else"
        then = f"{asked} is asked" if point.on_timeout == "escalate" else "the record is rejected"
        yield Timer(name=point.name, after_ms=point.ttl_ms, because=f"nobody has decided; {then}")
        if point.on_timeout == "escalate":
            said = f"{asked} has not decided either; the record is rejected"
            yield Timer(name=f"{point.name} (escalated)", after_ms=point.ttl_ms, because=said)


def _reminders(graph: Graph) -> Iterator[Timer]:
    for one in graph.consumers:
        if one.source == "reminder":
            yield Timer(name=one.name, schedule=one.of, because=f"while {one.during} waits")


_SPANS: Final = {
    "join": ("within_ms", "no partner has come"),
    "distinct": ("within_ms", "a repetition no longer counts"),
}


def _operators(graph: Graph) -> Iterator[Timer]:
    for unit in graph.units.values():
        if not isinstance(unit, Operator):
            continue
        if unit.kind == "window":
            yield Timer(name=unit.name, after_ms=_window_ms(unit), because="the window closes at the latest")
        elif unit.kind in _SPANS:
            field, because = _SPANS[unit.kind]
            after = unit.config.get(field)
            yield Timer(name=unit.name, after_ms=after if isinstance(after, int) else None, because=because)


def _window_ms(unit: Operator) -> int:
    """How long a window is open when time passes as the events say: its size and the lateness that it allows."""
    config = unit.config
    spans = (config.get("size_ms") or config.get("gap_ms"), config.get("lateness_ms"))
    return sum(span for span in spans if isinstance(span, int))
