"""`ExecPlan`: which units run, in what order, where and why; frozen data that prints as JSON.

A *unit* is what an engine runs as one thing: a segment (a chain of pure synchronous nodes, one call), a task (an
asynchronous node), a thread (a synchronous node that may block or has to see cancellation), a branch, a merge, a
respond. Units refer to each other by name, so that what is shared stands once.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from flowlattice.ir import model as ir
from flowlattice.ir.fields import FieldSource

Place = Literal["trigger", "fused", "inline", "thread", "task", "branch", "merge", "respond"]


class PlanModel(BaseModel):
    """Base of all parts of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Hop(PlanModel):
    """An edge into a unit.

    Attributes:
        to: The unit's name.
        max_items: How many records may wait on the edge.
        timeout_ms: How long the record may be on its way: from here until the target node is done with it.

    """

    to: str
    max_items: int
    timeout_ms: int | None = None


class Fan(PlanModel):
    """Where a unit's record goes, in the order the edges were connected.

    Attributes:
        hops: The edges.
        concurrent: Whether asynchronous targets run at the same time. They do where no two of them lead to the same
            unit; else they run one after the other, so that what meets again arrives in the order of the edges.

    """

    hops: tuple[Hop, ...] = ()
    concurrent: bool = False


class Segment(PlanModel):
    """Synchronous nodes without effects, called in a row in one call."""

    kind: Literal["segment"] = "segment"
    name: str
    nodes: tuple[UUID, ...]
    next: Fan = Fan()


class Call(PlanModel):
    """One node that is awaited: an asynchronous one as a task, a synchronous one in a thread."""

    kind: Literal["task", "thread"]
    name: str
    node: UUID
    timeout_ms: int | None = None
    next: Fan = Fan()


class Branch(PlanModel):
    """A switch or an if: a pure function chooses one of the cases; a case without edges drops the record."""

    kind: Literal["branch"] = "branch"
    name: str
    node: UUID
    cases: dict[str, Fan]


class Merge(PlanModel):
    """Many ways into one: records pass as they arrive."""

    kind: Literal["merge"] = "merge"
    name: str
    node: UUID
    next: Fan = Fan()


class Respond(PlanModel):
    """An answer; `headers` are those that are always the same."""

    kind: Literal["respond"] = "respond"
    name: str
    node: UUID
    status: int = 200
    body: Literal["json", "text", "html", "events", "empty"] = "json"
    headers: dict[str, str] = Field(default_factory=dict)


AnyUnit = Segment | Call | Branch | Merge | Respond
Unit = Annotated[AnyUnit, Field(discriminator="kind")]


class TriggerPlan(PlanModel):
    """What starts a run over HTTP.

    Attributes:
        fields: Where each field of the accepted record comes from.
        awaits: Whether any unit that it reaches has to be awaited; if not, the whole run is one plain call.

    """

    name: str
    node: UUID
    method: str
    path: str
    respond: Literal["on_last", "immediate", "explicit"]
    deadline_ms: int | None
    body: Literal["json", "form"] | None
    max_body_bytes: int
    invalid: tuple[ir.InvalidReply, ...]
    accepts: str | None
    fields: tuple[FieldSource, ...]
    next: Fan
    awaits: bool


class RateLimit(PlanModel):
    """A token bucket that all routes of the flow share."""

    qps: float
    burst: int


class Placement(PlanModel):
    """Where a node runs and why it runs there."""

    node: str
    unit: str
    place: Place
    because: str


class ExecPlan(PlanModel):
    """How one process runs a flow."""

    plan: Literal["1"] = "1"
    flow: str
    flow_id: UUID
    version: str
    profile: Literal["web", "dev"]
    rate_limits: tuple[RateLimit, ...]
    max_in_flight: int
    triggers: tuple[TriggerPlan, ...]
    units: tuple[Unit, ...]
    placements: tuple[Placement, ...]

    def to_json(self) -> str:
        """Indented JSON, stable across runs."""
        return self.model_dump_json(indent=2)


def fans(unit: AnyUnit) -> tuple[Fan, ...]:
    """The ways out of a unit."""
    if isinstance(unit, Branch):
        return tuple(unit.cases.values())
    if isinstance(unit, Respond):
        return ()
    return (unit.next,)
