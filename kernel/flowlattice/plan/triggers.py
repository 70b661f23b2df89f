"""What starts runs: HTTP routes, consumers of topics, queues and objects, schedules."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from flowlattice.ir import model as ir
from flowlattice.ir.fields import FieldSource, field_sources
from flowlattice.plan.base import PlanModel, Profile
from flowlattice.plan.units import Fan

VISIBILITY_MS: Final = 30_000
"""How long a delivery is hidden from other workers where the flow does not say."""
MAX_DELIVERIES: Final = 5
"""How often a record is delivered at most where the flow does not say."""
FETCH: Final = 1_000
"""How many records a worker takes from its source at once: SQLite and Kafka give about 600,000 a second so."""


class TriggerPlan(PlanModel):
    """What starts a run over HTTP.

    Attributes:
        fields: Where each field of the accepted record comes from.
        awaits: Whether any unit that it reaches has to be awaited; if not, the whole run is one plain call.
        side: Where what does not fit the accepted record leads.

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
    origins: tuple[str, ...] = ()
    accepts: str | None
    fields: tuple[FieldSource, ...]
    next: Fan
    awaits: bool
    side: dict[str, Fan] = Field(default_factory=dict)


class Consumer(PlanModel):
    """What starts runs without a caller who waits.

    Attributes:
        source: `kafka`, `queue`, `blob`, `cron`, or `reminder`: a schedule during a checkpoint.
        of: The topic, the queue, the prefix or the schedule.
        group: kafka: the consumer group.
        visibility_timeout_ms: How long a delivery is hidden from other workers; on the queue profile every record is
            one, whatever it came from.
        max_deliveries: How often a record is delivered at most.
        fetch: How many records a worker takes at once.
        idle_ms: After so long without a record, a partition no longer holds the watermark back.
        during: reminder: the checkpoint.
        accepts: The schema of its records.
        side: Where its side outputs lead: `rejected` gets what does not fit, raw.

    """

    name: str
    node: UUID
    source: Literal["kafka", "queue", "blob", "cron", "reminder"]
    of: str
    group: str | None = None
    visibility_timeout_ms: int | None = None
    max_deliveries: int | None = None
    fetch: int | None = None
    idle_ms: int | None = None
    during: str | None = None
    accepts: str | None = None
    next: Fan = Fan()
    side: dict[str, Fan] = Field(default_factory=dict)


def route(flow: ir.FlowIR, node: ir.Node, ways: tuple[Fan, dict[str, Fan]], *, awaits: bool) -> TriggerPlan:
    """The plan of an HTTP trigger; `ways` are its main way out and its side outputs."""
    given = node.trigger or ir.Trigger(kind="http")
    return TriggerPlan(
        name=node.name,
        node=node.id,
        method=given.method or "POST",
        path=given.path or "/",
        respond=given.respond,
        deadline_ms=given.deadline_ms,
        body=given.body,
        max_body_bytes=given.max_body_bytes or 0,
        invalid=given.invalid,
        origins=given.origins,
        accepts=node.out_schema,
        fields=field_sources(given, flow.schemas.get(node.out_schema or "")),
        next=ways[0],
        awaits=awaits,
        side=ways[1],
    )


def consumer(flow: ir.FlowIR, node: ir.Node, ways: tuple[Fan, dict[str, Fan]], profile: Profile) -> Consumer:
    """The plan of any other trigger; `ways` are its main way out and its side outputs."""
    trigger = node.trigger or ir.Trigger(kind="cron")
    delivered = profile == "queue" or trigger.kind in {"kafka", "queue"}
    source: Literal["kafka", "queue", "blob", "cron", "reminder"]
    match trigger.kind:
        case "kafka" | "queue" | "blob":
            source = trigger.kind
        case _:
            source = "cron" if trigger.during is None else "reminder"
    return Consumer(
        name=node.name,
        node=node.id,
        source=source,
        of=trigger.topic or trigger.prefix or trigger.cron or "",
        group=(trigger.group or flow.name) if trigger.kind == "kafka" else None,
        visibility_timeout_ms=(trigger.visibility_timeout_ms or VISIBILITY_MS) if delivered else None,
        max_deliveries=(trigger.max_deliveries or MAX_DELIVERIES) if delivered else None,
        fetch=FETCH if profile == "queue" and trigger.kind != "cron" else None,
        idle_ms=trigger.idle_ms,
        during=trigger.during,
        accepts=node.out_schema,
        next=ways[0],
        side=ways[1],
    )
