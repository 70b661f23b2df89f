"""Units: what an engine runs as one thing. They refer to each other by name, so that what is shared stands once.

A *segment* is a chain of pure nodes called as one, a *task* is awaited, a *thread* runs beside the loop, a *batch*
takes many records at once, an *activity* is run by a worker and recorded in the history. Branches, merges and responds
are themselves; an *operator* fans out or keeps state; a *wait* is a checkpoint; a *child* is a workflow of its own.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from flowlattice.plan.base import PlanModel

BODILESS: Final = frozenset({204, 205, 304})
"""Statuses whose answers have no body."""


class Hop(PlanModel):
    """An edge into a unit.

    Attributes:
        to: The unit's name.
        max_items: How many records may wait on the edge.
        timeout_ms: How long the record may be on its way: from here until the target node is done with it.
        into: The port of a unit that has two.

    """

    to: str
    max_items: int
    timeout_ms: int | None = None
    into: Literal["left", "right"] | None = None


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
    """Nodes without effects, called in a row in one call; `side` leads from its last node's side outputs."""

    kind: Literal["segment"] = "segment"
    name: str
    nodes: tuple[UUID, ...]
    next: Fan = Fan()
    side: dict[str, Fan] = Field(default_factory=dict)


class Call(PlanModel):
    """One node that is waited for; `side` leads from its side outputs."""

    kind: Literal["task", "thread", "batch", "activity"]
    name: str
    node: UUID
    timeout_ms: int | None = None
    next: Fan = Fan()
    side: dict[str, Fan] = Field(default_factory=dict)


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
    """An answer.

    Attributes:
        stream: Whether each record is a part of it, sent as it comes.
        event_id: The field of an item that is the event's id.
        event: The field of an item that is the event's name.
        headers: Those that are always the same.

    """

    kind: Literal["respond"] = "respond"
    name: str
    node: UUID
    status: int = 200
    body: Literal["json", "text", "html", "events", "empty"] = "json"
    stream: bool = False
    event_id: str | None = None
    event: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)

    @property
    def goes_out_in_pieces(self) -> bool:
        """Whether the caller sets the pace at which it goes out."""
        return (self.stream or self.body == "events") and self.status not in BODILESS


class Operator(PlanModel):
    """A combinator that fans out, pairs, or keeps records for a while.

    Attributes:
        kind: Which one.
        config: Its configuration, as its surface in the IR has it.
        side: Where its side outputs lead (`late_events`, `unmatched`).

    """

    kind: Literal["foreach", "zip", "join", "distinct", "window", "aggregate"]
    name: str
    node: UUID
    config: dict[str, JsonValue] = Field(default_factory=dict)
    next: Fan = Fan()
    side: dict[str, Fan] = Field(default_factory=dict)


class Wait(PlanModel):
    """A checkpoint: the record goes on when it is approved, and to `rejected` when it is not."""

    kind: Literal["wait"] = "wait"
    name: str
    next: Fan = Fan()
    rejected: Fan = Fan()


class Child(PlanModel):
    """A workflow of its own: for a subflow with effects, or for each partition from a node on.

    Attributes:
        of: Which of the two.
        node: The subflow's node, or the node from which on records are partitioned.
        body: Where it begins; nothing where the subflow's own plan has to say.
        next: What follows in the parent; nothing where the child goes on to the end.
        side: Where the parent puts aside the record that it began with, when it fails.

    """

    kind: Literal["child"] = "child"
    of: Literal["subflow", "partition"]
    name: str
    node: UUID
    body: Fan = Fan()
    next: Fan = Fan()
    side: dict[str, Fan] = Field(default_factory=dict)


AnyUnit = Segment | Call | Branch | Merge | Respond | Operator | Wait | Child
Unit = Annotated[AnyUnit, Field(discriminator="kind")]


def fans(unit: AnyUnit) -> tuple[Fan, ...]:
    """All ways out of a unit."""
    match unit:
        case Branch():
            return tuple(unit.cases.values())
        case Respond():
            return ()
        case Merge():
            return (unit.next,)
        case Wait():
            return (unit.next, unit.rejected)
        case Child():
            return (unit.body, unit.next, *unit.side.values())
        case _:
            return (unit.next, *unit.side.values())
