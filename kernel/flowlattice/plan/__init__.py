"""Planning: Flow IR becomes an `ExecPlan` for a profile.

`placement.TABLE` says where nodes run; `graph` makes the units of a flow, one module each the other parts of a plan.
"""

from flowlattice.ir.fields import FieldSource
from flowlattice.plan.base import PROFILES, Profile
from flowlattice.plan.model import ExecPlan, RateLimit
from flowlattice.plan.placement import Placement
from flowlattice.plan.planner import DEFAULT_MAX_IN_FLIGHT, PlanRefused, plan
from flowlattice.plan.triggers import Consumer, TriggerPlan
from flowlattice.plan.units import (
    AnyUnit,
    Branch,
    Call,
    Child,
    Fan,
    Hop,
    Merge,
    Operator,
    Respond,
    Segment,
    Wait,
    fans,
)

__all__ = [
    "DEFAULT_MAX_IN_FLIGHT",
    "PROFILES",
    "AnyUnit",
    "Branch",
    "Call",
    "Child",
    "Consumer",
    "ExecPlan",
    "Fan",
    "FieldSource",
    "Hop",
    "Merge",
    "Operator",
    "Placement",
    "PlanRefused",
    "Profile",
    "RateLimit",
    "Respond",
    "Segment",
    "TriggerPlan",
    "Wait",
    "fans",
    "plan",
]
