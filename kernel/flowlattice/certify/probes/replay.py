"""Replay: answers requests again, in another process; it imports as little as it can."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.requests import request_from
from flowlattice.certify.subject import Subject
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """Answer requests again, in this process; gives the digests of the answers."""
    given = cast(Mapping[str, JsonValue], request)
    program = load(Path(str(given["path"])))
    subject = Subject(program=program, ir=lower(program), examples=(), routes=())
    return asyncio.run(answers_of(subject, cast(list[dict[str, JsonValue]], given["requests"])))


async def answers_of(subject: Subject, requests: list[dict[str, JsonValue]]) -> JsonValue:
    """The digest of each answer, in the order of the requests."""
    digests: list[JsonValue] = []
    async with subject.host() as host:
        for fields in requests:
            answer = await host.send(request_from(fields))
            # A failure is found by other checks; its text names the run, which never repeats.
            text = answer.text if answer.status < 500 else ""
            digests.append(sha256(f"{answer.status}\n{text}".encode()).hexdigest())
    return digests
