"""PM: understands the brief, asks what is missing, states what it assumes, refuses what cannot be built.

Asking is a step of its own (`ask`) that has no side effect before the question, so a resume repeats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from langgraph.types import interrupt
from pydantic import JsonValue

from flowlattice_agents.models.base import Answer, Draft
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import GivenAnswer, RunState
from flowlattice_agents.workbench import Workbench, needed


@dataclass(frozen=True)
class PM:
    """From a brief to a spec."""

    bench: Workbench

    def understand(self, state: RunState) -> RunState:
        """Draft the spec; end with questions or a refusal where there is none."""
        progress, store = self.bench.progress, self.bench.store
        if state.get("spec_given"):
            spec = store.model(FlowSpec, needed(state, "spec_digest"))
            progress.say("pm", "finished", f"takes the spec of {spec.name} as given")
            return {"assumptions_digest": store.put_json(spec.assumptions), "attempt": 0}
        progress.say("pm", "started", f"reads the brief ({self.bench.model.name})")
        answers = [Answer(**answer) for answer in state.get("answers", [])]
        draft = self.bench.model.draft(store.text(needed(state, "brief_digest")), answers)
        update: RunState = {"assumptions_digest": store.put_json(draft.assumptions), "attempt": 0}
        if draft.refusal is not None:
            progress.say("pm", "stopped", f"refuses: {draft.refusal}")
            return {**update, "outcome": "refused", "reason": draft.refusal}
        if draft.spec is None:
            return {**update, **self._asks(draft)}
        for assumption in draft.assumptions:
            progress.say("pm", "note", f"assumes: {assumption.text}")
        progress.say("pm", "finished", _understood(draft.spec))
        return {**update, "spec_digest": store.put_json(draft.spec), "questions_digest": None}

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
        return {"answers": [*state.get("answers", []), *given], "questions_digest": None}

    def _asks(self, draft: Draft) -> RunState:
        asked = [{"slot": q.slot, "text": q.text, "assumption": q.assumption} for q in draft.questions]
        for question in draft.questions:
            self.bench.progress.say("pm", "note", f"asks: {question.text}")
        digest = self.bench.store.put_json(cast(JsonValue, asked))
        return {"questions_digest": digest}


def _understood(spec: FlowSpec) -> str:
    routes = ", ".join(f"{route.method} {route.path}" for route in spec.routes)
    clauses = f"; {len(spec.clauses)} clauses of the brief accounted for" if spec.clauses else ""
    return f"agrees on {spec.name}: {routes}{clauses}"
