"""Whether an expression gives what an example says, for the example's values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from pydantic import JsonValue

from flowlattice.operators import NoValueError
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import evaluate
from flowlattice_agents.models.offline.fields import Field
from flowlattice_agents.models.offline.routes import Route


def values_for(route: Route, inputs: Mapping[str, JsonValue]) -> dict[str, object]:
    """The names of a route's expressions with an example's values; dates as dates, absent fields as their defaults."""
    return {name: value_for(field, inputs.get(name, field.default)) for name, field in route.fields.items()}


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
