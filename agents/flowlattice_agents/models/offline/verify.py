"""The last word before a draft is a spec: its expressions are well typed, and the brief's own examples hold."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import BOOLEAN, Type, check, names_of_record
from flowlattice_agents.models.offline.routes import Gap
from flowlattice_agents.simulate import holds
from flowlattice_agents.spec import Example, FlowSpec, RouteSpec


def problems(spec: FlowSpec) -> list[Gap]:
    """What is wrong with a spec, as questions; none where nothing is."""
    found = [gap for route in spec.routes for gap in _ill_typed(spec, route)]
    if not found:
        found = [
            Gap("example", f"Your example for {example.request.path} is not what the words give: which is right?")
            for example in spec.examples
            if not _holds(spec, example)
        ]
    return found


def _holds(spec: FlowSpec, example: Example) -> bool:
    try:
        return holds(spec, example)
    except ExpressionError:
        return False


def _ill_typed(spec: FlowSpec, route: RouteSpec) -> Iterator[Gap]:
    names = dict(names_of_record(route.accepts, spec)) if route.accepts else {}
    for text, wanted in _expressions(route):
        try:
            found: Type = check(text, names)
        except ExpressionError as error:
            yield Gap("expression", f"What should {route.method} {route.path} work out? {error}")
            continue
        if wanted is not None and found != wanted:
            yield Gap("expression", f"What should {route.method} {route.path} work out? `{text}` is {found}.")


def _expressions(route: RouteSpec) -> Iterator[tuple[str, Type | None]]:
    for one in route.checks:
        yield one.require, BOOLEAN
    for case in route.cases:
        yield case.when, BOOLEAN
        if case.reply.body is not None:
            yield case.reply.body, None
    for call in route.calls:
        if call.when is not None:
            yield call.when, BOOLEAN
        if call.body is not None:
            yield call.body, None
    if route.reply.body is not None:
        yield route.reply.body, None
