"""Resubmitted: a request that is sent again, at once, later, or written otherwise, has each of its effects once.

Through the whole host, so that a key that some node on the way makes anew each time is seen as well.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pydantic import JsonValue

from flowlattice.capabilities import registry
from flowlattice.certify.probes.subjects import subject_in
from flowlattice.certify.reach import is_reply, worthwhile
from flowlattice.certify.requests import JSON, Request, request_for
from flowlattice.certify.subject import Host, Route, Subject, behind
from flowlattice.engine.calls import CallRecord
from flowlattice.ir.model import Node
from flowlattice.ir.repeating import may_repeat
from flowlattice.lattice import Effects
from flowlattice.sandbox import Emit

_INPUTS: Final = 5
_FORMS: Final[tuple[Literal["NFC"], Literal["NFD"]]] = ("NFC", "NFD")


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """What each route of the request that leads to an effect does when its requests come again."""
    subject = subject_in(request)

    async def work() -> list[JsonValue]:
        return [await _of_route(subject, route) for route in subject.routes if _effectful(subject, route)]

    return asyncio.run(work())


@dataclass
class _Seen:
    """What one route did."""

    nodes: dict[str, Node]
    failures: list[str] = field(default_factory=list)
    sent: int = 0
    effects: int = 0

    def judge(self, first: list[CallRecord], later: list[CallRecord]) -> None:
        """Compare what a request did at first with all that it did; each effect is to have a key, and that once."""
        known, times = {_identity(call) for call in first}, Counter(map(_identity, (*first, *later)))
        self.effects += len(known)
        for (node, method, key), often in times.items():
            if (node, method, key) not in known:
                self._add(f"node {node} makes the effect {method} under another key when the same request comes again")
            elif key is None:
                self._add(f"node {node} makes the effect {method} without a key")
            elif often > 1 and not may_repeat(self.nodes[node]):
                self._add(f"node {node} made the effect {method} of key {key[:12]} {often} times")

    def _add(self, failure: str) -> None:
        if failure not in self.failures:
            self.failures.append(failure)


async def _of_route(subject: Subject, route: Route) -> JsonValue:
    seen = _Seen({node.name: node for node in subject.ir.nodes})
    requests = await worthwhile(subject, route, most=_INPUTS)
    async with subject.host() as host:
        for request in requests:
            before = len(_changes(host))
            await asyncio.gather(host.send(request), host.send(request))
            first = _changes(host)[before:]
            again = [request, *_reordered(request)]
            for other in again:
                await host.send(other)
            seen.sent += 2 + len(again)
            seen.judge(first, _changes(host)[before + len(first) :])
        await _spelled(route, host, seen)
    names: list[JsonValue] = [node.name for node in _effectful(subject, route)]
    rest: dict[str, JsonValue] = {"sent": seen.sent, "effects": seen.effects}
    return {"route": route.title, "nodes": names, "failures": [*seen.failures], **rest}


async def _spelled(route: Route, host: Host, seen: _Seen) -> None:
    """Send a request whose accents are composed, then the same with accents apart."""
    composed, apart = (_accented(route, form) for form in _FORMS)
    if composed is None or apart is None or composed == apart:
        return
    before = len(_changes(host))
    if is_reply(route, await host.send(composed)):
        first = _changes(host)[before:]
        if is_reply(route, await host.send(apart)):
            seen.sent += 2
            seen.judge(first, _changes(host)[before + len(first) :])


def _effectful(subject: Subject, route: Route) -> list[Node]:
    """The effectful nodes behind a route."""
    return [
        node
        for start in subject.ir.triggers()
        if start.trigger == route.trigger
        for node in behind(subject.ir, start)
        if node.effects == "effectful"
    ]


def _changes(host: Host) -> list[CallRecord]:
    """The calls so far that change something."""
    return [call for call in host.calls() if call.key is not None or _has_effect(call.capability)]


def _has_effect(capability: str) -> bool:
    declared = registry.named(capability)
    return declared is not None and declared.effects is Effects.EFFECTFUL


def _identity(call: CallRecord) -> tuple[str, str, str | None]:
    return call.node, call.method, call.key


def _reordered(request: Request) -> Iterator[Request]:
    """The request with the fields of its JSON body in another order."""
    body = json.loads(request.body) if request.body and request.content_type == JSON else None
    if isinstance(body, dict) and len(body) > 1:
        yield replace(request, body=json.dumps(dict(reversed(body.items()))))


def _accented(route: Route, form: Literal["NFC", "NFD"]) -> Request | None:
    """A request with an accent at the end of each text; none where it cannot be made."""
    if not route.valid:
        return None
    value = {
        name: unicodedata.normalize(form, f"{item}e\u0301") if isinstance(item, str) else item
        for name, item in route.valid[0].items()
    }
    return request_for(route.trigger, value, dict(route.schema))
