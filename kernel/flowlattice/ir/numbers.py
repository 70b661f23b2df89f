"""Numbers that the IR can hold: finite, and whole ones of at most 64 bits. Authors can write others.

In the free-form parts of the IR such a number stands as text, which the rule of that option then finds to be none; in
a field that takes numbers alone it cannot be lowered, and the diagnostic stands where it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf, isfinite, log10
from typing import Final, TypeVar, cast

from pydantic import BaseModel, JsonValue

Part = TypeVar("Part", bound=BaseModel)

_BITS: Final = 64
_EXACT_BITS: Final = 53  # of a float
# JSON readers take longer whole numbers too, but Python reads no more than 4,300 digits: far below that, above any use.
_SCHEMA_BITS: Final = 1_000


def portable(value: JsonValue, *, bits: int = _SCHEMA_BITS) -> JsonValue:
    """A value with text for each number that JSON cannot say, or that has more bits: `nan`, `-inf`, `1e400`."""
    match value:
        case bool():
            return value
        case int() | float():
            return value if _is_number(value, bits) else _text(value)
        case dict():
            return {key: portable(part, bits=bits) for key, part in value.items()}
        case list():
            return [portable(part, bits=bits) for part in value]
        case _:
            return value


def config(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What an author set options to, with text for numbers that are none."""
    return {key: portable(value, bits=_BITS) for key, value in values.items()}


def schema(value: JsonValue) -> JsonValue:
    """A JSON Schema without bounds that are no numbers; defaults and choices that are none are text."""
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if key in {"default", "const"} or _is_bound(part)}
        return {key: schema(part) for key, part in kept.items()}
    return [schema(part) for part in value] if isinstance(value, list) else portable(value)


def floating(value: float | None) -> float | None:
    """A number for a field that takes floats: one of many digits as a float, one beyond all floats as infinite."""
    if not isinstance(value, int) or value.bit_length() <= _EXACT_BITS:
        return value
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def whole(part: Part) -> Part:
    """A part of the IR, checked anew: copies of models are not, and any number an author gave may be in it.

    Raises:
        ValueError: A field has a value that it cannot have.
    """
    checked = type(part).model_validate(dict(part))
    for path, number in _numbers(checked.model_dump(mode="json", warnings=False)):
        if not _is_number(number, _BITS):
            raise ValueError(f"{path} is {_text(number)}, and takes finite numbers of at most {_BITS} bits")
    return checked


def _numbers(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _numbers(part, path)


def _is_bound(value: JsonValue) -> bool:
    return not isinstance(value, int | float) or _is_number(value, _SCHEMA_BITS)


def _is_number(value: float, bits: int) -> bool:
    return value.bit_length() <= bits if isinstance(value, int) else isfinite(value)


def _text(value: float) -> str:
    """A number in a few characters; of a whole one with thousands of digits, only how many there are."""
    if isinstance(value, float):
        return str(value)
    return f"{'-' if value < 0 else ''}1e{int(value.bit_length() * log10(2))}"
