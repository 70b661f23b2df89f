"""Whether an expression gives what an example says, for the example's values."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from datetime import date

from pydantic import JsonValue

from flowlattice.operators import NoValueError
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import evaluate, identifiers
from flowlattice_agents.models.offline.fields import Field
from flowlattice_agents.models.offline.routes import Route


def values_for(route: Route, inputs: Mapping[str, JsonValue]) -> dict[str, object]:
    """The names of a route's expressions with an example's values; dates as dates, absent fields as their defaults."""
    names = identifiers(route.fields)
    return {names[key]: value_for(field, inputs.get(key, field.default)) for key, field in route.fields.items()}


def value_for(field: Field, value: JsonValue) -> object:
    """A JSON value as expressions see it."""
    if field.kind == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    if field.kind == "list" and isinstance(value, list) and field.item is not None:
        return [value_for(field.item, item) for item in value]
    if field.kind == "object" and isinstance(value, dict):
        return {name: value_for(child, value.get(name, child.default)) for name, child in field.children.items()}
    return value


def gives(expression: str, inputs: Mapping[str, JsonValue], route: Route, wanted: JsonValue) -> bool:
    """Whether an expression gives a wanted value for example inputs."""
    try:
        return same(plain(evaluate(expression, values_for(route, inputs))), wanted)
    except (ExpressionError, NoValueError):
        return False


def plain(value: object) -> object:
    """A value as JSON shows it: dates as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def same(actual: object, wanted: object) -> bool:
    """Whether two JSON values are the same; 6 and 6.0 are, true and 1 are not."""
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, int | float) and isinstance(wanted, int | float):
        return math.isclose(actual, wanted, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(actual, list) and isinstance(wanted, list):
        return len(actual) == len(wanted) and all(map(same, actual, wanted))
    if isinstance(actual, dict) and isinstance(wanted, dict):
        return actual.keys() == wanted.keys() and all(same(actual[key], wanted[key]) for key in wanted)
    return actual == wanted


_TEXTS = (
    "",
    " ",
    "a",
    "Abc",
    "  two  Words ",
    "Level",
    "x-1",
    "42",
    "ä ö",
    "AB",
    "No, 42!",
    "a@b.c",
    "racecar",
    "one two  three",
)
_NUMBERS = (0, 1, -1, 2, 3, 4, 7, 10, 12, 15, 100, 400, 1900, 2000, 2024, -5)
_DECIMALS = (0.5, 2.345, -1.25, 99.995)
_DATES = ("2024-02-29", "2025-12-24", "2000-01-01", "2023-03-01", "1999-12-31")
_MOST_TRIALS = 60


def trials(route: Route, texts: tuple[str, ...] = ()) -> list[dict[str, JsonValue]]:
    """Inputs on which two readings of a route are compared; the same ones every time, with `texts` for its texts."""
    found: list[dict[str, JsonValue]] = [
        {name: text if field.kind == "string" else _trial(field, place) for name, field in route.fields.items()}
        for place, text in enumerate(texts)
    ]
    for index in range(_MOST_TRIALS):
        inputs = {
            name: _trial(field, index * (3 + place) + place) for place, (name, field) in enumerate(route.fields.items())
        }
        found.append(inputs)
    return found


def _trial(field: Field, index: int) -> JsonValue:
    if field.choices:
        return field.choices[index % len(field.choices)]
    if field.kind == "string":
        return _TEXTS[index % len(_TEXTS)]
    if field.kind == "integer":
        return _NUMBERS[index % len(_NUMBERS)]
    if field.kind == "number":
        return (*_NUMBERS, *_DECIMALS)[index % (len(_NUMBERS) + len(_DECIMALS))]
    if field.kind == "boolean":
        return index % 2 == 0
    if field.kind == "date":
        return _DATES[index % len(_DATES)]
    if field.kind == "list" and field.item is not None:
        return [_trial(field.item, index * 5 + place * 3) for place in range(index % 5)]
    if field.kind == "object":
        return {name: _trial(child, index + place) for place, (name, child) in enumerate(field.children.items())}
    return None


def run(expression: str, inputs: Mapping[str, JsonValue], route: Route) -> tuple[bool, object]:
    """Whether an expression has a value for inputs, and which."""
    try:
        return True, plain(evaluate(expression, values_for(route, inputs)))
    except (ExpressionError, NoValueError):
        return False, None


def equivalent(one: str, other: str, route: Route) -> bool:
    """Whether two expressions give the same on all trials, and have a value on some."""
    if one == other:
        return True
    compared = False
    for inputs in trials(route, _texts_in(one)):
        first, second = run(one, inputs, route), run(other, inputs, route)
        if first[0] != second[0] or not same(first[1], second[1]):
            return False
        compared = compared or first[0]
    return compared


def _texts_in(expression: str) -> tuple[str, ...]:
    """The texts that an expression names, such as the keys of a table."""
    tree = ast.parse(expression, mode="eval")
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return tuple(dict.fromkeys(found))[:_MOST_TRIALS]
