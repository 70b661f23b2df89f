"""Judging what a flow answered to its probes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import cast

from pydantic import JsonValue

from flowlattice_agents.evals.brief import CallCount, Fields, Probe, Response
from flowlattice_agents.evals.evidence import Built, FeedAnswer, HttpAnswer
from flowlattice_agents.evals.matching import matches, same_bag

_SHOWN = 300


class NoAnswer(Exception):
    """A probe was never sent as it now stands, so that nothing can be said about it."""


def first_wrong(probes: Sequence[Probe], built: Built) -> str | None:
    """What the first probe that is not answered as wanted got instead; none if all are.

    Requests come first, then feeds, each in order, as they were sent.

    Raises:
        NoAnswer: There is no stored answer for a probe.
    """
    return next((wrong for _, wrong in judged(probes, built) if wrong), None)


def judged(probes: Sequence[Probe], built: Built) -> Iterator[tuple[Probe, str | None]]:
    """Every probe with what is wrong about its answer, in the order in which they were sent.

    Raises:
        NoAnswer: There is no stored answer for a probe.
    """
    asked = [probe for probe in probes if probe.request is not None]
    for number, probe in enumerate(asked, start=1):
        if built.served:
            yield probe, built.served
            continue
        if len(built.http) < number or built.http[number - 1].request != probe.request:
            raise NoAnswer(f"request {number} was never sent as it now stands; run the sample again")
        assert probe.response is not None
        wrong = wrong_response(probe.response, built.http[number - 1])
        yield probe, wrong and f"request {number}: {wrong}"
    for number, probe in enumerate((probe for probe in probes if probe.feed is not None), start=1):
        if len(built.fed) < number or built.fed[number - 1].feed != probe.feed:
            raise NoAnswer(f"feed {number} was never run as it now stands; run the sample again")
        wrong = wrong_feed(probe, built.fed[number - 1])
        yield probe, wrong and f"feed {number}: {wrong}"


def wrong_response(want: Response, got: HttpAnswer) -> str | None:
    """What is wrong about a response; none if it is as wanted."""
    shown = got.body[:_SHOWN]
    if got.status is None:
        return f"no answer ({got.error})"
    if want.status is not None and got.status != want.status:
        return f"status {got.status}, not {want.status}: {shown}"
    if want.has_json:
        try:
            value = json.loads(got.body)
        except ValueError:
            return f"the body is no JSON: {shown}"
        if not matches(want.json_body, value):
            return f"the body lacks {_text(want.json_body)}: {shown}"
    if want.text is not None and not re.search(want.text, got.body):
        return f"nothing in the body is like /{want.text}/: {shown}"
    lost = next((pattern for pattern in want.sse if not re.search(pattern, got.body)), None)
    return None if lost is None else f"no event is like /{lost}/: {shown}"


def wrong_feed(want: Probe, got: FeedAnswer) -> str | None:
    """What is wrong about what came of fed records; none if it is as wanted."""
    if got.result is None:
        ended = "stopped for its time" if got.told.code is None else f"exit code {got.told.code}"
        return f"`flows run` gave no result, {ended}: {got.told.err[-_SHOWN:].strip()}"
    outputs = _list(got.result.get("outputs"))
    if want.outputs is not None and not same_bag(want.outputs, outputs):
        return f"outputs {_text(outputs)}, not {_text([*want.outputs])}"
    sides = got.result.get("side_outputs")
    for name, rows in want.side_outputs.items():
        found = _list(sides.get(name)) if isinstance(sides, dict) else []
        if not same_bag(rows, found):
            return f"side output {name} {_text(found)}, not {_text([*rows])}"
    calls = [call for call in _list(got.result.get("calls")) if isinstance(call, dict)]
    for count in want.calls:
        times = sum(_is_call(count, call) for call in calls)
        if times != count.times:
            return f"{times} calls, not {count.times}, are like {_text(_fields(count))} to {count.target or 'anywhere'}"
    return None


def _is_call(want: CallCount, call: Fields) -> bool:
    return matches(cast(JsonValue, _fields(want)), call) and want.target in str(call.get("target", ""))


def _fields(want: CallCount) -> Fields:
    return want.model_dump(include={"node", "capability", "method"}, exclude_none=True)


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]
