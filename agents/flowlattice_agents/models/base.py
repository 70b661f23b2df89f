"""What a planning model is: brief in, draft out. Models understand; they never build, check or deploy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import TypeAdapter

from flowlattice.diagnostics import Diagnostic
from flowlattice_agents.edits import Edit
from flowlattice_agents.spec import Assumption, Example, FlowSpec

Arm = Literal["six", "single", "no-fix", "kernel-fixes"]
"""How a run works: all six agents; one agent that writes the flow alone; no fix loop; kernel fixes only."""


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
class Block:
    """An unsafe wish: the diagnostic's code that stands against it, why, and a safe alternative."""

    code: str
    reason: str
    alternative: str


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A flow that is to be changed.

    Attributes:
        source: The text of its flow file.
        spec: The spec that it was built from; none where the flow file is all there is.
    """

    source: str
    spec: FlowSpec | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a model made of a brief: exactly one of a spec, a source, questions, a refusal, or a block.

    Attributes:
        spec: The whole flow, every clause of the brief accounted for.
        source: The whole flow file instead, where the flow has no spec.
        examples: What a source is tested against; a spec holds its own.
        questions: What must be known first, asked together.
        assumptions: What is assumed so far, whatever the outcome.
        refusal: Why this cannot be built here, and what can be; one or two sentences.
        block: Why this must not be built.
    """

    spec: FlowSpec | None = None
    source: str | None = None
    examples: tuple[Example, ...] = ()
    questions: tuple[Question, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    refusal: str | None = None
    block: Block | None = None


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """An expectation that a spec does not meet: the request with the expected answer, and what the spec gives."""

    number: int
    expected: Example
    given: str


DISAGREEMENTS: TypeAdapter[list[Disagreement]] = TypeAdapter(list[Disagreement])


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What became of disagreements: a spec, and the numbers of the expectations that were wrong, with reasons."""

    spec: FlowSpec
    withdrawn: Mapping[int, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Problems of what was built, and the one file that may be edited to mend them.

    Attributes:
        file: The file's name, `spec.yaml` or `flow.py`.
        text: Its text.
        flow: The flow file's text, which diagnostics point into.
        diagnostics: What the compiler reports.
        findings: What certification or a reviewer says.
        tried: What earlier rounds of this loop were told, so that they are not repeated.
    """

    file: str
    text: str
    flow: str
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Edits that should mend some trouble, or why there are none."""

    edits: tuple[Edit, ...] = ()
    gave_up: str | None = None


class PlanningModel(Protocol):
    """Turns a brief into a draft. The same inputs give the same draft for a deterministic model."""

    @property
    def name(self) -> str:
        """How `--model` names it."""

    def draft(self, brief: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand the brief in the light of the answers given so far."""

    def change(self, existing: Existing, request: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand a request to change a flow."""

    def expect(self, brief: str, answers: Sequence[Answer] = ()) -> tuple[Example, ...]:
        """Requests with the answers that the brief fixes, worked out from the brief alone."""

    def settle(
        self, brief: str, answers: Sequence[Answer], spec: FlowSpec, open_: Sequence[Disagreement]
    ) -> Settlement:
        """Decide who is right where a spec does not meet an expectation."""

    def repair(self, trouble: Trouble) -> Repair:
        """Mend what the compiler, the certification or a reviewer reports."""
