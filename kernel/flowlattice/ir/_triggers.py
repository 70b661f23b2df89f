"""Lowering of triggers of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._functions import FunctionLowering
from flowlattice.language.blob import BlobTrigger
from flowlattice.language.cron import CronTrigger
from flowlattice.language.flow import Flow
from flowlattice.language.http import HttpTrigger
from flowlattice.language.kafka import KafkaTrigger
from flowlattice.language.queue import QueueTrigger
from flowlattice.language.triggers import REJECTED, Trigger, TriggerNode
from flowlattice.record import Record


@dataclass(frozen=True)
class TriggerLowering:
    """Lowers the triggers of one flow."""

    flow: Flow
    functions: FunctionLowering

    def lower(self, element: TriggerNode[Record], node_id: UUID) -> ir.Node:
        """A trigger as a node of the IR.

        Who calls a route is told what was wrong with it, so one has `rejected` only where the flow connects it.
        """
        bare = self.functions.bare(
            element, node_id, "trigger", None, self.functions.schemas.name(element.trigger.emits)
        )
        connected = any(c.source is element and c.case == REJECTED for c in self.flow.connections)
        rejects = connected or not isinstance(element.trigger, HttpTrigger)
        return bare.model_copy(
            update={"trigger": _trigger(element.trigger), "side_outputs": (REJECTED,) if rejects else ()}
        )


def _trigger(given: Trigger[Record]) -> ir.Trigger:
    match given:
        case HttpTrigger():
            return _http(given)
        case CronTrigger():
            during = None if given.during is None else given.during.name
            return ir.Trigger(kind="cron", cron=given.schedule, during=during)
        case KafkaTrigger():
            return ir.Trigger(
                kind="kafka",
                topic=given.topic,
                group=given.group,
                visibility_timeout_ms=in_ms(given.visibility_timeout),
                max_deliveries=given.max_deliveries,
                idle_ms=in_ms(given.idle),
            )
        case QueueTrigger():
            return ir.Trigger(
                kind="queue",
                topic=given.name,
                visibility_timeout_ms=in_ms(given.visibility_timeout),
                max_deliveries=given.max_deliveries,
                idle_ms=in_ms(given.idle),
            )
        case BlobTrigger():
            return ir.Trigger(kind="blob", prefix=given.prefix)
        case _:
            raise TypeError(f"a trigger is made by http, cron, kafka, queue or blob.listing, not {given!r}")


def _http(given: HttpTrigger[Record]) -> ir.Trigger:
    return ir.Trigger(
        kind="http",
        method=given.method,
        path=given.path,
        respond=given.respond,
        deadline_ms=in_ms(given.deadline),
        body=given.body,
        max_body_bytes=given.max_body_bytes,
        invalid=tuple(
            ir.InvalidReply(
                fields=reply.fields, problem=reply.problem, status=reply.status, body=reply.body, text=reply.text
            )
            for reply in given.invalid
        ),
        origins=given.origins,
    )
