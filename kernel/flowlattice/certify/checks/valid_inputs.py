"""Valid inputs: whatever fits the schema gets one of the flow's own answers, never a failure."""

from __future__ import annotations

from flowlattice.certify.model import Check
from flowlattice.certify.requests import request_for
from flowlattice.certify.subject import Route, Subject

NAME = "valid_inputs"


async def run(subject: Subject) -> Check:
    """Send generated inputs of every route; each answer has a status that the flow declares."""
    sent, taken, failures = 0, 0, []
    async with subject.host() as host:
        for route in subject.routes:
            for value in route.valid:
                request = request_for(route.trigger, value)
                if request is None:
                    continue
                answer = await host.send(request)
                sent += 1
                taken += answer.status in subject.statuses
                if answer.status not in _declared(subject, route):
                    failures.append(f"{route.title} answers {answer.status} to a valid input")
    distinct = tuple(dict.fromkeys(failures))
    refused = sent - taken - len(failures)
    by_rules = f", {refused} refused by the flow's own rules" if refused else ""
    summary = f"{sent} generated inputs, {taken} answered as declared{by_rules}"
    verdict = "failed" if failures else "passed" if sent else "could_not_run"
    return Check(name=NAME, verdict=verdict, summary=summary, failures=distinct[:10], measured={"sent": sent})


def _declared(subject: Subject, route: Route) -> set[int]:
    replies = {reply.status for reply in route.trigger.invalid}
    # 204 is what a filtered record is answered; 422 what a node's own `require` is, where nothing else is declared.
    return {*subject.statuses, *replies, 204, 422}
