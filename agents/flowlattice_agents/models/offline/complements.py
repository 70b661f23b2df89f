"""Whether the conditions of a brief leave nothing open: "even: ..., odd: ...", "18 or more: ..., under 18: ..."."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from flowlattice_agents.models.offline.evaluation import run, trials
from flowlattice_agents.models.offline.routes import Route

_LONGEST = 500
_NUMBER = re.compile(r"(?<![\w.'])\d+(?:\.\d+)?(?![\w.'])")


def leave_nothing_open(tests: Sequence[str], route: Route) -> bool:
    """Whether exactly one of the conditions holds for every input tried, also around each number they name."""
    inputs = [*trials(route, ("x",)), *_around(tests, route)]
    return len(tests) > 1 and all(_one_holds(tests, one, route) for one in inputs)


def _one_holds(tests: Sequence[str], inputs: Mapping[str, JsonValue], route: Route) -> bool:
    results = [run(test, inputs, route) for test in tests]
    return sorted(map(str, results)) == sorted(["(True, True)", *["(True, False)"] * (len(tests) - 1)])


def _around(tests: Sequence[str], route: Route) -> Iterator[dict[str, JsonValue]]:
    """Inputs whose numbers, and lengths of texts, lie at and beside each number of the conditions."""
    base = trials(route)[0]
    for text in dict.fromkeys(number for test in tests for number in _NUMBER.findall(test)):
        for beside in (-1, -0.5, 0, 0.5, 1):
            value = float(text) + beside
            yield {name: _with(base[name], found.kind, value) for name, found in route.fields.items()}


def _with(known: JsonValue, kind: str | None, value: float) -> JsonValue:
    size = max(0, min(_LONGEST, round(value)))
    if kind == "integer":
        return round(value)
    if kind == "number":
        return value
    if kind == "string":
        return "x" * size
    return known
