"""One value of a schema as a person would write it, to show and to probe with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


class _Endless(Exception):
    """What is asked for holds itself: it has to be left out."""


def plausible(schema: Schema) -> JsonValue:
    """A value that fits the schema's types and bounds; patterns are tried, not guaranteed.

    What holds itself does so once: lists of it are empty, and it is left out where it may be.
    """
    definitions = schema.get("$defs")
    try:
        return _value(schema, _Known(definitions if isinstance(definitions, dict) else {}), "")
    except _Endless:
        return {}


@dataclass(frozen=True)
class _Known:
    """The definitions of a schema, and those that a value is inside of."""

    definitions: Schema
    within: tuple[str, ...] = ()

    def entered(self, reference: str) -> tuple[JsonValue, _Known]:
        """What a reference means."""
        name = reference.rpartition("/")[2]
        if name in self.within:
            raise _Endless
        return self.definitions.get(name, {}), _Known(self.definitions, (*self.within, name))


def _value(raw: JsonValue | Schema, definitions: _Known, name: str) -> JsonValue:
    schema = cast(Schema, raw)
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _value(*definitions.entered(reference), name)
    several, choices = schema.get("anyOf"), schema.get("enum")
    if isinstance(several, list) and several:
        return _first(several, definitions, name)
    if isinstance(choices, list) and choices:
        return choices[0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties")
            found = properties if isinstance(properties, dict) else {}
            return _object(found, schema.get("required"), definitions)
        case "array":
            return _array(schema, definitions, name)
        case "integer":
            return int(_number(schema, 3))
        case "number":
            return _number(schema, 2.5)
        case "boolean":
            return True
        case "null":
            return None
    return _text(schema, name)


def _first(options: list[JsonValue], definitions: _Known, name: str) -> JsonValue:
    """The first of several that has an end."""
    for option in options:
        try:
            return _value(option, definitions, name)
        except _Endless:
            continue
    raise _Endless


def _object(properties: Schema, required: JsonValue, definitions: _Known) -> JsonValue:
    found: dict[str, JsonValue] = {}
    for name, entry in properties.items():
        try:
            found[name] = _value(entry, definitions, name)
        except _Endless:
            if isinstance(required, list) and name in required:
                raise
    return found


def _array(schema: Schema, definitions: _Known, name: str) -> JsonValue:
    fewest = schema.get("minItems")
    least = fewest if isinstance(fewest, int) else 0
    try:
        return [_value(schema.get("items", {}), definitions, name) for _ in range(max(2, least))]
    except _Endless:
        if least:
            raise
        return []


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
