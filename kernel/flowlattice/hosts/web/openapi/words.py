"""Schemas in words and as HTML; everything that comes from a flow is escaped here."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

from flowlattice.hosts.web.openapi.schemas import Schema

_KINDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}
_ANY: Final = "…"
_SAMPLES: Final = {"date": "2026-01-31", "date-time": "2026-01-31T13:45:00Z", "time": "13:45:00"}
_FORMATS: Final = {"date": "date", "date-time": "date and time", "time": "time", "uuid": "UUID", "duration": "duration"}


def shown(schema: JsonValue) -> str:
    """What kind of value a schema describes, as HTML; records are links."""
    if not isinstance(schema, dict):
        return "anything"
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return f'<a href="#record-{escape(name)}">{escape(name)}</a>'
        case {"const": value}:
            return _code(value)
        case {"enum": list(values)}:
            return " or ".join(map(_code, values))
        case {"anyOf": list(some)} | {"oneOf": list(some)}:
            return " or ".join(dict.fromkeys(map(shown, some)))
        case {"type": "array"}:
            return f"list of {_many(shown(schema['items']))}" if "items" in schema else "list"
        case {"type": "object", "properties": dict(fields)}:
            return f"object: {', '.join(f'{_name(name)} {shown(field)}' for name, field in fields.items())}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {shown(values)}"
        case {"contentSchema": held}:
            return shown(held)
        case {"type": str(kind)}:
            return _FORMATS.get(str(schema.get("format")), _KINDS.get(kind, escape(kind)))
        case _:
            return "anything"


def _many(kind: str) -> str:
    return f"{kind}s" if kind in {"whole number", "number", "date", "object", "list", "time", "UUID"} else kind


def bounds(schema: JsonValue) -> str:
    """What a value has to keep to besides, as HTML."""
    return ", ".join(_bounds(schema)) if isinstance(schema, dict) else ""


def _bounds(schema: Schema) -> Iterator[str]:
    alternatives = schema.get("anyOf")
    for one in alternatives if isinstance(alternatives, list) else []:
        if isinstance(one, dict):
            yield from _bounds(one)
    if "exclusiveMinimum" in schema:
        yield f"more than {_plain(schema['exclusiveMinimum'])}"
    yield from _range(schema, ("minimum", "maximum"), "")
    if "exclusiveMaximum" in schema:
        yield f"less than {_plain(schema['exclusiveMaximum'])}"
    yield from _range(schema, ("minLength", "maxLength"), " characters")
    yield from _range(schema, ("minItems", "maxItems"), " items")
    for name in ("pattern", "x-pattern"):
        if name in schema:
            yield f"matches {_code_text(str(schema[name]))}"
    if schema.get("default") is not None:
        yield f"else {_code(schema['default'])}"


def _range(schema: Schema, ends: tuple[str, str], unit: str) -> Iterator[str]:
    least, most = (schema.get(end) for end in ends)
    if least is not None and most is not None:
        yield f"{_plain(least)} to {_counted(most, unit)}"
    elif least is not None:
        yield f"at least {_counted(least, unit)}"
    elif most is not None:
        yield f"at most {_counted(most, unit)}"


def _counted(number: JsonValue, unit: str) -> str:
    return f"{_plain(number)}{unit.removesuffix('s') if number == 1 else unit}"


def sample(schema: JsonValue, components: Schema, depth: int = 6) -> JsonValue:
    """A value of the kind that a schema describes, to show what one looks like."""
    if not isinstance(schema, dict) or depth == 0:
        return _ANY
    match schema:
        case {"$ref": str(reference)}:
            return sample(components.get(reference.rpartition("/")[2]), components, depth - 1)
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"default": value} if value is not None:
            return value
        case {"anyOf": [first, *_]} | {"oneOf": [first, *_]}:
            return sample(first, components, depth)
        case {"type": "array"}:
            return [sample(schema.get("items"), components, depth - 1)]
        case {"type": "object"}:
            fields = schema.get("properties")
            found = fields if isinstance(fields, dict) else {}
            needed = schema.get("required")
            names = [*needed] if isinstance(needed, list) and needed else [*found]
            return {str(name): sample(found.get(str(name)), components, depth - 1) for name in names}
        case _:
            return _simple(schema)


def _simple(schema: Schema) -> JsonValue:
    match schema.get("type"):
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return _SAMPLES.get(str(schema.get("format")), _ANY)


def _name(name: str) -> str:
    return _code_text(name)


def _code(value: JsonValue) -> str:
    return _code_text(to_json(value).decode())


def _code_text(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _plain(value: JsonValue) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
