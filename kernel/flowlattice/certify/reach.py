"""Which requests get as far as a reply of the flow; one that is turned away shows little of it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flowlattice.certify.requests import Request, request_for, request_of
from flowlattice.certify.subject import Answer, Route, Subject


def stated(subject: Subject, route: Route) -> list[Request]:
    """The requests for a route that the brief states."""
    return [
        request_of(example.request)
        for example in subject.examples
        if example.request.method == route.trigger.method and _fits(str(route.trigger.path), example.request.path)
    ]


def generated(route: Route) -> list[Request]:
    """The requests that carry a route's generated inputs."""
    return [request for value in route.valid if (request := request_for(route.trigger, value, dict(route.schema)))]


def is_reply(route: Route, answer: Answer) -> bool:
    """Whether an answer is one of the route's own replies, and not what an invalid or a filtered input gets."""
    if route.replies:
        return answer.status in route.replies
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


async def reaching(subject: Subject, route: Route, candidates: Sequence[Request], *, most: int) -> list[Request]:
    """The first requests of some candidates that reach a reply, asked of a host of their own."""
    found: list[Request] = []
    async with subject.host() as host:
        for request in candidates:
            if len(found) == most:
                break
            if is_reply(route, await host.send(request)):
                found.append(request)
    return found


async def worthwhile(subject: Subject, route: Route, *, most: int) -> list[Request]:
    """Some requests that reach a reply, generated ones first; if none does, some that are turned away."""
    candidates = [*generated(route), *stated(subject, route)]
    return await reaching(subject, route, candidates, most=most) or candidates[:most]


def _fits(pattern: str, path: str) -> bool:
    parts, actual = pattern.split("/"), path.partition("?")[0].split("/")
    return len(parts) == len(actual) and all(p.startswith("{") or p == a for p, a in zip(parts, actual, strict=True))
