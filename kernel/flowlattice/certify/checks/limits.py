"""Limits: one request more than the burst at once is refused with 429 and told when to come again."""

from __future__ import annotations

from flowlattice.certify.model import Check
from flowlattice.certify.requests import request_for
from flowlattice.certify.subject import Subject

NAME = "limits"
_MOST = 5000
_SLACK = 1.2


async def run(subject: Subject) -> Check:
    """Send bursts until the bucket is empty; it must be empty after burst plus what trickled in."""
    limits = [surface.config for surface in subject.ir.surfaces if surface.kind == "rate_limit"]
    bursts = [burst for config in limits if isinstance(burst := config.get("burst"), int)]
    if not bursts or min(bursts) > _MOST:
        why = "the flow has no rate limit" if not bursts else f"bursts above {_MOST} are not sent here"
        return Check(name=NAME, verdict="not_applicable", summary=why)
    request = next(
        (r for route in subject.routes for value in route.valid[:1] if (r := request_for(route.trigger, value))), None
    )
    if request is None:
        return Check(name=NAME, verdict="could_not_run", summary="no request could be made")
    async with subject.host(limited=True) as host:
        for sent in range(1, int(min(bursts) * _SLACK) + 200):
            answer = await host.send(request)
            if answer.status == 429:
                told = answer.headers.get("retry-after")
                summary = f"request {sent} of a burst got 429 with Retry-After {told}"
                return Check(name=NAME, verdict="passed" if told else "failed", summary=summary)
    return Check(name=NAME, verdict="failed", summary=f"no 429 after {sent} requests at once, burst is {min(bursts)}")
