"""A reference interpreter of specs: what a route would answer, worked out from the spec alone.

It says what a spec means, before and without anything being built: models run a brief's examples on it. Calls to the
outside are only listed. What does not live here: limits, deadlines, and how a flow is built or served.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast
from urllib.parse import parse_qsl, unquote

from pydantic import JsonValue

from flowlattice.headers import header_value
from flowlattice.operators import NoValueError
from flowlattice_agents.errors import SimulationUnavailable
from flowlattice_agents.expressions import called_functions, evaluate, free_names, needed_steps
from flowlattice_agents.reading import FieldProblem, ReadValues, Text, read_record, wire_name
from flowlattice_agents.spec import (
    CallSpec,
    CheckSpec,
    Example,
    FlowSpec,
    InvalidReplySpec,
    RecordSpec,
    ReplySpec,
    RouteSpec,
    StepSpec,
)


@dataclass(frozen=True)
class SimulatedReply:
    """What would be answered; `calls` are the outside calls that would be made first.

    A stream of events is both: `json_body` the list of its items, `text` the stream.
    """

    status: int
    json_body: JsonValue = None
    text: str | None = None
    calls: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def simulate(
    spec: FlowSpec, method: str, path: str, body: JsonValue = None, headers: Mapping[str, str] | None = None
) -> SimulatedReply:
    """What a flow with this spec answers to a request.

    Args:
        spec: A spec whose expressions are checked.
        method: The request's method.
        path: The path, with its query string if there is one.
        body: The JSON body, or the values of a form.
        headers: The request's headers.

    Raises:
        SimulationUnavailable: The route calls a function of the spec, which only the sandbox runs.
    """
    bare, _, query = path.partition("?")
    matching = [(route, found) for route in spec.routes if (found := _match(route.path, bare)) is not None]
    route, parameters = next(((r, p) for r, p in matching if r.method == method), (None, {}))
    if route is None:
        return SimulatedReply(405 if matching else 404)
    called = sorted({name for text in expressions_of(route) for name in called_functions(text)})
    if called:
        raise SimulationUnavailable(f"{route.method} {route.path} calls {called[0]}, which only runs once it is built")
    sent = {name.lower(): value.strip() for name, value in (headers or {}).items()}
    return _Run(spec, route).answer(parameters, parse_qsl(query, keep_blank_values=True), body, sent)


def expressions_of(route: RouteSpec) -> Iterator[str]:
    """Every expression of a route."""
    replies = [route.reply, *(case.reply for case in route.cases)]
    yield from (step.value for step in (*route.steps, *(step for case in route.cases for step in case.steps)))
    yield from (check.require for check in route.checks)
    yield from (case.when for case in route.cases)
    yield from (text for call in route.calls for text in (call.when, call.body) if text is not None)
    yield from (reply.body for reply in replies if reply.body is not None)
    yield from (text for reply in replies for text in reply.headers.values())


def holds(spec: FlowSpec, example: Example) -> bool:
    """Whether a spec gives what an example says.

    Raises:
        SimulationUnavailable: The example's route calls a function of the spec.
    """
    return meets(answered(spec, example), example)


def answered(spec: FlowSpec, example: Example) -> SimulatedReply:
    """What a spec answers to an example's request.

    Raises:
        SimulationUnavailable: The example's route calls a function of the spec.
    """
    request = example.request
    body: JsonValue = request.json_body if request.form is None else dict(request.form)
    return simulate(spec, request.method, request.path, body, request.headers)


def meets(reply: SimulatedReply, example: Example) -> bool:
    """Whether an answer is the one that an example states."""
    if example.status is not None and reply.status != example.status:
        return False
    told = {name.lower(): value for name, value in reply.headers.items()}
    if any(told.get(name.lower()) != value for name, value in example.headers.items()):
        return False
    if example.text is not None and (reply.text or "").strip() != example.text.strip():
        return False
    return example.json_body is None or fits(example.json_body, reply.json_body)


def fits(wanted: object, actual: object) -> bool:
    """Whether a JSON value is what is wanted: objects as a subset, numbers by value."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(
            key in actual and fits(part, actual[key]) for key, part in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(actual, list) and len(wanted) == len(actual) and all(map(fits, wanted, actual))
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return wanted is actual
    if isinstance(wanted, int | float) and isinstance(actual, int | float):
        return _close(wanted, actual)
    return wanted == actual


def _close(wanted: float, actual: float) -> bool:
    try:
        return math.isclose(wanted, actual, rel_tol=1e-9, abs_tol=1e-9)
    except OverflowError:  # a whole number beyond the range of floats
        return wanted == actual


def _match(template: str, path: str) -> dict[str, str] | None:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    match = re.fullmatch(pattern, path)
    return {name: unquote(value) for name, value in match.groupdict().items()} if match else None


class _Run:
    def __init__(self, spec: FlowSpec, route: RouteSpec) -> None:
        self.spec, self.route = spec, route
        self.record = spec.record(route.accepts)

    def answer(
        self, parameters: Mapping[str, str], query: Sequence[tuple[str, str]], body: JsonValue, sent: Mapping[str, str]
    ) -> SimulatedReply:
        given = self._given(parameters, query, body)
        if given is None:
            return self._invalid([FieldProblem("body", "type", "must be an object")])
        for part in self.record.fields if self.record else ():
            if part.source == "header":
                given.pop(part.wire_name, None)
                if part.wire_name.lower() in sent:
                    given[part.wire_name] = Text(sent[part.wire_name.lower()])
        read = self._read(given)
        if read.problems:
            return self._invalid(read.problems)
        try:
            return self._compute(read.values)
        except NoValueError as error:
            return self._invalid([FieldProblem("request", "value", str(error))])

    def _given(
        self, parameters: Mapping[str, str], query: Sequence[tuple[str, str]], body: JsonValue
    ) -> dict[str, object] | None:
        whole = next((part for part in (self.record.fields if self.record else ()) if part.source == "body"), None)
        if self.route.method in {"GET", "DELETE"} or whole is not None:
            asked: dict[str, object] = {}
            for name, text in query:
                asked[name] = [*cast(list[object], asked.get(name, [])), Text(text)]
            sent = {} if whole is None or body is None else {whole.wire_name: body}
            return {**asked, **sent, **{n: Text(t) for n, t in parameters.items()}}
        if body is not None and not isinstance(body, dict):
            return None
        encoded = self.route.body == "form"
        given: dict[str, object] = {
            name: Text(value) if encoded and isinstance(value, str) else value for name, value in (body or {}).items()
        }
        return {**given, **{name: Text(text) for name, text in parameters.items()}}

    def _read(self, given: Mapping[str, object]) -> ReadValues:
        return read_record(self.spec, self.record, given) if self.record else ReadValues()

    def _compute(self, values: dict[str, object]) -> SimulatedReply:
        route = self.route
        at_once = not route.cases and not route.calls  # one node checks and answers, and works out all steps
        wanted = [check.require for check in route.checks]
        problems = _checked(route.steps if at_once else needed_steps(route.steps, wanted), route.checks, dict(values))
        if problems:
            return self._invalid(problems)
        calls = tuple(_called(call) for call in route.calls if _is_made(call, route, values))
        chosen = _with_steps(route.steps, [case.when for case in route.cases], values)
        for case in route.cases:
            if evaluate(case.when, chosen):
                return _reply(case.reply, _with_steps((*route.steps, *case.steps), _texts(case.reply), values), calls)
        return _reply(route.reply, _with_steps(route.steps, _texts(route.reply), values), calls)

    def _invalid(self, problems: list[FieldProblem]) -> SimulatedReply:
        order = [part.name for part in self.record.fields] if self.record else []
        ordered = sorted(problems, key=lambda p: order.index(p.name) if p.name in order else len(order))
        for entry in self.route.invalid:
            fitting = [problem for problem in ordered if _covers(entry, problem)]
            if fitting:
                return _invalid_reply(entry, ordered, fitting[0], self.record)
        return _every_reason(422, ordered, self.record)


def _checked(steps: Sequence[StepSpec], checks: Sequence[CheckSpec], values: dict[str, object]) -> list[FieldProblem]:
    """What the checks find: each is asked as soon as what it needs is there, and the first to fail end it together."""
    waiting = list(checks)
    for step in (None, *steps):
        if step is not None:
            values[step.name] = evaluate(step.value, values)
        ready = [check for check in waiting if free_names(check.require) <= set(values)]
        waiting = [check for check in waiting if check not in ready]
        found: dict[str, FieldProblem] = {}
        for check in ready:
            if check.field not in found and not evaluate(check.require, values):
                found[check.field] = FieldProblem(check.field, "value", check.reason)
        if found:
            return list(found.values())
    return []


def _with_steps(steps: Sequence[StepSpec], texts: Iterable[str], values: Mapping[str, object]) -> dict[str, object]:
    """The values with those of the steps that some expressions need."""
    known = dict(values)
    for step in needed_steps(steps, texts):
        known[step.name] = evaluate(step.value, known)
    return known


def _texts(reply: ReplySpec) -> list[str]:
    return [*([] if reply.body is None else [reply.body]), *reply.headers.values()]


def _covers(entry: InvalidReplySpec, problem: FieldProblem) -> bool:
    return (not entry.fields or problem.name in entry.fields) and entry.problem in {None, problem.kind}


def _invalid_reply(
    entry: InvalidReplySpec, problems: list[FieldProblem], first: FieldProblem, record: RecordSpec | None
) -> SimulatedReply:
    names: list[JsonValue] = list(dict.fromkeys(wire_name(record, problem.name) for problem in problems))
    marks: dict[str, JsonValue] = {"$fields": names, "$field": wire_name(record, first.name), "$reason": first.reason}
    if entry.text is not None:
        return SimulatedReply(entry.status, text=_in_text(entry.text, marks))
    if entry.body is not None:
        return SimulatedReply(entry.status, _filled(entry.body, marks))
    return _every_reason(entry.status, problems, record)


def _every_reason(status: int, problems: list[FieldProblem], record: RecordSpec | None) -> SimulatedReply:
    details: JsonValue = [
        {"field": f"{wire_name(record, problem.name)}{problem.place}", "reason": problem.reason} for problem in problems
    ]
    return SimulatedReply(status, {"error": "invalid_input", "fields": details})


def _in_text(text: str, marks: Mapping[str, JsonValue]) -> str:
    for mark, shown in marks.items():
        text = text.replace(mark, ", ".join(map(str, shown)) if isinstance(shown, list) else str(shown))
    return text


def _filled(body: JsonValue, marks: Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(body, str):
        return marks[body] if body == "$fields" else _in_text(body, marks)
    if isinstance(body, list):
        return [_filled(item, marks) for item in body]
    if isinstance(body, dict):
        return {key: _filled(item, marks) for key, item in body.items()}
    return body


def _is_made(call: CallSpec, route: RouteSpec, values: Mapping[str, object]) -> bool:
    return call.when is None or bool(evaluate(call.when, _with_steps(route.steps, [call.when], dict(values))))


def _called(call: CallSpec) -> str:
    return f"{call.method} {call.url}"


def _reply(reply: ReplySpec, values: Mapping[str, object], calls: tuple[str, ...]) -> SimulatedReply:
    worked_out = {name: evaluate(text, values) for name, text in reply.headers.items()}
    headers = {name: header_value(str(value)) for name, value in worked_out.items() if value is not None}
    return replace(_body(reply, values), calls=calls, headers=headers)


def _body(reply: ReplySpec, values: Mapping[str, object]) -> SimulatedReply:
    if reply.body is None:
        return SimulatedReply(reply.status)
    value = evaluate(reply.body, values)
    if reply.kind in {"text", "html"}:
        return SimulatedReply(reply.status, text=str(value))
    plain: JsonValue = json.loads(json.dumps(value, default=_plain))
    if reply.kind == "events" and isinstance(plain, list):
        return SimulatedReply(reply.status, plain, text="".join(map(_event, plain)))
    return SimulatedReply(reply.status, plain)


def _event(item: JsonValue) -> str:
    data = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    return "".join(f"data: {line}\n" for line in re.split("\r\n|\r|\n", data)) + "\n"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else dict(value) if isinstance(value, Mapping) else str(value)
