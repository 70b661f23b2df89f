"""The offline planning model: deterministic, without key or network. A brief in, a draft out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from urllib.parse import quote

from pydantic import JsonValue

from flowlattice_agents.models.base import Answer, Draft, Existing, Question, Repair, Settlement, Trouble
from flowlattice_agents.models.offline.answers import with_answers
from flowlattice_agents.models.offline.assemble import Assembled, Assembler
from flowlattice_agents.models.offline.brief import Brief, Promises, count_sentences
from flowlattice_agents.models.offline.changes import change
from flowlattice_agents.models.offline.fields import Field, Kind
from flowlattice_agents.models.offline.intake import Intake
from flowlattice_agents.models.offline.names import likely_type, parts_of, word_lists
from flowlattice_agents.models.offline.questions import asked_together, type_gap
from flowlattice_agents.models.offline.refusals import open_facts, outside_call, refusal
from flowlattice_agents.models.offline.routes import Clause, Gap, Method, Route
from flowlattice_agents.models.offline.understanding import Understanding
from flowlattice_agents.models.offline.verify import problems
from flowlattice_agents.spec import (
    Assumption,
    ClauseAccount,
    Example,
    ExampleRequest,
    FlowSpec,
    RateLimitSpec,
    RecordSpec,
    RouteSpec,
    SloSpec,
)

LONGEST_BRIEF = 20_000
MOST_SENTENCES = 120
_KINDS: tuple[Kind, ...] = ("number", "string", "integer", "list")
_MOST_OPEN = 4
_MOST_ATTEMPTS = 40


class OfflineModel:
    """Understands the brief language of `docs/briefs.md`; asks about what it does not understand."""

    @property
    def name(self) -> str:
        """How `--model` names it."""
        return "offline"

    def draft(self, brief: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand a brief; every clause becomes part of the spec, or a question."""
        if not brief.strip():
            return Draft(questions=(Question(slot="brief", text="What should the flow do? The brief is empty."),))
        if len(brief) > LONGEST_BRIEF:
            return Draft(refusal=f"The brief has {len(brief)} characters; up to {LONGEST_BRIEF} can be understood.")
        text = with_answers(brief, answers)
        if (count := count_sentences(text)) > MOST_SENTENCES:
            return Draft(refusal=f"The brief has {count} sentences; up to {MOST_SENTENCES} can be understood.")
        refused = refusal(text)
        if refused is not None:
            answered = {answer.slot for answer in answers}
            missing = [gap for gap in open_facts(text) if gap.slot not in answered]
            return _asked(missing) if missing else Draft(refusal=refused)
        return _Drafting(text).run()

    def change(self, existing: Existing, request: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand a change request about a flow; the draft is the whole flow as it should be, or questions."""
        if existing.spec is None:
            return Draft(
                refusal="The offline planner changes a flow by its spec.yaml, and there is none that fits this file."
            )
        if len(request) > LONGEST_BRIEF or count_sentences(request) > MOST_SENTENCES:
            return Draft(refusal=f"The request is too long; up to {MOST_SENTENCES} sentences can be understood.")
        return change(existing.spec, request, answers, self.draft)

    def expect(self, _brief: str, _answers: Sequence[Answer] = ()) -> tuple[Example, ...]:
        """Nothing: a draft is held against the brief's own examples already."""
        return ()

    def settle(self, _brief: str, _answers: Sequence[Answer], spec: FlowSpec, _open: object) -> Settlement:
        """The spec as it is: there are no expectations to settle."""
        return Settlement(spec=spec)

    def repair(self, _trouble: Trouble) -> Repair:
        """Nothing: what the kernel's own fixes leave needs a language model or a person."""
        return Repair(gave_up="the offline planner mends nothing beyond the kernel's own fixes")


class _Drafting:
    def __init__(self, text: str) -> None:
        self.brief = Brief(text)

    def run(self) -> Draft:
        gaps = [Gap("clause", text) for text in self.brief.leftovers]
        routes = self.brief.routes()
        if not routes:
            gaps.insert(0, Gap("path", "At which path, and with which method, should it answer?"))
            routes = [self.brief.pathless()]
        promises, contradictions = self.brief.promises(routes)
        gaps += contradictions
        assembled = [self.route(route, routes) for route in routes]
        gaps += [gap for found in assembled for gap in found.gaps]
        if not gaps:
            gaps = [Gap("clause", f'What is meant by "{clause.text}"?') for clause in self.unaccounted()]
        if gaps:
            return _asked([*gaps, *outside_call(self.brief.text)])
        return self.spec(routes, assembled, promises)

    def unaccounted(self) -> Iterator[Clause]:
        for clause in self.brief.clauses:
            if not clause.became:
                yield clause

    def route(self, route: Route, routes: Sequence[Route]) -> Assembled:
        """Assemble a route; the open types of its fields are those with which all of it holds together."""
        prefix = "" if len(routes) == 1 else f"Route{routes.index(route) + 1}"
        known = self.intake(route)
        open_fields = [found for found in _all(known) if _is_open(found)]
        if not open_fields or len(open_fields) > _MOST_OPEN:
            return self.assembled(known, prefix)
        fitting: list[tuple[tuple[Kind, ...], Assembled]] = []
        first: Assembled | None = None
        for kinds in itertools.islice(itertools.product(*map(_candidates, open_fields)), _MOST_ATTEMPTS):
            found = self.assembled(self.understood(route, kinds), prefix)
            if found.route is not None:
                fitting.append((kinds, found))
                if _hinted(open_fields, kinds):
                    return found
            first = first or found
        return self.chosen(route, prefix, open_fields, fitting) or first or self.assembled(known, prefix)

    def intake(self, route: Route) -> Understanding:
        """Read a route's clauses afresh."""
        for clause in route.clauses:
            if clause.meaning.head != "courtesy":
                clause.became = ""
        return Intake(_fresh(route), self.brief.parse).read()

    def chosen(
        self,
        route: Route,
        prefix: str,
        open_fields: Sequence[Field],
        fitting: Sequence[tuple[tuple[Kind, ...], Assembled]],
    ) -> Assembled | None:
        """The reading whose types fit; where texts and numbers both do, it must be asked."""
        if not fitting:
            return None
        families = {tuple("number" if kind == "integer" else kind for kind in kinds) for kinds, _ in fitting}
        if len(families) == 1:
            return self.assembled(self.understood(route, fitting[0][0]), prefix)
        name = next(
            found.name for place, found in enumerate(open_fields) if len({kinds[place] for kinds in families}) > 1
        )
        gap = type_gap(name, likely_type(name))
        return Assembled(None, (), (), (gap,))

    def assembled(self, known: Understanding, prefix: str) -> Assembled:
        """Assemble a reading of a route, and note in its clauses what they became."""
        return Assembler(known, self.brief.parse, self.brief.words, prefix).assemble()

    def understood(self, route: Route, kinds: Sequence[Kind]) -> Understanding:
        """What is understood of a route with these types for the fields whose type is open."""
        known = self.intake(route)
        for found, kind in zip([one for one in _all(known) if _is_open(one)], kinds, strict=True):
            found.kind, found.firm = kind, True
            if kind == "list":
                found.item = found.item or Field(found.name + "_item")
        return known

    def spec(self, routes: Sequence[Route], assembled: Sequence[Assembled], promises: Promises) -> Draft:
        """The whole flow."""
        assumptions = [Assumption(slot="version", text="The version is 1.0.0.")]
        assumptions += [Assumption(slot="value", text=text) for found in assembled for text in found.assumed]
        specs: list[RouteSpec] = [found.route for found in assembled if found.route is not None]
        records: dict[str, RecordSpec] = {record.name: record for found in assembled for record in found.records}
        qps, burst = promises.qps or 100.0, promises.burst
        if promises.qps is None and promises.slos and promises.slos[0][2]:
            qps = promises.slos[0][2]
            assumptions.append(
                Assumption(slot="rate", text=f"At most {qps:g} requests a second are taken, as promised.")
            )
        elif promises.qps is None:
            assumptions.append(Assumption(slot="rate", text="At most 100 requests a second are taken."))
        if burst is None:
            burst = max(1, round(qps * 2))
            assumptions.append(Assumption(slot="burst", text=f"Bursts of up to {burst} requests are taken."))
        if any(route.deadline_ms is None for route in routes):
            assumptions.append(Assumption(slot="deadline", text="An answer takes at most 5 seconds."))
        assumptions.append(Assumption(slot="data", text="Fields whose name suggests nothing else hold internal data."))
        name = _flow_name(specs[0].path)
        assumptions.append(Assumption(slot="name", text=f"The flow is called {name}."))
        spec = FlowSpec(
            name=name,
            summary=_summary(specs),
            records=tuple(records.values()),
            routes=tuple(specs),
            rate_limit=RateLimitSpec(qps=qps, burst=burst),
            slos=tuple(SloSpec(percentile=p, latency_ms=ms, at_qps=rate) for p, ms, rate in promises.slos),
            assumptions=tuple(assumptions),
            clauses=tuple(ClauseAccount(text=clause.text, became=clause.became) for clause in self.brief.clauses),
            examples=tuple(example for found in assembled for example in _examples(found)),
        )
        wrong = problems(spec)
        return _asked(wrong) if wrong else Draft(spec=spec, assumptions=tuple(assumptions))


def _fresh(route: Route) -> Route:
    return Route(route.path, route.method, clauses=route.clauses, deadline_ms=route.deadline_ms, alone=route.alone)


def _all(known: Understanding) -> list[Field]:
    return [inner for found in known.route.fields.values() for inner in found.walk()]


def _is_open(found: Field) -> bool:
    if found.kind is None or (found.kind == "list" and found.item is None):
        return True
    if found.kind == "number" and not found.firm and not found.samples and found.limits:
        return True
    return found.kind == "integer" and not found.firm


def _candidates(found: Field) -> tuple[Kind, ...]:
    if found.kind in {"integer", "number"}:
        return ("number", "integer")
    if found.kind == "list":
        return ("list",)
    if found.limits.keys() & {"minimum", "maximum", "exclusive_minimum", "exclusive_maximum"}:
        return ("number", "integer")
    return _KINDS if _hint(found) != "string" else ("string", "number", "integer", "list")


def _hint(found: Field) -> Kind | None:
    parts = set(parts_of(found.name))
    lists = word_lists()
    if found.kind in {"integer", "list"} or parts & lists.numeric:
        return found.kind if found.kind == "list" else "number"
    return "string" if parts & lists.textual else None


def _hinted(open_fields: Sequence[Field], kinds: Sequence[Kind]) -> bool:
    """Whether every type is what the field's name suggests."""
    return all(_hint(found) == kind for found, kind in zip(open_fields, kinds, strict=True))


def _asked(gaps: Sequence[Gap]) -> Draft:
    questions = asked_together(gaps)
    return Draft(
        questions=tuple(Question(slot=gap.slot, text=gap.text, assumption=gap.assumption) for gap in questions)
    )


def _flow_name(path: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"\{\w+\}", "", path).lower())
    name = "_".join(words)[:50] or "home"
    return name if name[0].isalpha() else f"flow_{name}"


def _summary(routes: Sequence[RouteSpec]) -> str:
    return ", ".join(f"{route.method} {route.path}" for route in routes)


def _examples(found: Assembled) -> Iterator[Example]:
    for sample in found.samples if found.route is not None else ():
        assert found.route is not None
        request = _request(found.route.method, found.route.path, dict(deepcopy(sample.inputs)))
        yield Example(request=request, status=sample.status, json_body=sample.json_body, text=sample.text)


def _request(method: Method, path: str, inputs: dict[str, JsonValue]) -> ExampleRequest:
    """The request with these values: in the path, and else in the query or the body."""
    path = re.sub(r"\{(\w+)\}", lambda match: str(inputs.pop(match[1], "")), path)
    if method in {"GET", "DELETE"}:
        query = "&".join(f"{name}={_encoded(value)}" for name, value in inputs.items())
        return ExampleRequest(method=method, path=f"{path}?{query}" if query else path)
    return ExampleRequest(method=method, path=path, json_body=inputs)


def _encoded(value: object) -> str:
    return quote(str(value), safe="")
