"""Invalid inputs: each broken rule is refused as declared, names the field, and repeats no value."""

from __future__ import annotations

from pydantic import JsonValue

from flowlattice.certify.inputs import InvalidInput, invalid_inputs
from flowlattice.certify.model import Check
from flowlattice.certify.probes.subjects import seen
from flowlattice.certify.requests import Request, request_for
from flowlattice.certify.subject import Answer, Route, Subject
from flowlattice.sandbox import Emit

NAME = "invalid_inputs"
_SECRET = "zq-4711-secret-zq"


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The check of the same name, beside the flow."""
    return seen(request, run)


async def run(subject: Subject) -> Check:
    """Break one rule at a time; also bodies that are no JSON, or no object."""
    sent, failures = 0, []
    async with subject.host() as host:
        for route in subject.routes:
            for broken in _broken(route):
                request = request_for(route.trigger, broken.value, dict(route.schema))
                if request is None or not route.refuses(broken.value):
                    continue
                answer = await host.send(request)
                sent += 1
                failures += _faults(route, broken, answer)
            for request in _garbage(route):
                answer = await host.send(request)
                sent += 1
                if not 400 <= answer.status < 500 or _SECRET in answer.text:
                    failures.append(f"{route.title} answers {answer.status} to a body that is no valid input")
    if not sent:
        return Check(name=NAME, verdict="not_applicable", summary="no route takes input that could be invalid")
    distinct = tuple(dict.fromkeys(failures))
    summary = f"{sent} broken inputs, {sent - len(failures)} refused as declared"
    return Check(
        name=NAME,
        verdict="failed" if failures else "passed",
        summary=summary,
        failures=distinct[:10],
        measured={"sent": sent},
    )


def _broken(route: Route) -> list[InvalidInput]:
    return list(invalid_inputs(route.schema, route.valid[0])) if route.valid else []


def _faults(route: Route, broken: InvalidInput, answer: Answer) -> list[str]:
    declared = {reply.status for reply in route.trigger.invalid} | {422}
    what = f"{route.title} with field {broken.field} broken ({broken.rule})"
    if answer.status not in declared:
        return [f"{what} answers {answer.status}"]
    if not route.trigger.invalid and broken.field not in answer.text:
        return [f"{what} does not name the field"]
    return []


def _garbage(route: Route) -> list[Request]:
    trigger = route.trigger
    if trigger.body != "json" or "{" in str(trigger.path) or route.has_text:
        return []
    bodies = [f"{{{_SECRET}", f'["{_SECRET}"]', "7", '{"a": 1e999}', "[" * 10_000]
    required = route.schema.get("required")
    return [
        Request(method=str(trigger.method), target=str(trigger.path), body=body, content_type="application/json")
        for body in bodies
        if required
    ]
