"""What can be done with a field of a record: whether it is a number, a time, a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from pydantic import JsonValue

from flowlattice.check.fields import fields_of
from flowlattice.check.types import fits
from flowlattice.ir.model import FlowIR

Shape = Literal["whole number", "number", "decimal", "text", "time", "day", "truth", "other"]

NUMBERS: Final = frozenset[Shape]({"whole number", "number", "decimal"})
ORDERED: Final = NUMBERS | frozenset[Shape]({"text", "time", "day"})

_SHAPES: Final[Mapping[str, Shape]] = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "truth",
}

_TIMES: Final[Mapping[JsonValue, Shape]] = {"date-time": "time", "date": "day"}


def shape(flow: FlowIR, record: str | None, field: str) -> Shape:
    """What a field of a schema is; `other` for lists, records, unions and what may be missing."""
    return _shape(list(_members(fields_of(flow, record).get(field), _definitions(flow, record))))


def field_fits(flow: FlowIR, given: tuple[str, str], taken: tuple[str, str]) -> bool:
    """Whether a field of one schema may be the value of a field of another, each as schema and name."""
    return fits("given", "taken", {"given": _field(flow, *given), "taken": _field(flow, *taken)})


def fits_field(flow: FlowIR, given: str, taken: tuple[str, str]) -> bool:
    """Whether what a schema describes may be the value of a field of another."""
    return fits("given", "taken", {"given": flow.schemas.get(given), "taken": _field(flow, *taken)})


def _field(flow: FlowIR, record: str, name: str) -> JsonValue:
    field = fields_of(flow, record).get(name)
    return {**field, "$defs": {**_definitions(flow, record)}} if isinstance(field, dict) else None


def _shape(members: list[Mapping[str, JsonValue]]) -> Shape:
    if len(members) == 2 and {member.get("type") for member in members} == {"number", "string"}:
        return "decimal"
    if len(members) != 1:
        return "other"
    if members[0].get("format") in _TIMES:
        return _TIMES[str(members[0].get("format"))]
    return _SHAPES.get(str(members[0].get("type")), "other")


def _members(schema: JsonValue, definitions: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    """The members of a union, references followed; the schema itself otherwise."""
    if not isinstance(schema, dict):
        return
    reference, members = schema.get("$ref"), schema.get("anyOf")
    if isinstance(reference, str):
        yield from _members(definitions.get(reference.rpartition("/")[2]), definitions)
    elif isinstance(members, list):
        for member in members:
            yield from _members(member, definitions)
    else:
        yield schema


def _definitions(flow: FlowIR, record: str | None) -> Mapping[str, JsonValue]:
    schema = flow.schemas.get(record or "")
    found = schema.get("$defs") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}
