"""Canaries: values that nothing else has, put into the fields of an input that hold personal, payment or secret data.

Where one comes out again, the field's data did.
"""

from __future__ import annotations

import copy
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from pydantic import JsonValue

SENSITIVE: Final = ("pii", "payment", "secret")
OPEN: Final = ("public", "internal")
"""The classes of fields that none of those may come to."""

_CLASS: Final = "x-data-class"
_SHORTEST: Final = 8
_NUMBERS: Final = (918_273_645, 9_182_736, 918_273)

Schema = Mapping[str, JsonValue]
Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Canary:
    """One of them.

    Attributes:
        text: What is looked for, in lower case.
        field: Where it was put: `customer.email`.
        data_class: The field's class.
    """

    text: str
    field: str
    data_class: str

    def is_in(self, text: str) -> bool:
        """Whether it came out in a text, as it is, in hex or in base64; a number has to stand alone."""
        if self.text.isdigit():
            return re.search(rf"(?<!\d){self.text}(?!\d)", text) is not None
        folded = text.casefold()
        return (
            self.text in folded or self.text.encode().hex() in folded or any(b in text for b in _in_base64(self.text))
        )


@cache
def _in_base64(text: str) -> tuple[str, ...]:
    """What base64 makes of a text wherever it begins in what is encoded, without what its neighbours change."""
    found = []
    for before in range(3):
        encoded = b64encode(b"." * before + text.encode()).decode().rstrip("=")
        found.append(encoded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6])
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Planted:
    """An input with canaries in it."""

    value: JsonValue
    canaries: tuple[Canary, ...]


def planted(value: JsonValue, schema: Schema, accepts: Callable[[JsonValue], bool]) -> Planted:
    """An input with a canary in each sensitive field that takes one.

    A field with a pattern that none fits keeps its text, if that is long enough to be told.

    Args:
        value: An input.
        schema: JSON Schema of it, with the class of each field.
        accepts: Whether a value is an input.
    """
    found: list[Canary] = []
    for number, (place, data_class) in enumerate(fields_of(value, schema)):
        if data_class not in SENSITIVE:
            continue
        value, text = _put(value, place, number, accepts)
        if text is not None:
            found.append(Canary(text=text, field=words(place), data_class=data_class))
    return Planted(value=value, canaries=tuple(found))


def fields_of(value: JsonValue, schema: Schema) -> Iterator[tuple[Place, str | None]]:
    """The scalars of a value: where each is, and its class; none where it has none."""
    yield from dict.fromkeys(_walk(value, [dict(schema)], schema, (), None))


def unclassed(schema: Schema) -> list[str]:
    """The fields of the records of a schema that have no class, as `Record.field`."""
    definitions = schema.get("$defs")
    inner = definitions if isinstance(definitions, dict) else {}
    found = []
    for title, part in {**inner, str(schema.get("title", "")): schema}.items():
        properties = part.get("properties") if isinstance(part, Mapping) else None
        for name, entry in properties.items() if isinstance(properties, dict) else ():
            if not (isinstance(entry, dict) and isinstance(entry.get(_CLASS), str)):
                found.append(f"{title}.{name}" if title else name)
    return found


def words(place: Place) -> str:
    """Where a field is, as people write it; items of a list are not told apart."""
    return ".".join(part for part in place if isinstance(part, str)) or "the whole input"


def at(value: JsonValue, place: Place) -> JsonValue:
    """What is at a place."""
    for part in place:
        value = cast("dict[str | int, JsonValue]", value)[part]
    return value


def _walk(
    value: JsonValue, schemas: Iterable[JsonValue], root: Schema, place: Place, given: str | None
) -> Iterator[tuple[Place, str | None]]:
    resolved = [part for schema in schemas for part in _alternatives(schema, root)]
    own = next((part[_CLASS] for part in resolved if isinstance(part.get(_CLASS), str)), given)
    data_class = own if isinstance(own, str) else None
    if isinstance(value, dict):
        for name, item in value.items():
            inner = [_property(part, name) for part in resolved]
            yield from _walk(item, inner, root, (*place, name), data_class)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, [part.get("items") for part in resolved], root, (*place, number), data_class)
    elif value is not None:
        yield place, data_class


def _property(schema: Schema, name: str) -> JsonValue:
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        return properties[name]
    return schema.get("additionalProperties")


def _alternatives(schema: JsonValue, root: Schema, depth: int = 8) -> Iterator[dict[str, JsonValue]]:
    """A schema and all that it refers to at this place; records refer to themselves, so not without end."""
    if not isinstance(schema, dict) or not depth:
        return
    yield schema
    definitions, name = root.get("$defs"), str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if isinstance(definitions, dict) and name in definitions:
        yield from _alternatives(definitions[name], root, depth - 1)
    for kind in ("anyOf", "oneOf", "allOf"):
        parts = schema.get(kind)
        for part in parts if isinstance(parts, list) else ():
            yield from _alternatives(part, root, depth - 1)


def _put(
    value: JsonValue, place: Place, number: int, accepts: Callable[[JsonValue], bool]
) -> tuple[JsonValue, str | None]:
    """The value with a canary at a place, and the canary's text; the value as it is where none fits."""
    was = at(value, place)
    for canary, text in _candidates(was, number):
        changed = _with(value, place, canary)
        if accepts(changed):
            return changed, text
    kept = str(was).casefold()
    return value, kept if isinstance(was, str) and len(kept.strip()) >= _SHORTEST and kept.isascii() else None


def _candidates(was: JsonValue, number: int) -> Iterator[tuple[JsonValue, str]]:
    if isinstance(was, bool):
        return
    if isinstance(was, int | float):
        for canary in _NUMBERS:
            yield canary + number, str(canary + number)
    if isinstance(was, str):
        token = f"cnry{number % 100:02d}q7x2m4k9w3"  # letters and digits, and whole base64, too
        yield token, token
        yield f"{token}@{token}.example", token
        yield token[:12], token[:12]
        yield token[:_SHORTEST], token[:_SHORTEST]
        yield f"+49{_NUMBERS[0] + number}", f"49{_NUMBERS[0] + number}"
        yield str(_NUMBERS[0] + number), str(_NUMBERS[0] + number)


def _with(value: JsonValue, place: Place, canary: JsonValue) -> JsonValue:
    if not place:
        return canary
    changed = copy.deepcopy(value)
    *way, last = place
    cast("dict[str | int, JsonValue]", at(changed, tuple(way)))[last] = canary
    return changed


def as_text(value: object) -> str:
    """Anything as a text in which canaries are looked for."""
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
