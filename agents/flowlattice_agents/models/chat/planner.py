"""The chat planner: drafts, changes, expectations and repairs from a chat model, each checked before it counts.

A model fills in specs, cites operators and edits; it never writes plumbing, and never sees more than it needs.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from flowlattice_agents.edits import Edit, apply_edits
from flowlattice_agents.errors import AnswerUnusable, EditRejected, SpecError
from flowlattice_agents.models.base import (
    Answer,
    Disagreement,
    Draft,
    Existing,
    Question,
    Repair,
    Settlement,
    Trouble,
)
from flowlattice_agents.models.chat.account import uncovered
from flowlattice_agents.models.chat.answers import (
    ChangeAnswer,
    ClauseAnswer,
    DraftAnswer,
    ExampleAnswer,
    ExpectAnswer,
    FlowAnswer,
    RepairAnswer,
    SettleAnswer,
    assumptions_of,
    block_of,
    edits_of,
    example_of,
    questions_of,
)
from flowlattice_agents.models.chat.asking import Asker, Declined
from flowlattice_agents.models.chat.completion import completed
from flowlattice_agents.models.chat.marks import unmarked
from flowlattice_agents.models.chat.vocabulary import likely
from flowlattice_agents.spec import ClauseAccount, Example, FlowSpec
from flowlattice_agents.specs import edited_spec, problems_of, request_line, shown, spec_text

LONGEST_BRIEF = 40_000
SPEC_FILE, FLOW_FILE = "spec.yaml", "flow.py"
_CONTEXT_LINES = 3


@dataclass(frozen=True, kw_only=True)
class ChatPlanner:
    """A planning model over a chat model.

    Attributes:
        asker: Asks the chat model.
        alone: One agent that writes the flow file itself, to compare with.
    """

    asker: Asker
    alone: bool = False

    @property
    def name(self) -> str:
        """How `--model` names it."""
        return self.asker.chat.name

    def draft(self, brief: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand a brief; every word of it is accounted for, and the spec holds together and meets its examples."""
        if (unfit := _unfit_text(brief, "brief", "What should the flow do?")) is not None:
            return unfit
        try:
            return self._flow(brief, answers) if self.alone else self._spec(brief, answers)
        except Declined as refusal:
            return Draft(refusal=f"{self.name} would not work on this brief: {refusal}")

    def change(self, existing: Existing, request: str, answers: Sequence[Answer] = ()) -> Draft:
        """Understand a request to change a flow: the smallest edits of its spec, or of its file where it has none."""
        if (unfit := _unfit_text(request, "change request", "What should be changed?")) is not None:
            return unfit
        try:
            return self._change(existing, request, answers)
        except Declined as refusal:
            return Draft(refusal=f"{self.name} would not work on this change: {refusal}")

    def expect(self, brief: str, answers: Sequence[Answer] = ()) -> tuple[Example, ...]:
        """Requests with the answers that the brief fixes, worked out without having seen the spec."""
        if self.alone:
            return ()
        try:
            given = self.asker.ask("test-expect", ExpectAnswer, _brief(brief, answers), check=_unfit_examples)
        except Declined:
            return ()
        return tuple(map(example_of, given.examples))

    def settle(
        self, brief: str, answers: Sequence[Answer], spec: FlowSpec, open_: Sequence[Disagreement]
    ) -> Settlement:
        """Decide who is right where the spec does not meet an expectation."""
        text = spec_text(spec)
        decided: list[FlowSpec] = []

        def check(given: SettleAnswer) -> list[str]:
            changed, problems = _edited(spec, text, edits_of(given.edits, SPEC_FILE))
            decided[:] = [changed] if changed else []
            return problems

        lines = [
            f"{one.number}. {request_line(one.expected)}: the tester expects {shown(one.expected)}; "
            f"the spec gives {one.given}"
            for one in open_
        ]
        parts = [
            _brief(brief, answers),
            _operators(brief),
            f"<spec>\n{unmarked(text)}</spec>",
            unmarked("Disagreements:\n" + "\n".join(lines)),
        ]
        try:
            given = self.asker.ask("pm-settle", SettleAnswer, "\n\n".join(parts), check=check)
        except Declined:
            return Settlement(spec=spec)
        withdrawn = {one.number: one.reason for one in given.withdrawn}
        return Settlement(spec=decided[0], withdrawn=withdrawn, questions=questions_of(given.questions))

    def repair(self, trouble: Trouble) -> Repair:
        """Edits of the one file that may be edited."""

        def check(given: RepairAnswer) -> list[str]:
            own = [edit for edit in edits_of(given.edits, trouble.file) if edit.file == trouble.file]
            if given.give_up is not None or len(own) < len(given.edits):
                return []  # an edit of another file is for the Builder to see
            if not own:
                return ["edits: there are none, and `give_up` is null; do one or the other"]
            return _rejected(trouble.text, own)

        prompt = "builder-repair" if trouble.file == SPEC_FILE else "builder-repair-source"
        quoted = f'<file name="{trouble.file}">\n{unmarked(trouble.text)}</file>'
        said = [quoted, _operators(trouble.text), *map(unmarked, _reported(trouble))]
        try:
            given = self.asker.ask(prompt, RepairAnswer, "\n\n".join(said), check=check)
        except (Declined, AnswerUnusable) as reason:
            return Repair(gave_up=str(reason))
        return Repair(edits=edits_of(given.edits, trouble.file), gave_up=given.give_up)

    def _spec(self, brief: str, answers: Sequence[Answer]) -> Draft:
        decided: list[FlowSpec] = []

        def check(given: DraftAnswer) -> list[str]:
            decided.clear()
            problems = _unfit_outcome(given.outcome, given)
            problems += _unaccounted(brief, given.account)
            if given.outcome != "spec" or given.spec is None:
                return problems
            spec, wrong = completed(given.spec, assumptions_of(given.assumptions), _clauses(given.account))
            decided.extend([spec] if spec else [])
            return [*wrong, *(problems_of(spec) if spec else []), *problems]

        given = self.asker.ask("pm-draft", DraftAnswer, f"{_brief(brief, answers)}\n\n{_operators(brief)}", check=check)
        if given.outcome == "spec":
            return Draft(spec=decided[0], assumptions=decided[0].assumptions)
        return _stopped(given)

    def _flow(self, brief: str, answers: Sequence[Answer]) -> Draft:
        def check(given: FlowAnswer) -> list[str]:
            if given.outcome == "flow":
                return [*_unparsable(given.flow or ""), *_unfit_examples(given)]
            return _unfit_outcome(given.outcome, given)

        given = self.asker.ask("single-agent", FlowAnswer, _brief(brief, answers), check=check)
        if given.outcome == "flow":
            examples = tuple(map(example_of, given.examples))
            return Draft(source=given.flow, examples=examples, assumptions=assumptions_of(given.assumptions))
        return _stopped(given)

    def _change(self, existing: Existing, request: str, answers: Sequence[Answer]) -> Draft:
        of_spec = existing.spec is not None
        text = spec_text(existing.spec) if existing.spec else existing.source
        file = SPEC_FILE if of_spec else FLOW_FILE
        specs: list[FlowSpec] = []
        sources: list[str] = []

        def check(given: ChangeAnswer) -> list[str]:
            specs.clear()
            sources.clear()
            problems = _unfit_outcome(given.outcome, given) + _unaccounted(request, given.account)
            if given.outcome != "edit":
                return problems
            edits = edits_of(given.edits, file)
            if existing.spec is not None:
                changed, wrong = _edited(existing.spec, text, edits)
                specs.extend([changed] if changed else [])
                return [*wrong, *problems]
            wrong = _elsewhere(edits, FLOW_FILE) or _rejected(text, edits)
            if not wrong:
                sources.append(apply_edits(text, edits))
                wrong = _unparsable(sources[0])
            return [*wrong, *problems]

        quoted = f'<file name="{file}">\n{unmarked(text)}</file>'
        parts = [_brief(request, answers, "request"), _operators(request), quoted]
        prompt = "pm-change" if of_spec else "pm-change-source"
        given = self.asker.ask(prompt, ChangeAnswer, "\n\n".join(parts), check=check)
        if given.outcome != "edit":
            return _stopped(given)
        assumptions = assumptions_of(given.assumptions)
        if not of_spec:
            return Draft(source=sources[0], assumptions=assumptions)
        clauses = (*specs[0].clauses, *_clauses(given.account))
        changed = specs[0].model_copy(update={"clauses": clauses, "assumptions": (*specs[0].assumptions, *assumptions)})
        return Draft(spec=changed, assumptions=assumptions)


def _edited(spec: FlowSpec, text: str, edits: Sequence[Edit]) -> tuple[FlowSpec | None, list[str]]:
    problems = _elsewhere(edits, SPEC_FILE) or _rejected(text, edits)
    if problems:
        return None, problems
    try:
        after = edited_spec(spec, edits)
    except SpecError as error:
        return None, [f"after the edits: {problem}" for problem in error.problems]
    return after, [f"after the edits: {problem}" for problem in problems_of(after)]


def _unfit_text(text: str, what: str, question: str) -> Draft | None:
    """What becomes of a text that no model is asked about; None if one can be."""
    if not text.strip():
        return Draft(questions=(Question(slot="brief", text=f"{question} The {what} is empty."),))
    if len(text) > LONGEST_BRIEF:
        return Draft(refusal=f"The {what} has {len(text)} characters; up to {LONGEST_BRIEF} can be understood.")
    return None


def _elsewhere(edits: Sequence[Edit], file: str) -> list[str]:
    return [f"edits: {edit.file} is not yours to edit" for edit in edits if edit.file != file]


def _rejected(text: str, edits: Sequence[Edit]) -> list[str]:
    try:
        apply_edits(text, edits)
    except EditRejected as error:
        return [str(error)]
    return []


def _stopped(given: DraftAnswer | FlowAnswer | ChangeAnswer) -> Draft:
    assumptions = assumptions_of(given.assumptions)
    if given.outcome == "ask":
        return Draft(questions=questions_of(given.questions), assumptions=assumptions)
    if given.outcome == "block":
        return Draft(block=block_of(given.block), assumptions=assumptions)
    return Draft(refusal=given.refusal, assumptions=assumptions)


def _unfit_outcome(outcome: str, given: DraftAnswer | FlowAnswer | ChangeAnswer) -> list[str]:
    needed = {
        "spec": "spec",
        "flow": "flow",
        "ask": "questions",
        "refuse": "refusal",
        "block": "block",
        "edit": "edits",
    }
    if not getattr(given, needed[outcome]):
        return [f"outcome is {outcome}, but `{needed[outcome]}` is empty"]
    return []


def _unaccounted(brief: str, account: Sequence[ClauseAnswer]) -> list[str]:
    left = uncovered(brief, [clause.clause for clause in account])
    return [f"account: no clause covers `{piece}`; what becomes of it?" for piece in left]


def _unfit_examples(given: ExpectAnswer | FlowAnswer) -> list[str]:
    problems = []
    for number, example in enumerate(given.examples):
        problems += _unfit_example(number, example)
    return problems


def _unfit_example(number: int, example: ExampleAnswer) -> list[str]:
    try:
        example_of(example)
    except ValidationError as error:
        return [f"examples.{number}: {one['msg']}" for one in error.errors()]
    return []


def _unparsable(source: str) -> list[str]:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        return [f"{FLOW_FILE} is no Python: {error}"]
    return []


def _clauses(account: Sequence[ClauseAnswer]) -> tuple[ClauseAccount, ...]:
    return tuple(ClauseAccount(text=one.clause, became=one.became) for one in account)


def _operators(text: str) -> str:
    return f"Operators that this may need, among all others:\n{likely(text)}"


def _brief(brief: str, answers: Sequence[Answer], tag: str = "brief") -> str:
    lines = [f"<{tag}>", unmarked(brief.strip()), f"</{tag}>"]
    if answers:
        lines += ["", "The requester answered:"]
        lines += [unmarked(f"* {answer.question}\n  {answer.text}") for answer in answers]
        lines += ["", "What was answered is not asked again."]
    return "\n".join(lines)


def _reported(trouble: Trouble) -> list[str]:
    parts = []
    if trouble.diagnostics:
        lines = trouble.flow.splitlines()
        shown_lines: set[int] = set()
        for one in trouble.diagnostics:
            shown_lines |= set(range(one.line - _CONTEXT_LINES, (one.end_line or one.line) + _CONTEXT_LINES + 1))
        if trouble.file != FLOW_FILE:
            excerpt = "\n".join(f"{at:4} {lines[at - 1]}" for at in sorted(shown_lines) if 1 <= at <= len(lines))
            parts.append(f"The flow file that was generated from it, around the problems:\n{excerpt}")
        told = [one.model_dump(mode="json", exclude_none=True, exclude={"fix"}) for one in trouble.diagnostics]
        parts.append("Diagnostics:\n" + "\n".join(json.dumps(one, ensure_ascii=False) for one in told))
    if trouble.findings:
        parts.append("Findings:\n" + "\n".join(f"* {finding}" for finding in trouble.findings))
    if trouble.tried:
        parts.append("Tried before, without success:\n" + "\n".join(f"* {one}" for one in trouble.tried))
    return parts
