"""What is wrong with a spec before anything is built of it: names, types, and the examples that it must meet.

Whoever writes specs (a model, a person) is told all of it at once, each problem with its place. What does not live
here: whether the flow compiles (the kernel's checker) and how it behaves when it runs (certification).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from flowlattice_agents.edits import Edit, apply_edits
from flowlattice_agents.errors import ExpressionError, SimulationUnavailable, SpecError
from flowlattice_agents.expressions import BOOLEAN, Type, check, functions_of, names_of_record, type_named
from flowlattice_agents.patterns import pattern_problem
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.simulate import SimulatedReply, answered, meets
from flowlattice_agents.spec import Example, FlowSpec, RouteSpec

_SHOWN = 600


def problems_of(spec: FlowSpec) -> list[str]:
    """Everything that is wrong with a spec: its types first, then its routes, its examples where nothing else is."""
    found = [*_record_problems(spec), *_function_problems(spec)]
    if not found:
        found = [problem for route in spec.routes for problem in _problems(spec, route)]
    if not found:
        try:
            render_flow(spec)
        except SpecError as error:
            found = list(error.problems)
    if not found:
        found = [
            f"examples.{number}: {request_line(example)} is expected to answer {shown(example)}, "
            f"but the spec gives {given}; one of the two is wrong"
            for number, example in enumerate(spec.examples)
            if (given := other_answer(spec, example)) is not None
        ]
    return found


def other_answer(spec: FlowSpec, example: Example) -> str | None:
    """What a spec that holds together gives instead of an example's answer.

    None where it gives that answer, and where only certification can tell, since a function must run for it.
    """
    try:
        reply = answered(spec, example)
    except SimulationUnavailable:
        return None
    except (ExpressionError, SpecError) as error:
        return f"no answer ({error})"
    return None if meets(reply, example) else f"{reply.status} {_body(reply)}"


def request_line(example: Example) -> str:
    """An example's request on one line."""
    request = example.request
    body = request.json_body if request.form is None else request.form
    return f"{request.method} {request.path}" + ("" if body is None else f" {json.dumps(body, ensure_ascii=False)}")


def shown(example: Example) -> str:
    """The answer that an example wants, as far as it says."""
    parts = [str(example.status)] if example.status is not None else []
    if example.json_body is not None:
        parts.append(json.dumps(example.json_body, ensure_ascii=False))
    if example.text is not None:
        parts.append(repr(example.text))
    return " ".join(parts)[:_SHOWN] or "anything"


def spec_text(spec: FlowSpec) -> str:
    """A spec as models see and edit it: without where it came from, which builds nothing."""
    return spec.model_copy(update={"clauses": (), "assumptions": ()}).to_yaml()


def edited_spec(spec: FlowSpec, edits: Sequence[Edit]) -> FlowSpec:
    """A spec after edits of the text that `spec_text` shows.

    Raises:
        EditRejected: An edit does not apply exactly.
        SpecError: What comes out is no spec.
    """
    after = FlowSpec.from_yaml(apply_edits(spec_text(spec), edits))
    return after.model_copy(update={"clauses": spec.clauses, "assumptions": spec.assumptions})


def _body(reply: SimulatedReply) -> str:
    body = repr(reply.text) if reply.text is not None else json.dumps(reply.json_body, ensure_ascii=False)
    return body[:_SHOWN]


def _record_problems(spec: FlowSpec) -> Iterator[str]:
    for record in spec.records:
        try:
            type_named(record.name, spec)
        except ExpressionError as error:
            yield f"records.{record.name}: {error}"
        for field in record.fields:
            if field.pattern is not None and (problem := pattern_problem(field.pattern)) is not None:
                yield f"records.{record.name}.{field.name}: {problem}"


def _function_problems(spec: FlowSpec) -> Iterator[str]:
    for function in spec.functions:
        for type_name in (*(part.type for part in function.parameters), function.returns):
            try:
                type_named(type_name, spec)
            except ExpressionError as error:
                yield f"functions.{function.name}: {error}"


def _problems(spec: FlowSpec, route: RouteSpec) -> Iterator[str]:
    at = f"{route.method} {route.path}"
    accepted = spec.record(route.accepts)
    fields = {field.name for field in accepted.fields} if accepted else set()
    for name in re.findall(r"\{(\w+)\}", route.path):
        if accepted is None or all(field.wire_name != name for field in accepted.fields):
            yield f"{at}: the path's {{{name}}} is no field of the record that the route accepts"
    for named, what in _names(route):
        if named not in fields:
            yield f"{at}: {what} names {named}, which is no field of {route.accepts or 'any record it accepts'}"
    yield from _type_problems(spec, route)


def _names(route: RouteSpec) -> Iterator[tuple[str, str]]:
    yield from ((name, "invalid.fields") for entry in route.invalid for name in entry.fields)
    yield from ((check_.field, "checks.field") for check_ in route.checks)
    yield from ((name, f"the key of call {call.name}") for call in route.calls for name in call.key)


def _type_problems(spec: FlowSpec, route: RouteSpec) -> Iterator[str]:
    names: dict[str, Type] = functions_of(spec)
    names |= names_of_record(route.accepts, spec) if route.accepts else {}
    at = f"{route.method} {route.path}"
    for place, text, wanted, into in _expressions(route):
        known = {**names, **into}
        try:
            found = check(text, known)
        except ExpressionError as error:
            yield f"{at}: {place}: {error}"
            continue
        if wanted is not None and found != wanted:
            yield f"{at}: {place}: `{text}` is {found}, not {wanted}"
        if place.startswith("steps."):
            names[place.removeprefix("steps.")] = found
        elif ".steps." in place:
            into[place.rpartition(".")[2]] = found


def _expressions(route: RouteSpec) -> Iterator[tuple[str, str, Type | None, dict[str, Type]]]:
    """Every expression with its place, the type it must have, and where the names of its own scope are kept."""
    scope: dict[str, Type] = {}
    for step in route.steps:
        yield f"steps.{step.name}", step.value, None, scope
    for number, one in enumerate(route.checks):
        yield f"checks.{number}.require", one.require, BOOLEAN, scope
    for call in route.calls:
        if call.when is not None:
            yield f"calls.{call.name}.when", call.when, BOOLEAN, scope
        if call.body is not None:
            yield f"calls.{call.name}.body", call.body, None, scope
    for case in route.cases:
        inner: dict[str, Type] = {}
        yield f"cases.{case.name}.when", case.when, BOOLEAN, inner
        for step in case.steps:
            yield f"cases.{case.name}.steps.{step.name}", step.value, None, inner
        if case.reply.body is not None:
            yield f"cases.{case.name}.reply.body", case.reply.body, None, inner
    if route.reply.body is not None:
        yield "reply.body", route.reply.body, None, scope
