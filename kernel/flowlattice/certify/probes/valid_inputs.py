"""Valid inputs: whatever fits the schema gets one of the flow's own answers, never a failure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice.certify.model import Check, Verdict
from flowlattice.certify.probes.subjects import seen
from flowlattice.certify.reach import generated, is_reply, reaching, stated
from flowlattice.certify.subject import Host, Route, Subject
from flowlattice.sandbox import Emit

NAME = "valid_inputs"


@dataclass
class _Found:
    """What the inputs of one route showed."""

    route: Route
    sent: int = 0
    taken: int = 0
    failures: list[str] = field(default_factory=list)
    by_example: bool = False

    def shortcoming(self) -> tuple[Verdict, str] | None:
        """Why the route is not shown to work, though nothing failed."""
        title = self.route.title
        if self.route.gap is not None:
            return "could_not_run", f"{title}: {self.route.gap}"
        if self.taken or self.by_example or self.failures:
            return None
        if not self.sent:
            return "could_not_run", f"{title}: no request could be made for it; the brief may state an example"
        if not self.route.schema.get("properties"):
            return "failed", f"{title} takes no input and refuses every request"
        why = f"all {self.sent} generated inputs are refused by the flow's own rules, and so is what the brief states"
        return "could_not_run", f"{title}: {why}; state an example that is answered"


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The check of the same name, beside the flow."""
    return seen(request, run)


async def run(subject: Subject) -> Check:
    """Send generated inputs of every route; each answer is declared, and on every route one is more than a refusal."""
    async with subject.host() as host:
        found = [await _of_route(subject, route, host) for route in subject.routes]
    failures = [failure for one in found for failure in one.failures]
    short = [reason for one in found if (reason := one.shortcoming())]
    sent, taken = sum(one.sent for one in found), sum(one.taken for one in found)
    refused = sent - taken - len(failures)
    by_rules = f", {refused} refused by the flow's own rules" if refused else ""
    summary = f"{sent} generated inputs, {taken} answered as declared{by_rules}"
    said = tuple(dict.fromkeys([*failures, *(sentence for _, sentence in short)]))
    return Check(
        name=NAME,
        verdict=_verdict(bool(failures), {verdict for verdict, _ in short}),
        summary=summary,
        failures=said[:10],
        measured={"sent": sent},
    )


async def _of_route(subject: Subject, route: Route, host: Host) -> _Found:
    found = _Found(route)
    for request in generated(route):
        answer = await host.send(request)
        found.sent += 1
        found.taken += is_reply(route, answer)
        if answer.status not in _declared(subject, route):
            found.failures.append(f"{route.title} answers {answer.status} to a valid input")
    if not found.taken:
        found.by_example = bool(await reaching(subject, route, stated(subject, route), most=1))
    return found


def _verdict(has_failures: bool, short: set[Verdict]) -> Verdict:
    if has_failures or "failed" in short:
        return "failed"
    return "could_not_run" if short else "passed"


def _declared(subject: Subject, route: Route) -> set[int]:
    replies = {reply.status for reply in route.trigger.invalid}
    # 204 is what a filtered record is answered; 422 what a node's own `require` is, where nothing else is declared.
    return {*subject.statuses, *route.replies, *replies, 204, 422}
