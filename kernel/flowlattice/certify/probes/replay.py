"""Replay: answers requests and runs nodes again, in this process or another; it imports as little as it can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.alone import Alone, NotAlone, Outcome, alone
from flowlattice.certify.requests import request_from
from flowlattice.certify.shifted import shift
from flowlattice.certify.subject import Subject
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """Answer requests, and run nodes on their inputs; gives a digest of each answer, and of each result.

    The clock is shifted by `shift_s` seconds and random numbers have the seed `seed`. With `again` each node is run a
    second time on all its inputs, from the last to the first; with `backwards` the first time goes that way, and so do
    the requests. Of the nodes in `whole` results are given as they are.
    """
    given = cast(Mapping[str, JsonValue], request)
    shift(timedelta(seconds=cast(int, given.get("shift_s", 0))), cast(int, given.get("seed", 0)))
    program = load(Path(str(given["path"])))
    subject = Subject(program=program, ir=lower(program), examples=(), routes=())
    found: dict[str, JsonValue] = {}
    for name, values in cast(Mapping[str, list[JsonValue]], given.get("nodes", {})).items():
        try:
            one = alone(program, subject.ir, name)
            whole = name in cast(list[str], given.get("whole", []))
            ways = [-1] if given.get("backwards") else [1, -1] if given.get("again") else [1]
            found[name] = asyncio.run(_passes(one, values, ways, whole=whole))
        except NotAlone as error:
            found[name] = str(error)
    # After the nodes, so that requests do not leave behind what nodes then meet first in every process.
    way = -1 if given.get("backwards") else 1
    requests = cast(list[dict[str, JsonValue]], given.get("requests", []))[::way]
    answers = asyncio.run(answers_of(subject, requests))[::way]
    return {"answers": answers, "nodes": found}


async def answers_of(subject: Subject, requests: list[dict[str, JsonValue]]) -> list[JsonValue]:
    """The digest of each answer, in the order of the requests."""
    digests: list[JsonValue] = []
    if not requests:
        return digests
    async with subject.host() as host:
        for fields in requests:
            answer = await host.send(request_from(fields))
            # A failure is found by other checks; its text names the run, which never repeats.
            text = answer.text if answer.status < 500 else ""
            digests.append(_digest(f"{answer.status}\n{text}"))
    return digests


async def _passes(one: Alone, values: list[JsonValue], ways: list[int], *, whole: bool) -> JsonValue:
    """What comes of all values, one list for each pass; none for a value that is no input.

    A way of -1 goes from the last value to the first; what comes of it is in the order of the values all the same.
    """
    return [(await _pass(one, values[::way], whole))[::way] for way in ways]


async def _pass(one: Alone, values: list[JsonValue], whole: bool) -> list[JsonValue]:
    async with one.host() as host:
        results = [result_text(await host.run(value)) if one.accepts(value) else None for value in values]
    return [text if whole or text is None else _digest(text) for text in results]


def result_text(outcome: Outcome) -> str:
    """What has to be the same byte for byte: the result, or the kind of failure with the words that a caller sees."""
    failure = outcome.failure
    failed = None if failure is None else [failure.type, failure.text if failure.kind == "invalid_input" else ""]
    return json.dumps([outcome.output, failed, outcome.aside])


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
