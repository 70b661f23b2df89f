"""Inputs from a schema: valid ones at the bounds and from everywhere, invalid ones that break one rule each.

The values come from hypothesis, derandomised, so that the same schema gives the same inputs.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from hypothesis import HealthCheck, Phase, configuration, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from pydantic import JsonValue

Schema = Mapping[str, JsonValue]
Strategy = st.SearchStrategy[JsonValue]

_SURROGATES: Final[tuple[Literal["Cs"]]] = ("Cs",)
_TEXT = st.text(st.characters(exclude_categories=_SURROGATES), max_size=40)
_FAR = 10**6
_CANNOT = (HypothesisException, re.error, RecursionError)


@dataclass(frozen=True, kw_only=True)
class InvalidInput:
    """An input that breaks one rule: which field, and how."""

    value: dict[str, JsonValue]
    field: str
    rule: str


class NotGeneratedError(Exception):
    """No value of a schema can be generated; the text names the field."""


def valid_inputs(schema: Schema, accepts: Callable[[JsonValue], bool], *, count: int) -> list[JsonValue]:
    """At most `count` distinct values of a schema that `accepts` (the record itself) agrees with.

    Raises:
        NotGeneratedError: There are none, or a pattern is not one of Python's.
    """
    found: dict[str, JsonValue] = {}
    # Some are drawn twice, and some a pattern or an open bound lets through that the record refuses.
    try:
        drawn = [value for value in _drawn(_strategy(schema, _definitions(schema)), 2 * count + 10) if accepts(value)]
    except _CANNOT as error:
        raise NotGeneratedError(_blamed(schema) or f"no value can be generated ({_first_line(error)})") from error
    for value in [*_corners(schema, drawn), *drawn]:
        if len(found) < count and accepts(value):
            found.setdefault(repr(value), value)
    return list(found.values())


def warm() -> None:
    """Have hypothesis reckon its table of characters now, which takes it a while, and write it nowhere."""
    configuration.set_hypothesis_home_dir(os.devnull)
    try:
        _TEXT.validate()
    finally:
        configuration.set_hypothesis_home_dir(None)


def _blamed(schema: Schema) -> str | None:
    """The field for which nothing can be generated, in a sentence."""
    definitions = _definitions(schema)
    for name, raw in _properties(schema).items():
        try:
            _drawn(_strategy(cast(Schema, raw), definitions), 5)
        except _CANNOT as error:
            return f"no value of field {name} can be generated ({_first_line(error)})"
    return None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def prepare() -> None:
    """Draw some values: the first draws of a process read tables and sources, which later ones need not."""
    fields: Schema = {"a": {"type": "string"}, "b": {"type": "string", "pattern": "^[a-z]"}, "c": {"type": "integer"}}
    _drawn(_strategy({"type": "object", "properties": {**fields}, "required": [*fields]}, {}), 50)


def invalid_inputs(schema: Schema, valid: JsonValue) -> Iterator[InvalidInput]:
    """From one valid value: each required field left out, each field of a wrong type, each bound passed."""
    if not isinstance(valid, dict):
        return
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        yield InvalidInput(value={k: v for k, v in valid.items() if k != name}, field=str(name), rule="missing")
    for name, raw in _properties(schema).items():
        for rule, wrong in _wrong(_resolved(raw, _definitions(schema)), _definitions(schema), valid.get(name)):
            yield InvalidInput(value={**valid, name: wrong}, field=name, rule=rule)


def _wrong(schema: Schema, definitions: Schema, right: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    options = _options(schema, definitions)
    kinds = {_kind(option) for option in options}
    if "enum" in schema or "const" in schema:
        yield "choice", "\u2603 none of these"
    if not kinds & {"string", "any"} and "enum" not in schema:
        yield "type", "\u2603"
    if not kinds & {"integer", "number", "any"}:
        yield "type", 7
    if not kinds & {"boolean", "any"}:
        yield "type", True
    if not kinds & {"null", "any"}:
        yield "null", None
    bounded = [option for option in options if _kind(option) != "null"]
    if len(bounded) == 1:  # what one of several options refuses, another may take
        yield from _beyond(bounded[0], right)


def _beyond(schema: Schema, right: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, int | float):
        yield "minimum", low - 1
    if isinstance(high, int | float):
        yield "maximum", high + 1
    low, high = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(low, int | float):
        yield "exclusiveMinimum", low
    if isinstance(high, int | float):
        yield "exclusiveMaximum", high
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(shortest, int) and shortest > 0:
        yield "minLength", "x" * (shortest - 1)
    if isinstance(longest, int) and longest < _FAR:
        yield "maxLength", "x" * (longest + 1)
    fewest = schema.get("minItems")
    if isinstance(fewest, int) and fewest > 0:
        yield "minItems", []
    most = schema.get("maxItems")
    if isinstance(most, int) and most < _FAR:
        yield "maxItems", [right[0] if isinstance(right, list) and right else None] * (most + 1)
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        yield from (("pattern", text) for text in _unlike(pattern))


def _unlike(pattern: str) -> list[str]:
    """A text that does not match; none for a pattern that takes everything, or that only RE2 can read."""
    try:
        return [text for text in ("\u2603", "", "x", "0", "a b", "\n") if re.search(pattern, text) is None][:1]
    except re.error:
        return []


def _corners(schema: Schema, drawn: list[JsonValue]) -> Iterator[JsonValue]:
    """Values with one field at a bound and the others as simple as can be."""
    definitions = _definitions(schema)
    simple = drawn[0] if drawn else None
    if not isinstance(simple, dict):
        return
    yield simple
    for name, raw in _properties(schema).items():
        inner = _resolved(raw, definitions)
        for key in ("minimum", "maximum"):
            if isinstance(inner.get(key), int | float):
                yield {**simple, name: inner[key]}
        longest, shortest = inner.get("maxLength"), inner.get("minLength")
        if _kind(inner) == "string" and "enum" not in inner and "pattern" not in inner:
            yield {**simple, name: "\u00e9\u4e2d\U0001f600 \t\n" + "x" * (shortest if isinstance(shortest, int) else 0)}
            yield {**simple, name: "x" * min(longest if isinstance(longest, int) else 1000, 5000)}
            yield {**simple, name: "x" * (shortest if isinstance(shortest, int) else 0)}


def _drawn(strategy: Strategy, count: int) -> list[JsonValue]:
    values: list[JsonValue] = []

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: JsonValue) -> None:
        values.append(value)

    collect()
    return values


class _Definitions(dict[str, JsonValue]):
    """The definitions of a schema; of those that hold themselves, each has one strategy, which stands for itself."""

    def __init__(self, definitions: Schema) -> None:
        super().__init__(definitions)
        self._made: dict[str, Strategy] = {}

    def strategy(self, reference: str) -> Strategy | None:
        """The strategy of what a reference names, if that holds itself."""
        name = reference.rpartition("/")[2]
        if name not in self._made:
            if name not in _named_in(self, name):
                return None
            self._made[name] = st.deferred(lambda: _strategy(cast(Schema, self[name]), self))
        return self._made[name]


def _named_in(definitions: Schema, start: str) -> set[str]:
    """The definitions that one refers to, those that these refer to, and so on."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        text = json.dumps(definitions.get(waiting.pop()))
        new = {name for name in re.findall(r'"#/\$defs/([^"]+)"', text) if name not in found}
        found |= new
        waiting += new
    return found


def _strategy(schema: Schema, definitions: Schema) -> Strategy:
    reference = schema.get("$ref")
    if isinstance(reference, str) and isinstance(definitions, _Definitions):
        known = definitions.strategy(reference)
        if known is not None:
            return known
    several = _resolved(schema, definitions).get("anyOf")
    if isinstance(several, list) and len(several) > 1:
        return st.one_of([_strategy(option, definitions) for option in several if isinstance(option, dict)])
    options = _options(schema, definitions)
    only = options[0]
    if "const" in only:
        return st.just(only["const"])
    choices = only.get("enum")
    if isinstance(choices, list):
        return st.sampled_from(choices)
    makers: dict[str, Callable[[Schema, Schema], Strategy]] = {
        "string": _strings,
        "integer": _integers,
        "number": _numbers,
        "array": _arrays,
        "object": _objects,
    }
    kind = _kind(only)
    if kind in makers:
        return makers[kind](only, definitions)
    return {"boolean": cast(Strategy, st.booleans()), "null": cast(Strategy, st.none())}.get(
        kind, cast(Strategy, _TEXT)
    )


def _dates() -> Strategy:
    dates = st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31))
    return dates.map(lambda day: day.isoformat())


def _times() -> Strategy:
    """Points in time, most of them with a zone."""
    times = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2199, 12, 31))
    zones = st.sampled_from(["Z", "+05:45", ""])
    return st.builds(lambda moment, zone: f"{moment.isoformat()}{zone}", times, zones)


_FORMATS: Final[Mapping[str, Callable[[], Strategy]]] = {
    "date": _dates,
    "date-time": _times,
    "time": lambda: st.times().map(lambda time: time.isoformat()),
    "duration": lambda: st.integers(0, 10**6).map(lambda seconds: f"PT{seconds}S"),
    "uuid": lambda: st.uuids().map(str),
}


def _strings(schema: Schema, _: Schema) -> Strategy:
    made = _FORMATS.get(str(schema.get("format")))
    if made is not None:
        return made()
    low, high = schema.get("minLength"), schema.get("maxLength")
    shortest = low if isinstance(low, int) else 0
    longest = high if isinstance(high, int) else shortest + 40
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        # In RE2 `$` is the very end; in Python it also stands before a last line feed.
        exact = re.sub(r"(?<!\\)\$$", r"\\Z", pattern)
        # The same characters as by default, which asks the UTF-8 codec for each of a million first.
        drawn = st.from_regex(exact, alphabet=st.characters(exclude_categories=_SURROGATES))
        strings = drawn.filter(lambda text: shortest <= len(text) and not _has_surrogate(text))
        return cast(Strategy, strings)
    printable = st.text(string.printable, min_size=shortest, max_size=longest)
    anything = st.text(st.characters(exclude_categories=_SURROGATES), min_size=shortest, max_size=longest)
    return cast(Strategy, printable | anything)


def _integers(schema: Schema, _: Schema) -> Strategy:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    least = int(low) if isinstance(low, int | float) else int(above) + 1 if isinstance(above, int | float) else None
    most = int(high) if isinstance(high, int | float) else int(below) - 1 if isinstance(below, int | float) else None
    small = st.integers(
        least if least is not None else (most or 0) - 1000, most if most is not None else (least or 0) + 1000
    )
    return cast(Strategy, small | st.integers(least, most))


def _numbers(schema: Schema, _: Schema) -> Strategy:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    bounds = [float(bound) if isinstance(bound, int | float) else None for bound in (low, high, above, below)]
    least = bounds[0] if bounds[0] is not None else bounds[2]
    most = bounds[1] if bounds[1] is not None else bounds[3]
    floats = st.floats(
        least if least is not None else (most or 0.0) - 1e6,
        most if most is not None else (least or 0.0) + 1e6,
        allow_nan=False,
        allow_infinity=False,
        exclude_min=bounds[0] is None and bounds[2] is not None,
        exclude_max=bounds[1] is None and bounds[3] is not None,
    )
    return cast(Strategy, floats.map(lambda value: round(value, 4)) | floats)


def _arrays(schema: Schema, definitions: Schema) -> Strategy:
    items = schema.get("items")
    low, high = schema.get("minItems"), schema.get("maxItems")
    fewest = low if isinstance(low, int) else 0
    most = min(high if isinstance(high, int) else fewest + 5, fewest + 20)
    inner = _strategy(items, definitions) if isinstance(items, dict) else cast(Strategy, _TEXT)
    return cast(Strategy, st.lists(inner, min_size=fewest, max_size=most))


def _objects(schema: Schema, definitions: Schema) -> Strategy:
    properties = _properties(schema)
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) else set()
    if not properties and isinstance(schema.get("additionalProperties"), dict):
        values = _strategy(cast(Schema, schema["additionalProperties"]), definitions)
        return cast(Strategy, st.dictionaries(_TEXT, values, max_size=4))
    fixed = {name: _strategy(cast(Schema, raw), definitions) for name, raw in properties.items()}
    return cast(
        Strategy,
        st.fixed_dictionaries(
            {name: strategy for name, strategy in fixed.items() if name in needed},
            optional={name: strategy for name, strategy in fixed.items() if name not in needed},
        ),
    )


def _options(schema: Schema, definitions: Schema) -> list[Schema]:
    resolved = _resolved(schema, definitions)
    options = resolved.get("anyOf")
    if not isinstance(options, list):
        return [resolved]
    return [_resolved(option, definitions) for option in options if isinstance(option, dict)]


def _resolved(schema: JsonValue | Schema, definitions: Schema) -> Schema:
    plain = cast(Schema, schema)
    reference = plain.get("$ref")
    if isinstance(reference, str):
        return cast(Schema, definitions.get(reference.rpartition("/")[2], {}))
    return plain


def _properties(schema: Schema) -> dict[str, JsonValue]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _definitions(schema: Schema) -> Schema:
    definitions = schema.get("$defs")
    return _Definitions(definitions if isinstance(definitions, dict) else {})


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    return kind if isinstance(kind, str) else "any"


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
