"""Fields of the records that nodes take, by their names on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from flowlattice.ir.model import FlowIR, Node


def fields_of(flow: FlowIR, schema_name: str | None) -> dict[str, JsonValue]:
    """The fields of a schema; of a union those that all members have; none where it is no record."""
    if schema_name is None:
        return {}
    schema = flow.schemas.get(schema_name)
    definitions = schema.get("$defs") if isinstance(schema, dict) else None
    return _fields(schema, definitions if isinstance(definitions, dict) else {})


def item_fields(flow: FlowIR, schema_name: str | None) -> dict[str, JsonValue]:
    """The fields of the items of a list, or of a record whose body is one."""
    schema = flow.schemas.get(schema_name or "")
    if not isinstance(schema, dict):
        return {}
    parts = [field for field in fields_of(flow, schema_name).values() if isinstance(field, dict)]
    held = next((field for field in parts if field.get("x-in") == "body"), schema)
    definitions = schema.get("$defs")
    return _fields(held.get("items"), definitions if isinstance(definitions, dict) else {})


def input_fields(flow: FlowIR, node: Node) -> list[str]:
    """The names of the fields that a node takes."""
    return list(fields_of(flow, node.in_schema))


def is_float(schema: JsonValue) -> bool:
    """Whether a field is a binary floating-point number; decimals also allow text."""
    if not isinstance(schema, dict):
        return False
    members = schema.get("anyOf")
    if not isinstance(members, list):
        return schema.get("type") == "number"
    kinds = [member.get("type") for member in members if isinstance(member, dict)]
    return "number" in kinds and "string" not in kinds


def _fields(schema: JsonValue, definitions: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if not isinstance(schema, dict):
        return {}
    reference, members, own = schema.get("$ref"), schema.get("anyOf"), schema.get("properties")
    if isinstance(reference, str):
        return _fields(definitions.get(reference.rpartition("/")[2]), definitions)
    if isinstance(members, list) and members:
        first, *others = [_fields(member, definitions) for member in members]
        return {name: field for name, field in first.items() if all(name in other for other in others)}
    return dict(own) if isinstance(own, dict) else {}
