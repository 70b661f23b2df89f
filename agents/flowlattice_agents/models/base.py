"""What a planning model is: brief in, draft out. Models understand; they never build, check or deploy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flowlattice_agents.spec import Assumption, FlowSpec


@dataclass(frozen=True, kw_only=True)
class Question:
    """A fact that must be asked; `assumption` is what would be assumed if the requester allows it."""

    slot: str
    text: str
    assumption: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply to a question, matched by the question's slot."""

    slot: str
    question: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a model made of a brief: exactly one of a spec, questions, or a refusal.

    Attributes:
        spec: The whole flow, every clause of the brief accounted for.
        questions: What must be known first, asked together.
        assumptions: What is assumed so far, whatever the outcome.
        refusal: Why this cannot be built here, and what can be; one or two sentences.
    """

    spec: FlowSpec | None = None
    questions: tuple[Question, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    refusal: str | None = None


class PlanningModel(Protocol):
    """Turns a brief into a draft. The same inputs give the same draft for a deterministic model."""

    @property
    def name(self) -> str:
        """How `--model` names it."""

    def draft(self, brief: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand the brief in the light of the answers given so far."""
