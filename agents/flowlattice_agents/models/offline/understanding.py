"""What is understood of a route, before it is assembled: fields, replies, branches, errors, calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flowlattice_agents.models.offline.material import Material
from flowlattice_agents.models.offline.routes import Clause, Gap, Route
from flowlattice_agents.models.offline.rules import FieldRule
from flowlattice_agents.models.offline.terms import Term
from flowlattice_agents.models.offline.worked import WorkedExample

Parse = Callable[[str, str], list[Term]]


COURTESY = "courtesy"
PURPOSE = "purpose"
CONTEXT = frozenset({"title", "context", PURPOSE})


@dataclass
class Outcome:
    """A status with what is answered; `contents` are the terms of the body."""

    status: int | None = None
    contents: tuple[Term, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass
class Branch:
    """A condition with an outcome that is not only about single fields; no condition is "otherwise"."""

    condition: Term | None
    outcome: Outcome
    clause: Clause


@dataclass
class Call:
    """One outside call; `fields` are what it sends, all where none are named."""

    url: str
    fields: list[str] = field(default_factory=list)


@dataclass
class Understanding:
    """All that is understood of one route."""

    route: Route
    material: Material = field(default_factory=Material)
    replies: list[tuple[Outcome, Clause]] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    errors: list[tuple[FieldRule, Outcome, Clause]] = field(default_factory=list)
    call: Call | None = None
    key: list[str] = field(default_factory=list)
    key_ttl_s: int | None = None
    kind: str = "json"
    claims: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    exact_case: Clause | None = None
    json_bands: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    parts: list[tuple[Clause, list[Clause]]] = field(default_factory=list)
    incidental: set[str] = field(default_factory=set)
    expected: list[tuple[str, Clause]] = field(default_factory=list)
    worked: list[WorkedExample] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def outcome_of(result: Term) -> Outcome:
    """What a result term says."""
    if result.head == "mentions":
        inner = outcome_of(result.terms[0])
        words = tuple(part.text for part in result.terms[1].terms)
        return Outcome(inner.status, inner.contents, (*inner.mentions, *words))
    if result.head == "with_status":
        inner = outcome_of(result.terms[1])
        return Outcome(int(result.terms[0].text), inner.contents, inner.mentions)
    if result.head == "either":
        return Outcome(None, (result,))
    if result.head == "refused":
        return Outcome(int(result.terms[0].text) if result.terms else 422)
    status = next((int(part.text) for part in result.terms if part.head == "num"), None)
    return Outcome(status, tuple(part for part in result.terms if part.head != "num"))
