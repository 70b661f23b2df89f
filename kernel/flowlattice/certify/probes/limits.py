"""Limits: one request more than the burst at once is refused with 429 and told when to come again."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import JsonValue

from flowlattice.certify.model import Check, Verdict
from flowlattice.certify.probes.subjects import seen
from flowlattice.certify.reach import worthwhile
from flowlattice.certify.subject import Subject
from flowlattice.sandbox import Emit

NAME = "limits"
_MOST = 5000


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The check of the same name, beside the flow."""
    return seen(request, run)


async def run(subject: Subject) -> Check:
    """Send a burst and one request more while the bucket's clock stands still: exactly the last is refused."""
    bursts = [burst for limit in subject.limits if isinstance(burst := limit.config.get("burst"), int)]
    if not bursts or min(bursts) > _MOST:
        why = "the flow has no rate limit" if not bursts else f"bursts above {_MOST} are not sent here"
        return Check(name=NAME, verdict="not_applicable", summary=why)
    for route in subject.routes:
        for request in await worthwhile(subject, route, most=1):
            async with subject.host(limited=True) as host:
                for sent in range(1, min(bursts) + 2):
                    answer = await host.send(request)
                    told = answer.headers.get("retry-after")
                    # A flow may declare a 429 of its own; that one carries no Retry-After.
                    is_own = told is None and answer.status in subject.statuses
                    if answer.status == HTTPStatus.TOO_MANY_REQUESTS and not is_own:
                        return _refused(sent, min(bursts), told)
            summary = f"no 429 after {sent} requests at once, burst is {min(bursts)}"
            return Check(name=NAME, verdict="failed", summary=summary)
    return Check(name=NAME, verdict="could_not_run", summary="no request could be made")


def _refused(sent: int, burst: int, told: str | None) -> Check:
    summary = f"request {sent} of a burst got 429 with Retry-After {told}"
    if sent <= burst:
        return Check(name=NAME, verdict="failed", summary=f"{summary}, though {burst} are let in at once")
    verdict: Verdict = "passed" if told else "failed"
    return Check(name=NAME, verdict=verdict, summary=summary)
