"""Two JSON Schemas side by side: each difference with its path, and whether fewer or more values fit now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

Effect = Literal["narrower", "wider", "other", "same", "added_required", "added_optional", "removed"]
Schema = Mapping[str, JsonValue]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LIMITING = ("pattern", "format", "multipleOf", "const", "uniqueItems", "additionalProperties", "not")
_WORDS = {
    "type": "its type", "anyOf": "its type", "enum": "what it may be", "default": "what it is when left out",
    "minimum": "its least value", "maximum": "its greatest value", "minLength": "its least length",
    "maxLength": "its greatest length", "required": "whether it is required", "x-in": "where it is sent",
    "x-reason": "what a caller is told",
}  # fmt: skip
_CHOICES = ("anyOf", "oneOf", "allOf")
# Walked into, or compared as data: never as a keyword.
_STRUCTURE = ("properties", "required", "items", "$defs", "$ref", "x-data-class", "title")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference.

    Attributes:
        path: The record and the field, `Order.lines[].sku`.
        what: What of it is different, in words.
        effect: Whether fewer values fit now (narrower) or more (wider); `same`: as many.
    """

    path: str
    what: str
    effect: Effect
    before: JsonValue
    after: JsonValue


def differences(before: JsonValue, after: JsonValue, name: str) -> Iterator[Difference]:
    """The differences of two schemas; references are followed, each pair of them once."""
    yield from _Walk(_schema(before), _schema(after)).compare(before, after, name)


@dataclass
class _Walk:
    old: Schema
    new: Schema
    seen: set[tuple[str, str]] = field(default_factory=set)

    def compare(self, before: JsonValue, after: JsonValue, path: str) -> Iterator[Difference]:
        was, now = _schema(before), _schema(after)
        names = (str(was.get("$ref", "")), str(now.get("$ref", "")))
        if any(names):
            if names in self.seen:
                return
            self.seen.add(names)
            was, now = _resolved(self.old, was), _resolved(self.new, now)
        yield from self._fields(was, now, path)
        if "items" in was or "items" in now:
            yield from self.compare(was.get("items", {}), now.get("items", {}), f"{path}[]")
        if was.get("title") != now.get("title") and not any(names) and "properties" not in now:
            yield Difference(
                path=path, what="its title", effect="same", before=was.get("title"), after=now.get("title")
            )
        yield from self._keywords(was, now, path)

    def _fields(self, was: Schema, now: Schema, path: str) -> Iterator[Difference]:
        old, new = _schema(was.get("properties")), _schema(now.get("properties"))
        needed = [_texts(schema.get("required")) for schema in (was, now)]
        for name in [*old, *(name for name in new if name not in old)]:
            here = f"{path}.{name}"
            if name not in new:
                yield Difference(path=here, what=name, effect="removed", before=old[name], after=None)
            elif name not in old:
                effect: Effect = "added_required" if name in needed[1] else "added_optional"
                yield Difference(path=here, what=name, effect=effect, before=None, after=new[name])
            else:
                if (name in needed[0]) != (name in needed[1]):
                    effect = "narrower" if name in needed[1] else "wider"
                    yield _difference(here, "required", name in needed[0], name in needed[1], effect)
                yield from self.compare(old[name], new[name], here)

    def _keywords(self, was: Schema, now: Schema, path: str) -> Iterator[Difference]:
        for key in [*was, *(key for key in now if key not in was)]:
            one, other = was.get(key), now.get(key)
            if key in _CHOICES and _same_length(one, other):
                for number, pair in enumerate(zip(_list(one), _list(other), strict=True)):
                    yield from self.compare(*pair, f"{path}|{number + 1}")
            elif key not in _STRUCTURE and one != other:
                yield _difference(path, key, _short(one), _short(other), _effect(key, one, other))


def _difference(path: str, key: str, before: JsonValue, after: JsonValue, effect: Effect) -> Difference:
    return Difference(path=path, what=_WORDS.get(key, key), effect=effect, before=before, after=after)


def _effect(key: str, was: JsonValue, now: JsonValue) -> Effect:
    """Whether fewer values fit now or more."""
    if key in ("enum", "anyOf", "oneOf", "type"):
        return _choice(_choices(was), _choices(now))
    if key in (*_LOWER, *_UPPER):
        if not isinstance(was, int | float) or not isinstance(now, int | float):
            return "narrower" if was is None else "wider"
        return "narrower" if (now > was) == (key in _LOWER) else "wider"
    if key == "x-in":
        return "other"
    if key in _LIMITING:
        return "narrower" if was is None else "wider" if now is None else "other"
    return "same"


def _choice(was: set[str] | None, now: set[str] | None) -> Effect:
    if was is None or now is None:
        return "narrower" if was is None else "wider"
    if was == {'"integer"'} and now == {'"number"'}:
        return "wider"
    if was == {'"number"'} and now == {'"integer"'}:
        return "narrower"
    return "narrower" if now < was else "wider" if was < now else "other"


def _choices(value: JsonValue) -> set[str] | None:
    if value is None:
        return None
    return {json.dumps(entry, sort_keys=True) for entry in (value if isinstance(value, list) else [value])}


def _same_length(one: JsonValue, other: JsonValue) -> bool:
    return isinstance(one, list) and isinstance(other, list) and len(one) == len(other)


def _short(value: JsonValue) -> JsonValue:
    """Choices of types as the names of the types."""
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        return [_named(_schema(entry)) for entry in value]
    return value


def _named(schema: Schema) -> str:
    return str(schema.get("type") or str(schema.get("$ref", "")).rpartition("/")[2] or json.dumps(schema))


def _resolved(root: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    return {**_schema(_schema(root.get("$defs")).get(reference.rpartition("/")[2])), **_without(schema, "$ref")}


def _without(schema: Schema, key: str) -> Schema:
    return {name: value for name, value in schema.items() if name != key}


def _schema(value: JsonValue) -> Schema:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _texts(value: JsonValue) -> set[str]:
    return {str(entry) for entry in value} if isinstance(value, list) else set()
