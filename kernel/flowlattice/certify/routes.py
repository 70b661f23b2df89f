"""Routes under certification: each with inputs generated from its schema."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.inputs import NotGeneratedError, valid_inputs
from flowlattice.certify.model import Example
from flowlattice.certify.subject import Route, Subject, accepted, behind
from flowlattice.ir.model import FlowIR, Node, Trigger
from flowlattice.language.loading import Program
from flowlattice.language.triggers import TriggerNode
from flowlattice.plausible import plausible
from flowlattice.record import Record

INPUTS = 40


def subject_of(program: Program, ir: FlowIR, examples: tuple[Example, ...]) -> Subject:
    """The subject for a loaded flow, with inputs generated for each route."""
    triggers = {trigger.name: trigger for trigger in program.flow.triggers}
    routes = tuple(_route(ir, node, triggers[node.name]) for node in ir.triggers())
    return Subject(program=program, ir=ir, examples=examples, routes=routes)


def _route(ir: FlowIR, node: Node, trigger: TriggerNode[Record]) -> Route:
    accepts = trigger.trigger.emits
    schema = cast(Mapping[str, JsonValue], accepts.model_json_schema(by_alias=True))
    first = plausible(schema)
    gap, values = None, list[JsonValue]()
    try:
        values = valid_inputs(schema, lambda value: accepted(accepts, value), count=INPUTS)
    except NotGeneratedError as error:
        gap = str(error)
    ordered = [first, *values] if accepted(accepts, first) else values
    return Route(
        trigger=cast(Trigger, node.trigger),
        schema=schema,
        valid=tuple(value for value in ordered if isinstance(value, dict)),
        accepts=accepts,
        strict=all(other.determinism == "strict" and other.effects == "pure" for other in behind(ir, node)),
        replies=_replies(ir, node),
        gap=gap,
    )


def _replies(ir: FlowIR, node: Node) -> frozenset[int]:
    if node.trigger is not None and node.trigger.respond == "immediate":
        return frozenset({HTTPStatus.ACCEPTED})  # nobody waits for what the flow says
    reached = {other.id for other in behind(ir, node)}
    statuses = {
        status
        for surface in ir.surfaces
        if surface.kind == "respond" and reached & set(surface.targets)
        if isinstance(status := surface.config.get("status"), int)
    }
    invalid = {reply.status for reply in node.trigger.invalid} if node.trigger is not None else set[int]()
    return frozenset(statuses - invalid)
