"""What a route takes: parameters in its path, query and headers, and a body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from flowlattice.hosts.web.bodies import FORM_TYPES, JSON_TYPES
from flowlattice.hosts.web.openapi.schemas import Components, Schema, fields_of, required_of, without_null
from flowlattice.plan import TriggerPlan

_PLACES: Final = {"path": "path", "query": "query", "header": "header"}
_BODIES: Final = frozenset({"form", "body", "whole"})


def has_body(trigger: TriggerPlan) -> bool:
    """Whether a route reads a body."""
    return any(source.origin in _BODIES for source in trigger.fields)


def parameters(trigger: TriggerPlan, components: Components, cookie: str) -> list[JsonValue]:
    """The parameters of a route, in the order of the record's fields; `cookie` is what that of a session is called."""
    return [*_parameters(trigger, components, cookie)]


def _parameters(trigger: TriggerPlan, components: Components, cookie: str) -> Iterator[Schema]:
    record = components.entry(trigger.accepts)
    fields, required = fields_of(record), required_of(record)
    for source in trigger.fields:
        place = _PLACES.get(source.origin)
        if source.origin == "session":
            told = "The visitor's session; the host sets it."
            yield {"name": cookie, "in": "cookie", "description": told, "schema": {"type": "string"}}
        if place is None:
            continue
        schema = without_null(components.part(fields[source.name], record))
        words = schema.pop("description", None)
        yield {
            "name": source.name,
            "in": place,
            **({"required": True} if place == "path" or source.name in required else {}),
            **({} if words is None else {"description": words}),
            "schema": _filled(schema) if place == "path" else schema,
        }


def _filled(schema: Schema) -> Schema:
    """A path has no parameters that are empty."""
    if schema.get("type") == "string" and "enum" not in schema and not schema.get("minLength"):
        return {**schema, "minLength": 1}
    return schema


def request_body(trigger: TriggerPlan, components: Components) -> Schema | None:
    """The body of a route; none where it reads none."""
    if not has_body(trigger):
        return None
    held = [source for source in trigger.fields if source.origin in _BODIES]
    names = [source.name for source in held]
    record = components.entry(trigger.accepts)
    required = any(name in required_of(record) for name in names)
    if held[0].origin == "whole":
        schema = components.part(fields_of(record)[names[0]], record)
    else:
        schema = components.members(trigger.accepts, names, as_text=held[0].origin == "form")
    types = FORM_TYPES if trigger.body == "form" else JSON_TYPES
    return {"required": required, "content": {kind: {"schema": schema} for kind in types}}
