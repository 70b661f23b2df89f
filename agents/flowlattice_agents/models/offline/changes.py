"""Change requests: what a request says, made of a spec that there is. What is not understood is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import ValidationError

from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.models.base import Answer, Draft, Question
from flowlattice_agents.models.offline.answers import with_answers
from flowlattice_agents.models.offline.change_fields import FieldChanges
from flowlattice_agents.models.offline.change_request import read_request
from flowlattice_agents.models.offline.fields import ContradictionError
from flowlattice_agents.models.offline.refusals import refusal
from flowlattice_agents.models.offline.routes import METHODS, milliseconds, split_path
from flowlattice_agents.models.offline.shapes import NotUnderstoodError
from flowlattice_agents.models.offline.terms import Term
from flowlattice_agents.models.offline.verify import problems
from flowlattice_agents.simulate import holds
from flowlattice_agents.spec import Assumption, ClauseAccount, Example, FlowSpec, InvalidReplySpec, RateLimitSpec

DraftBrief = Callable[[str], Draft]


def change(spec: FlowSpec, request: str, answers: Sequence[Answer], draft_brief: DraftBrief) -> Draft:
    """The spec as the request wants it, or what must be asked first.

    Args:
        spec: The flow as it is.
        request: What is to change, in the requester's words.
        answers: Replies to earlier questions.
        draft_brief: Understands the brief of a new route.
    """
    text = with_answers(request, answers)
    if not text.strip():
        return Draft(questions=(Question(slot="change", text="What should change? The request is empty."),))
    refused = refusal(text)
    if refused is not None:
        return Draft(refusal=refused)
    return _Changing(spec, draft_brief).run(text)


class _Changing(FieldChanges):
    """Applies one request to one spec, statement by statement."""

    def __init__(self, spec: FlowSpec, draft_brief: DraftBrief) -> None:
        super().__init__(spec)
        self.draft_brief = draft_brief
        self.said: dict[str, set[str]] = {}

    def run(self, text: str) -> Draft:
        """Apply the request as a whole, or ask."""
        request = read_request(text, self.spec)
        for words in request.unclear:
            self.ask("clause", f'What is meant by "{words}"?')
        for meaning, words in request.statements:
            self.apply(meaning, words)
        if request.routes:
            self.add_routes(request.routes)
        if not self.questions and not self.accounts:
            self.ask("change", "What should change? Nothing in the request says it.")
        if self.questions:
            return Draft(questions=tuple(self.questions))
        return self.finished()

    def apply(self, meaning: Term, words: str) -> None:
        """Apply one statement; one that does not fit the flow is asked about."""
        if meaning.head == "courtesy":
            return
        handle: Callable[[Term], str] | None = getattr(self, f"_{meaning.head}", None)
        if handle is None:
            self.ask("clause", f'What is meant by "{words}"?')
            return
        try:
            self.account(words, handle(meaning))
        except (ContradictionError, NotUnderstoodError, ValueError):
            self.ask("clause", f'What is meant by "{words}"?')

    def once(self, what: str, value: str) -> None:
        """Ask where a request gives two values for the same thing."""
        values = self.said.setdefault(what, set())
        values.add(value)
        if len(values) > 1:
            listed = " or ".join(sorted(values))
            self.ask("contradiction", f"The request gives two values for the {what}: {listed}. Which one is right?")

    def was(self, meaning: Term, what: str, known: float) -> None:
        """Ask where a request takes the flow to be otherwise than it is."""
        for part in meaning.terms:
            told = _amount(part.terms[0]) if part.head == "was" and part.terms else None
            if told is not None and told != known:
                self.ask("contradiction", f"The {what} is {known:g} now, not {told:g}. Is it the {what} that you mean?")

    # The whole flow

    def _set_limit(self, meaning: Term) -> str:
        rate = _per_second(meaning.terms[0])
        known = self.spec.rate_limit
        self.was(meaning, "rate limit", known.qps if known else 0)
        self.once("rate limit", f"{rate:g} per second")
        burst = known.burst if known else round(rate * 2)
        if any(assumed.slot == "burst" for assumed in self.spec.assumptions) and "burst" not in self.said:
            burst = max(1, round(rate * 2))
        self.spec = self.spec.model_copy(update={"rate_limit": RateLimitSpec(qps=rate, burst=burst)})
        return f"rate limit {rate:g} per second"

    _limit = _set_limit

    def _set_burst(self, meaning: Term) -> str:
        burst = int(float(meaning.terms[0].text))
        known = self.spec.rate_limit or RateLimitSpec(qps=100, burst=200)
        self.was(meaning, "burst", known.burst)
        self.once("burst", str(burst))
        self.spec = self.spec.model_copy(update={"rate_limit": RateLimitSpec(qps=known.qps, burst=burst)})
        return f"burst {burst}"

    _burst = _set_burst

    def _set_deadline(self, meaning: Term) -> str:
        deadline = milliseconds(meaning.terms[0])
        known = {route.deadline_ms for route in self.spec.routes}
        told = [_duration(part.terms[0]) for part in meaning.terms if part.head == "was" and part.terms]
        if any(old is not None and old not in known for old in told):
            listed = " and ".join(str(one) for one in sorted(known))
            self.ask("contradiction", f"The deadline is {listed} ms now. Is it the deadline that you mean?")
        self.once("deadline", f"{deadline} ms")
        routes = tuple(route.model_copy(update={"deadline_ms": deadline}) for route in self.spec.routes)
        self.spec = self.spec.model_copy(update={"routes": routes})
        return f"deadline {deadline} ms"

    _deadline = _set_deadline

    def _set_invalid(self, meaning: Term) -> str:
        status = int(meaning.terms[0].text)
        if not 400 <= status < 500:
            raise NotUnderstoodError("a status for invalid input")
        known = {one.status for route in self.spec.routes for one in route.invalid} or {422}
        if len(known) > 1:
            raise NotUnderstoodError("several statuses")
        self.was(meaning, "status of invalid input", next(iter(known)))
        self.once("status of invalid input", str(status))
        routes = []
        for route in self.spec.routes:
            kept = tuple(one.model_copy(update={"status": status}) for one in route.invalid)
            added = (InvalidReplySpec(status=status),) if route.accepts and not _covers_all(kept) else ()
            routes.append(route.model_copy(update={"invalid": (*kept, *added)}))
        self.spec = self.spec.model_copy(update={"routes": tuple(routes)})
        return f"invalid input is answered {status}"

    # Routes

    def _remove_route(self, meaning: Term) -> str:
        path = split_path(meaning.terms[0].text)[0]
        method = next((METHODS[part.text] for part in meaning.terms if part.head == "method"), None)
        gone = [one for one in self.spec.routes if one.path == path and method in {None, one.method}]
        kept = [one for one in self.spec.routes if one not in gone]
        if not gone or not kept or (len(gone) > 1 and method is None):
            raise NotUnderstoodError("which route")
        used = {one.accepts for one in kept}
        left = {one.accepts for one in gone} - used
        records = tuple(record for record in self.spec.records if record.name not in left)
        self.spec = self.spec.model_copy(update={"routes": tuple(kept), "records": records})
        return f"route {path} is removed"

    def add_routes(self, brief: str) -> None:
        """New routes, understood by the brief language."""
        drafted = self.draft_brief(brief)
        if drafted.spec is None:
            self.questions.extend(drafted.questions)
            if drafted.refusal is not None:
                self.ask("route", drafted.refusal)
            return
        known = {(route.method, route.path) for route in self.spec.routes}
        if any((route.method, route.path) in known for route in drafted.spec.routes):
            self.ask("route", "The flow has such a route already. What should change in it?")
            return
        taken = {record.name for record in self.spec.records}
        if taken & {record.name for record in drafted.spec.records}:
            self.ask("route", "The new route's record has the name of one that there is. What else can its path be?")
            return
        routes = drafted.spec.routes
        deadlines = {route.deadline_ms for route in self.spec.routes}
        if len(deadlines) == 1 and any(assumed.slot == "deadline" for assumed in drafted.assumptions):
            routes = tuple(route.model_copy(update={"deadline_ms": next(iter(deadlines))}) for route in routes)
        self.spec = self.spec.model_copy(
            update={
                "records": (*self.spec.records, *drafted.spec.records),
                "routes": (*self.spec.routes, *routes),
                "examples": (*self.spec.examples, *drafted.spec.examples),
            }
        )
        self.accounts.extend(drafted.spec.clauses)

    # The result

    def finished(self) -> Draft:
        """The changed spec, checked; examples that the request makes untrue are given up, which is said."""
        before, after = self.original, self.spec
        untrue = [one for one in after.examples if one in before.examples and _holds(before, one) != _holds(after, one)]
        assumptions = [
            Assumption(slot="example", text=f"The example for {one.request.path} no longer holds and is given up.")
            for one in untrue
        ]
        update = {
            "examples": tuple(one for one in after.examples if one not in untrue),
            "clauses": (*after.clauses, *self.accounts),
            "assumptions": (*after.assumptions, *assumptions),
        }
        try:
            changed = FlowSpec.model_validate(after.model_copy(update=update).model_dump())
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            return Draft(questions=(Question(slot="change", text=f"The change does not fit the flow: {problem}."),))
        wrong = problems(changed)
        if wrong:
            return Draft(questions=tuple(Question(slot=gap.slot, text=gap.text) for gap in wrong))
        return Draft(spec=changed, assumptions=tuple(assumptions))

    def account(self, words: str, became: str) -> None:
        """Note what a statement of the request became."""
        self.accounts.append(ClauseAccount(text=words, became=became))


def _holds(spec: FlowSpec, example: Example) -> bool:
    try:
        return holds(spec, example)
    except ExpressionError:
        return False


def _covers_all(replies: Sequence[InvalidReplySpec]) -> bool:
    return any(not one.fields and one.problem is None for one in replies)


def _per_second(rate: Term) -> float:
    amount = float(rate.terms[0].text)
    return amount / 60 if rate.head == "qpm" else amount


def _amount(part: Term) -> float | None:
    if part.head in {"qps", "qpm"}:
        return _per_second(part)
    return float(part.text) if part.head == "num" else None


def _duration(part: Term) -> int | None:
    if part.head in {"ms", "seconds", "minutes", "hours"}:
        return milliseconds(part)
    return int(float(part.text)) if part.head == "num" else None
