"""One value of a schema as a person would write it, to show and to probe with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import JsonValue

Schema = Mapping[str, JsonValue]

_WORDS = {
    "email": "ada@example.com",
    "mail": "ada@example.com",
    "name": "Ada",
    "city": "Berlin",
    "country": "DE",
    "currency": "EUR",
    "url": "https://example.com/",
    "id": "id-1",
    "date": "2026-01-31",
}

_FORMATS = {
    "date": _WORDS["date"],
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "0b9e5cba-1f6e-4b5c-9c1d-3f8a2c7d6e10",
}


def plausible(schema: Schema) -> JsonValue:
    """A value that fits the schema's types and bounds; patterns are tried, not guaranteed."""
    definitions = schema.get("$defs")
    return _value(schema, definitions if isinstance(definitions, dict) else {}, "")


def _value(raw: JsonValue | Schema, definitions: Schema, name: str) -> JsonValue:
    schema = cast(Schema, raw)
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _value(definitions.get(reference.rpartition("/")[2], {}), definitions, name)
    for key in ("anyOf", "enum"):
        options = schema.get(key)
        if isinstance(options, list) and options:
            return options[0] if key == "enum" else _value(options[0], definitions, name)
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties")
            found = properties if isinstance(properties, dict) else {}
            return {key: _value(entry, definitions, key) for key, entry in found.items()}
        case "array":
            fewest = schema.get("minItems")
            count = max(2, fewest) if isinstance(fewest, int) else 2
            return [_value(schema.get("items", {}), definitions, name) for _ in range(count)]
        case "integer":
            return int(_number(schema, 3))
        case "number":
            return _number(schema, 2.5)
        case "boolean":
            return True
        case "null":
            return None
    return _text(schema, name)


def _number(schema: Schema, usual: float) -> float:
    low, high = (
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum", schema.get("exclusiveMaximum")),
    )
    least = low if isinstance(low, int | float) else None
    most = high if isinstance(high, int | float) else None
    if least is not None and most is not None:
        return usual if least < usual < most else (least + most) / 2
    if least is not None:
        return max(usual, least + 1)
    return usual if most is None else min(usual, most - 1)


def _text(schema: Schema, name: str) -> str:
    stated = _FORMATS.get(str(schema.get("format")))
    if stated is not None:
        return stated
    word = next((text for key, text in _WORDS.items() if key in name.lower()), "Hello World")
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(shortest, int) and len(word) < shortest:
        word = (word * (shortest // len(word) + 1))[:shortest]
    return word[:longest] if isinstance(longest, int) else word
