"""Replayed: the requests of strict routes that are answered again in other processes, with their answers here."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.probes.replay import answers_of
from flowlattice.certify.probes.subjects import subject_in
from flowlattice.certify.reach import generated, worthwhile
from flowlattice.certify.requests import Request
from flowlattice.certify.subject import Route, Subject
from flowlattice.sandbox import Emit

REPLAYED = 10


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The requests with the routes that they are `of`, and the digests of their answers."""
    return asyncio.run(_replayed(subject_in(request)))


async def _replayed(subject: Subject) -> JsonValue:
    strict = [route for route in subject.routes if route.strict]
    asked = [(route.title, asdict(one)) for route in strict for one in await _of_route(subject, route)]
    requests = [request for _, request in asked]
    return {
        "of": [title for title, _ in asked],
        "requests": cast(JsonValue, requests),
        "answers": await answers_of(subject, requests),
    }


async def _of_route(subject: Subject, route: Route) -> list[Request]:
    """What is replayed of a route: some that reach a reply, and some of all."""
    some = await worthwhile(subject, route, most=REPLAYED // 2)
    return [*some, *(request for request in generated(route) if request not in some)][:REPLAYED]
