"""What the engine of this version runs, of what can be planned; for the rest one clear line, and exit code 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.errors import EngineUnavailable
from flowlattice.plan import Child, ExecPlan, Operator, Respond, Wait, fans

RUN: Final = frozenset({"web", "dev"})
"""The profiles that an engine here runs."""


class NotRunYet(EngineUnavailable):
    """A plan that is valid, and that no engine of this version runs; `what` names what its flow has that is not run."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"this version plans flows with {what} and does not run them yet; flows plan shows the plan")


def check_profile(profile: str) -> None:
    """Refuse a profile that no engine here runs.

    Raises:
        NotRunYet: It is one.
    """
    if profile not in RUN:
        raise NotRunYet(f"the {profile} profile")


def check_runnable(plan: ExecPlan) -> None:
    """Refuse what no engine here runs.

    Raises:
        NotRunYet: The plan has it.
    """
    check_profile(plan.profile)
    lacking = next(_lacking(plan), None)
    if lacking is not None:
        raise NotRunYet(lacking)


def _lacking(plan: ExecPlan) -> Iterator[str]:
    for consumer in plan.consumers:
        yield f"{consumer.source} triggers ({consumer.name})"
    for unit in plan.units:
        if isinstance(unit, Operator):
            yield f"{unit.kind} nodes ({unit.name})"
        elif isinstance(unit, Wait):
            yield f"checkpoints ({unit.name})"
        elif isinstance(unit, Child) or unit.name in _subflows(plan):
            yield f"subflows ({unit.name})"
        elif not isinstance(unit, Respond) and any(hop.into for fan in fans(unit) for hop in fan.hops):
            yield f"nodes of two inputs (behind {unit.name})"
    yield from _promises(plan)


def _subflows(plan: ExecPlan) -> set[str]:
    return {placement.unit for placement in plan.placements if placement.within is not None}


def _promises(plan: ExecPlan) -> Iterator[str]:
    """What the engine would silently not keep."""
    for trigger in plan.triggers:
        if trigger.side:
            yield f"side outputs (of {trigger.name})"
    for step in plan.steps:
        if step.retry.then.startswith("escalate"):
            yield f"escalations (of {step.node})"
    if plan.partitions:
        yield f"partitions (in front of {plan.partitions[0].node})"
    if plan.spill is not None:
        yield "edges that spill"
