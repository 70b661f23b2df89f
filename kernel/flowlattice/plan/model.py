"""`ExecPlan`: how a profile runs a flow, as frozen data that prints as JSON.

Units and triggers say what follows what; `placements` where each node runs and why; the other parts what a host has to
see to: steps with their retries, edges with what may wait on them, state, checkpoints, what is needed.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flowlattice.plan.base import PlanModel, Profile
from flowlattice.plan.edges import EdgePlan, SpillBudget
from flowlattice.plan.guest import GuestPlan
from flowlattice.plan.needs import Needs
from flowlattice.plan.placement import Placement
from flowlattice.plan.state import Partition, State
from flowlattice.plan.steps import Step
from flowlattice.plan.temporal import TemporalPlan
from flowlattice.plan.triggers import Consumer, TriggerPlan
from flowlattice.plan.units import Unit
from flowlattice.plan.waiting import CheckpointPlan


class RateLimit(PlanModel):
    """A token bucket that all triggers of the flow share."""

    qps: float
    burst: int


class ExecPlan(PlanModel):
    """How a profile runs a flow.

    Attributes:
        rate_limits: Of the whole flow; those of one node stand at its step.
        max_in_flight: Runs under way at once on one server; its workers have equal parts of them.
        triggers: Routes.
        consumers: Everything else that starts runs.
        placements: Of every node that is reached.
        temporal: What only a workflow has.
        guest: What only a WebAssembly guest has.

    """

    plan: Literal["1"] = "1"
    flow: str
    flow_id: UUID
    version: str
    profile: Profile
    rate_limits: tuple[RateLimit, ...]
    max_in_flight: int
    triggers: tuple[TriggerPlan, ...]
    consumers: tuple[Consumer, ...] = ()
    units: tuple[Unit, ...]
    placements: tuple[Placement, ...]
    steps: tuple[Step, ...] = ()
    edges: tuple[EdgePlan, ...] = ()
    spill: SpillBudget | None = None
    partitions: tuple[Partition, ...] = ()
    states: tuple[State, ...] = ()
    checkpoints: tuple[CheckpointPlan, ...] = ()
    temporal: TemporalPlan | None = None
    guest: GuestPlan | None = None
    needs: Needs

    def to_json(self) -> str:
        """Indented JSON, stable across runs."""
        return self.model_dump_json(indent=2)
