"""PM: understands the brief, asks what is missing, states what it assumes, refuses what cannot be built.

Asking is a step of its own (`ask`) that has no side effect before the question, so a resume repeats nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import cast

from langgraph.types import interrupt
from pydantic import JsonValue

from flowlattice.budgets import Breach
from flowlattice_agents.chunks import NothingToCut, smaller
from flowlattice_agents.editing import EditBase
from flowlattice_agents.models.base import DISAGREEMENTS, Answer, Block, Draft, Existing, Question
from flowlattice_agents.obligations import EXAMPLES
from flowlattice_agents.spec import Assumption, Example, FlowSpec
from flowlattice_agents.specs import other_answer, request_line, shown
from flowlattice_agents.state import GivenAnswer, RunState
from flowlattice_agents.workbench import Workbench, needed

MOST_ROUNDS = 5
"""How often a run asks: who has answered so often will not be understood the next time either."""

NEVER_ASSUMED = re.compile(
    r"identity|key|destination|host|url|threshold|amount|money|price|approver|approval|schedule|budget", re.IGNORECASE
)
"""Slots of questions that come without an assumption, whatever a model says."""


@dataclass(frozen=True)
class PM:
    """From a brief to a spec."""

    bench: Workbench

    def understand(self, state: RunState) -> RunState:
        """Draft the spec; end with questions, a refusal or a block where there is none."""
        progress, store = self.bench.progress, self.bench.store
        if state.get("spec_given"):
            spec = store.model(FlowSpec, needed(state, "spec_digest"))
            progress.say("pm", "finished", f"takes the spec of {spec.name} as given")
            return {"assumptions_digest": store.put_json(spec.assumptions), "attempt": 0, "expected": True}
        draft = self._draft(state)
        update: RunState = {"assumptions_digest": store.put_json(draft.assumptions), "attempt": 0}
        if draft.block is not None:
            return {**update, **self._blocks(draft.block)}
        if draft.refusal is not None:
            progress.say("pm", "stopped", f"refuses: {draft.refusal}")
            return {**update, "outcome": "refused", "reason": draft.refusal}
        draft = self._held_to(state, draft)
        if draft.questions:
            return {**update, **self._asks(state, draft.questions)}
        for assumption in draft.assumptions:
            progress.say("pm", "note", f"assumes: {assumption.text}")
        if draft.spec is not None:
            progress.say("pm", "finished", _understood(draft.spec))
            return {**update, "spec_digest": store.put_json(draft.spec), "questions_digest": None}
        progress.say("pm", "finished", "has the flow file written")
        return {
            **update,
            "written_digest": store.put(draft.source or ""),
            "examples_digest": store.put_json(self._demanded_of(state, draft)),
            "questions_digest": None,
            "expected": True,
        }

    def ask(self, state: RunState) -> RunState:
        """Wait for replies to the questions."""
        questions = self.bench.store.json(needed(state, "questions_digest"))
        replies = cast(dict[str, str], interrupt({"kind": "questions", "questions": questions}))
        # By text: several questions may be about one slot.
        slots = {str(q["text"]): str(q["slot"]) for q in cast(list[dict[str, JsonValue]], questions)}
        given: list[GivenAnswer] = [
            {"slot": slots[question], "question": question, "text": text}
            for question, text in replies.items()
            if question in slots
        ]
        rounds = state.get("rounds", 0) + 1
        return {"answers": [*state.get("answers", []), *given], "questions_digest": None, "rounds": rounds}

    def settle(self, state: RunState) -> RunState:
        """Decide who is right where the spec does not meet what the Test agent expects of the brief."""
        progress, store = self.bench.progress, self.bench.store
        spec = store.model(FlowSpec, needed(state, "spec_digest"))
        open_ = DISAGREEMENTS.validate_json(store.text(needed(state, "disagreements_digest")))
        brief = store.text(needed(state, "brief_digest"))
        settled = self.bench.model.settle(brief, _answers(state), spec, open_)
        update: RunState = {"disagreements_digest": None}
        if settled.questions:
            return {**update, **self._asks(state, settled.questions)}
        kept = [one.expected for one in open_ if one.number not in settled.withdrawn]
        for one in open_:
            if one.number in settled.withdrawn:
                reason = settled.withdrawn[one.number]
                progress.say("pm", "note", f"withdraws {request_line(one.expected)}: {reason}")
        meant = {request_line(one) for one in kept}
        # What the brief was read to demand stays demanded, but for what the Test agent read otherwise.
        stays = [one for one in spec.examples if request_line(one) not in meant]
        unclear = [one for one in (*kept, *stays) if other_answer(settled.spec, one) is not None]
        if unclear:
            return {**update, **self._asks(state, tuple(_either(settled.spec, one) for one in unclear))}
        if kept:
            progress.say("pm", "note", "changes the spec as the Test agent expects")
        agreed = settled.spec.model_copy(update={"examples": (*stays, *kept)})
        progress.say("pm", "finished", f"settles {len(open_)} disagreements")
        return {**update, "spec_digest": store.put_json(agreed), "expected": True}

    def _demanded_of(self, state: RunState, draft: Draft) -> list[Example]:
        """What a flow file is tested against: what a spec that was set aside demands, and what comes with the file."""
        kept = state.get("examples_digest")
        known = EXAMPLES.validate_json(self.bench.store.text(kept)) if kept else []
        return list({request_line(example): example for example in (*known, *draft.examples)}.values())

    def _draft(self, state: RunState) -> Draft:
        model, store = self.bench.model, self.bench.store
        brief, answers = store.text(needed(state, "brief_digest")), _answers(state)
        edited = state.get("edit_digest")
        if edited is None:
            self.bench.progress.say("pm", "started", f"reads the brief ({model.name})")
            return model.draft(brief, answers)
        base = store.model(EditBase, edited)
        if base.breach is not None:
            return self._answered(base, base.breach)
        of = "its spec" if base.spec else "the flow file itself, which has no spec"
        self.bench.progress.say("pm", "started", f"reads the change request ({model.name}); changes {of}")
        return model.change(Existing(source=base.source, spec=base.spec), brief, answers)

    def _answered(self, base: EditBase, breach: Breach) -> Draft:
        """Propose smaller calls for those that a day's budget refused; the review decides. No model is asked."""
        self.bench.progress.say("pm", "started", f"reads what the budget of {breach.node} refused on {breach.day}")
        try:
            proposal = smaller(base.source, breach)
        except NothingToCut as why:
            return Draft(refusal=str(why))
        told = (Assumption(slot="chunk", text=proposal.text),)
        return Draft(source=proposal.source, examples=base.demanded, assumptions=told)

    def _blocks(self, block: Block) -> RunState:
        reason = f"{block.code}: {block.reason.rstrip('.')}. Instead: {block.alternative}"
        self.bench.progress.say("pm", "stopped", f"blocks it: {reason}")
        return {"outcome": "blocked", "reason": reason}

    def _held_to(self, state: RunState, draft: Draft) -> Draft:
        """A changed spec with what the flow had to answer and still does; a question if most of it is just left out.

        What is answered otherwise is said here and in the review: a change may mean it.
        """
        edited = state.get("edit_digest")
        was = self.bench.store.model(EditBase, edited).spec if edited else None
        if was is None or draft.spec is None:
            return draft
        known = {request_line(one) for one in draft.spec.examples}
        still = [one for one in was.examples if other_answer(draft.spec, one) is None]
        broken = [one for one in was.examples if one not in still]
        answered = {answer["slot"] for answer in state.get("answers", [])}
        left_out = [one for one in broken if request_line(one) not in known]
        if 2 * len(left_out) > len(was.examples) and "example" not in answered:
            first = left_out[0]
            text = (
                f"{len(left_out)} of {len(was.examples)} requests would be answered otherwise than now; for example "
                f"{request_line(first)}: now {shown(first)}, then {other_answer(draft.spec, first)}. Is that meant?"
            )
            return Draft(questions=(Question(slot="example", text=text),), assumptions=draft.assumptions)
        for one in broken:
            self.bench.progress.say("pm", "note", f"{request_line(one)} will no longer answer {shown(one)}")
        kept = [one for one in still if request_line(one) not in known]
        return replace(draft, spec=draft.spec.model_copy(update={"examples": (*draft.spec.examples, *kept)}))

    def _asks(self, state: RunState, questions: tuple[Question, ...]) -> RunState:
        asked = [
            {"slot": q.slot, "text": q.text, "assumption": None if NEVER_ASSUMED.search(q.slot) else q.assumption}
            for q in questions
        ]
        for question in questions:
            self.bench.progress.say("pm", "note", f"asks: {question.text}")
        update: RunState = {
            "questions_digest": self.bench.store.put_json(cast(JsonValue, asked)),
            "expected": False,
        }
        if state.get("rounds", 0) < MOST_ROUNDS:
            return update
        reason = f"after {MOST_ROUNDS} rounds of answers there are still questions; say all of it in a new brief"
        self.bench.progress.say("pm", "stopped", reason)
        return {**update, "outcome": "needs_input", "reason": reason}


def _answers(state: RunState) -> list[Answer]:
    return [Answer(**answer) for answer in state.get("answers", [])]


def _either(spec: FlowSpec, expected: Example) -> Question:
    """A question about a request that the brief lets be answered in two ways."""
    given = other_answer(spec, expected)
    text = f"What should {request_line(expected)} be answered: {shown(expected)}, or {given}?"
    return Question(slot="example", text=text, assumption=given)


def _understood(spec: FlowSpec) -> str:
    routes = ", ".join(f"{route.method} {route.path}" for route in spec.routes)
    clauses = f"; {len(spec.clauses)} clauses of the brief accounted for" if spec.clauses else ""
    return f"agrees on {spec.name}: {routes}{clauses}"
