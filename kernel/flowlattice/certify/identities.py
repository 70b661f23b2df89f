"""Keys of effects, and what must not change them: how an input is written, and who reads it when.

A key is made of fields of the node's input as the node's record reads it, so a record that fills a field in by itself
(a time, a random id, a count) or makes one from the spelling of another gives the same effect another key.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from pydantic import JsonValue

from flowlattice.certify.alone import Alone
from flowlattice.engine.effects import KeyOf
from flowlattice.language.invalid import InvalidInput
from flowlattice.plausible import plausible

_Form: TypeAlias = Literal["NFC", "NFD"]

_ACCENT: Final = "e\u0301"
_FORMS: Final[tuple[_Form, _Form]] = ("NFC", "NFD")


class Keys:
    """The keys of one node's effects.

    Raises:
        ValueError: The node has none.
    """

    def __init__(self, alone: Alone) -> None:
        if alone.node.idempotency is None:
            raise ValueError(f"{alone.name} has no key")
        self._alone = alone
        self._fields = alone.node.idempotency.fields
        self._key_of = KeyOf(alone.flow.ir.name, alone.name, alone.node.idempotency)

    def key(self, value: JsonValue) -> str | None:
        """The key of an input, in hex; none where it has none, or is no input."""
        if not self._alone.accepts(value):
            return None
        try:
            return self._key_of(self._alone.record(value)).hex()
        except (InvalidInput, KeyError):
            return None

    def siblings(self, value: JsonValue, others: Sequence[JsonValue]) -> Iterator[JsonValue]:
        """Inputs that differ from one in a field of its key, and so are other effects: one for each such field."""
        if not isinstance(value, dict):
            return
        for name in self._fields:
            given = [other[name] for other in others if isinstance(other, dict) and name in other]
            changed = [{**value, name: item} for item in (*given, *_others(value.get(name)))]
            yield from [one for one in changed if self.key(one) not in {None, self.key(value)}][:1]

    def unsteady(self, value: JsonValue) -> Iterator[str]:
        """What changes the key of an input and must not."""
        key = self.key(value)
        if key is None:
            return
        if self.key(value) != key:
            yield f"the key of {self._alone.name} differs each time that the same input is read"
            return
        if any(self.key(bare) != self.key(bare) for bare in self.bare(value)):
            yield f"the key of {self._alone.name} differs each time that an input leaves a field of it out"
        pairs = [(*pair, "with how accents are written (NFC, NFD)") for pair in self._spelled(value)]
        for one, other, how in (*pairs, *rewritten(self._alone, value)):
            if self.key(one) != self.key(other) and None not in {self.key(one), self.key(other)}:
                yield f"the key of {self._alone.name} differs {how}"

    def bare(self, value: JsonValue) -> Iterator[JsonValue]:
        """The input without one field of the key each, where its record fills that in."""
        if isinstance(value, dict):
            for name in self._fields:
                bare: JsonValue = {field: item for field, item in value.items() if field != name}
                if bare != value and self._alone.accepts(bare):
                    yield bare

    def _spelled(self, value: JsonValue) -> Iterator[tuple[JsonValue, JsonValue]]:
        """The input with an accent in a text of each field of the key, composed and not."""
        for name in self._fields if isinstance(value, dict) else ():
            for longer in (True, False):
                composed, apart = (_accented(value, name, form, longer=longer) for form in _FORMS)
                if composed != apart and self._alone.accepts(composed) and self._alone.accepts(apart):
                    yield composed, apart
                    break


def rewritten(alone: Alone, value: JsonValue) -> Iterator[tuple[JsonValue, JsonValue, str]]:
    """Pairs of one input that is written in two ways, each with how: accents, and the order of members."""
    composed, apart = (_all_accented(value, form) for form in _FORMS)
    yield composed, apart, "with how accents are written (NFC, NFD)"
    filled = _filled(alone.schema, value)
    yield filled, reordered(filled), "with the order of members"


def _all_accented(value: JsonValue, form: _Form) -> JsonValue:
    for name, item in list(value.items()) if isinstance(value, dict) else ():
        value = _accented(value, name, form, longer=True) if isinstance(item, str) else value
    return value


def _filled(schema: Mapping[str, JsonValue], value: JsonValue) -> JsonValue:
    """The value with two members in each map of its own that may have any."""
    properties = schema.get("properties")
    if not isinstance(value, dict) or not isinstance(properties, dict):
        return value
    filled = dict(value)
    for name, stated in properties.items():
        of = stated.get("additionalProperties") if isinstance(stated, dict) else None
        if isinstance(of, dict) and name in filled:
            member = plausible({**of, "$defs": schema.get("$defs")})
            filled[name] = {"a": member, "b": member}
    return filled


def varied(alone: Alone, value: JsonValue) -> Iterator[JsonValue]:
    """Inputs that differ from one in one field each: near it, and at the bounds that the schema states."""
    properties = alone.schema.get("properties")
    for name, item in value.items() if isinstance(value, dict) else ():
        stated = properties.get(name) if isinstance(properties, dict) else None
        for other in (*_stated(stated), *_others(item)[:2]):
            changed: JsonValue = {**value, name: other} if isinstance(value, dict) else other
            if other != item and alone.accepts(changed):
                yield changed


def _stated(schema: JsonValue) -> list[JsonValue]:
    """What a schema names itself."""
    if not isinstance(schema, dict):
        return []
    options = schema.get("enum")
    bounds = [schema[name] for name in ("minimum", "maximum", "default") if name in schema]
    return [*(options if isinstance(options, list) else ()), *bounds]


def _others(item: JsonValue) -> list[JsonValue]:
    """Other values of the same kind."""
    match item:
        case bool():
            return [not item]
        case int():
            return [item + 1, item - 1]
        case float():
            return [item + 1.0]
        case str():
            return [f"{item}2", f"{item[:-1]}7", "2", "b"]
        case list():
            return [[*item, *item[:1]], item[:-1]]
        case _:
            return []


def reordered(value: JsonValue) -> JsonValue:
    """The value with the members of each map in it the other way round."""
    if isinstance(value, dict):
        return {name: reordered(item) for name, item in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def _accented(value: JsonValue, name: str, form: _Form, *, longer: bool) -> JsonValue:
    """A value with an accent at the end of each text of a field, beside what is there or in its place."""

    def deep(item: JsonValue) -> JsonValue:
        if isinstance(item, str):
            return unicodedata.normalize(form, (item if longer else item[:-2]) + _ACCENT)
        if isinstance(item, list):
            return [deep(part) for part in item]
        return {key: deep(part) for key, part in item.items()} if isinstance(item, dict) else item

    assert isinstance(value, dict)
    return {field: deep(item) if field == name else item for field, item in value.items()}
