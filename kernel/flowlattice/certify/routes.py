"""Routes under certification: each with inputs generated from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import cast

from pydantic import BaseModel, ConfigDict, JsonValue

from flowlattice.certify.inputs import NotGeneratedError, valid_inputs
from flowlattice.certify.model import Example
from flowlattice.certify.parts import title
from flowlattice.certify.subject import Route, Subject, accepted, behind
from flowlattice.ir.model import FlowIR, Node, Trigger
from flowlattice.language.loading import Program
from flowlattice.language.triggers import TriggerNode
from flowlattice.plausible import plausible
from flowlattice.record import Record

INPUTS = 40
_MOST_CHARACTERS = 1_000_000
"""Of a route's generated inputs together, as JSON; what is beyond is left out, so that they can be passed around."""


class Inputs(BaseModel):
    """Inputs for one route.

    Attributes:
        valid: Values that the record accepts, the most plausible one first.
        gap: Why there are no generated ones; none if there are.
    """

    model_config = ConfigDict(frozen=True)

    valid: tuple[dict[str, JsonValue], ...]
    gap: str | None = None


def subject_of(
    program: Program, ir: FlowIR, examples: tuple[Example, ...], inputs: Mapping[str, Inputs] | None = None
) -> Subject:
    """The subject for a loaded flow: its routes with the inputs that are given, or all with inputs generated here."""
    triggers = {title(node): (node, trigger_named(program, node.name)) for node in ir.triggers()}
    known = inputs if inputs is not None else {name: generate(trigger) for name, (_, trigger) in triggers.items()}
    routes = tuple(_route(ir, *made, known[name]) for name, made in triggers.items() if name in known)
    return Subject(program=program, ir=ir, examples=examples, routes=routes)


def trigger_named(program: Program, name: str) -> TriggerNode[Record]:
    """A trigger of a loaded flow."""
    return next(trigger for trigger in program.flow.triggers if trigger.name == name)


def generate(trigger: TriggerNode[Record]) -> Inputs:
    """Inputs for a trigger, from its schema; the same each time."""
    accepts = trigger.trigger.emits
    schema = schema_of(accepts)
    first = plausible(schema)
    gap, values = None, list[JsonValue]()
    try:
        values = valid_inputs(schema, lambda value: accepted(accepts, value), count=INPUTS)
    except NotGeneratedError as error:
        gap = str(error)
    ordered = [first, *values] if accepted(accepts, first) else values
    return Inputs(valid=tuple(_bounded(value for value in ordered if isinstance(value, dict))), gap=gap)


def schema_of(accepts: type[Record]) -> Mapping[str, JsonValue]:
    """The schema of a record; that of one that holds itself is what its own reference means."""
    schema = cast("dict[str, JsonValue]", accepts.model_json_schema(by_alias=True))
    definitions, reference = schema.get("$defs"), schema.get("$ref")
    if isinstance(reference, str) and isinstance(definitions, dict):
        meant = cast("dict[str, JsonValue]", definitions[reference.rpartition("/")[2]])
        return {**meant, "$defs": definitions}
    return schema


def _bounded(values: Iterable[dict[str, JsonValue]]) -> Iterator[dict[str, JsonValue]]:
    left = _MOST_CHARACTERS
    for value in values:
        size = len(json.dumps(value))
        if size <= left:
            left -= size
            yield value


def _route(ir: FlowIR, node: Node, trigger: TriggerNode[Record], inputs: Inputs) -> Route:
    accepts = trigger.trigger.emits
    return Route(
        trigger=cast(Trigger, node.trigger),
        schema=schema_of(accepts),
        valid=inputs.valid,
        accepts=accepts,
        strict=all(other.determinism == "strict" and other.effects == "pure" for other in behind(ir, node)),
        replies=_replies(ir, node),
        gap=inputs.gap,
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
