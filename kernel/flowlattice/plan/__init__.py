"""Planning: Flow IR becomes an `ExecPlan` for a profile."""

from flowlattice.ir.fields import FieldSource
from flowlattice.plan.model import (
    AnyUnit,
    Branch,
    Call,
    ExecPlan,
    Fan,
    Hop,
    Merge,
    Placement,
    RateLimit,
    Respond,
    Segment,
    TriggerPlan,
)
from flowlattice.plan.planner import DEFAULT_MAX_IN_FLIGHT, PlanRefused, plan

__all__ = [
    "DEFAULT_MAX_IN_FLIGHT",
    "AnyUnit",
    "Branch",
    "Call",
    "ExecPlan",
    "Fan",
    "FieldSource",
    "Hop",
    "Merge",
    "Placement",
    "PlanRefused",
    "RateLimit",
    "Respond",
    "Segment",
    "TriggerPlan",
    "plan",
]
