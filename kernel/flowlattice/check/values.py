"""Values: how people write them in a flow, and whether one is of a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final

from pydantic import JsonValue

_UNITS: Final = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000))
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def duration(milliseconds: int) -> tuple[str, str]:
    """A duration as code, and the name of flowlattice in it: `minutes(5)`; whole and as short as can be."""
    unit, size = next(((unit, size) for unit, size in _UNITS if milliseconds % size == 0), ("ms", 1))
    return f"{unit}({milliseconds // size})", unit


def is_valid(value: JsonValue, schema: JsonValue) -> bool:
    """Whether a value is one of a JSON Schema, as far as types, bounds, choices and lists go."""
    return _is_valid(value, schema, schema.get("$defs") if isinstance(schema, dict) else None)


def _is_valid(value: JsonValue, schema: JsonValue, definitions: JsonValue) -> bool:
    if not isinstance(schema, dict):
        return True
    reference, members = schema.get("$ref"), schema.get("anyOf")
    if isinstance(reference, str) and isinstance(definitions, dict):
        return _is_valid(value, definitions.get(reference.rpartition("/")[2]), definitions)
    if isinstance(members, list):
        return any(_is_valid(value, member, definitions) for member in members)
    choices = schema.get("enum")
    if (isinstance(choices, list) and value not in choices) or ("const" in schema and value != schema["const"]):
        return False
    kinds = _TYPES.get(str(schema.get("type")))
    if kinds is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        return False
    if isinstance(value, list):
        return all(_is_valid(item, schema.get("items"), definitions) for item in value)
    return not isinstance(value, int | float) or _is_within(value, schema)


def _is_within(value: float, schema: Mapping[str, JsonValue]) -> bool:
    def bound(name: str, otherwise: float) -> float:
        given = schema.get(name)
        return given if isinstance(given, int | float) else otherwise

    low, high = bound("minimum", -inf), bound("maximum", inf)
    return low <= value <= high and bound("exclusiveMinimum", -inf) < value < bound("exclusiveMaximum", inf)


def in_words(milliseconds: int) -> str:
    """The same for a sentence: `5 minutes`, `1 day`, `250 ms`."""
    text, unit = duration(milliseconds)
    count = text.removeprefix(f"{unit}(").removesuffix(")")
    return f"{count} {unit.removesuffix('s') if count == '1' and unit != 'ms' else unit}"
