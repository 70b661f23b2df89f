"""Examples: what the brief states as a request and its answer is what the flow does."""

from __future__ import annotations

import json

from pydantic import JsonValue

from flowlattice.certify.model import Check, Example
from flowlattice.certify.probes.subjects import seen
from flowlattice.certify.requests import request_of
from flowlattice.certify.subject import Answer, Subject
from flowlattice.sandbox import Emit

NAME = "examples"


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The check of the same name, beside the flow."""
    return seen(request, run)


async def run(subject: Subject) -> Check:
    """Send each example and compare status, JSON (as a subset) and text (as a whole)."""
    if not subject.examples:
        return Check(name=NAME, verdict="not_applicable", summary="the brief states no example")
    failures = []
    async with subject.host() as host:
        for number, example in enumerate(subject.examples, 1):
            answer = await host.send(request_of(example.request))
            failures += [f"example {number}: {problem}" for problem in mismatches(example, answer)]
    count = len(subject.examples)
    summary = f"{count - len({f.partition(':')[0] for f in failures})} of {count} examples answered as the brief says"
    return Check(name=NAME, verdict="failed" if failures else "passed", summary=summary, failures=tuple(failures[:10]))


def mismatches(example: Example, answer: Answer) -> list[str]:
    """How an answer differs from what an example says, in sentences."""
    request = f"{example.request.method} {example.request.path}"
    if example.status is not None and answer.status != example.status:
        return [f"{request} answers {answer.status}, the brief says {example.status}"]
    for name, value in example.headers.items():
        if answer.headers.get(name.lower()) != value:
            sent = answer.headers.get(name.lower())
            return [f"{request} answers with the header {name} {sent!r}, the brief says {value!r}"]
    if example.text is not None and answer.text.strip() != example.text.strip():
        return [f"{request} answers {answer.text[:80]!r}, the brief says {example.text[:80]!r}"]
    if example.json_body is not None and not contains(answer.json(), example.json_body):
        said = json.dumps(example.json_body, ensure_ascii=False)
        return [f"{request} answers {answer.text[:120]}, the brief says {said[:120]}"]
    return []


def contains(whole: JsonValue, part: JsonValue) -> bool:
    """Whether a JSON value has everything that another one states; numbers are equal by value."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and contains(whole[key], part[key]) for key in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(contains, whole, part))
    if isinstance(part, bool) or isinstance(whole, bool):
        return whole is part
    return whole == part
