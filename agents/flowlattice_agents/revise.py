"""Revise: prepares what a review looks at, and makes a reviewer's decision one commit that is certified anew.

Where the decision breaks an obligation, what was certified before is restored and the review says which hunk it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from flowlattice.certify import Certificate
from flowlattice.ir.cost import worst_case
from flowlattice.ir.model import FlowIR
from flowlattice_agents.hunks import Hunk, applied, hunks
from flowlattice_agents.impact import Impacts
from flowlattice_agents.obligations import Obligations, Stage, base_source, ir_of
from flowlattice_agents.review import Impact, Rejections, Revision
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import FLOW_FILE, Workbench, needed

# What a certified proposal is: all of it is restored together.
PROPOSAL = (
    "commit", "source_digest", "ir_digest", "diagnostics_digest", "policy_digest", "certificate_digest",
    "budget_digest", "impacts_digest", "fixes_digest", "findings_digest",
)  # fmt: skip
# How many texts are tried to find out which hunk is needed; a certification takes seconds.
TRIALS: dict[Stage, int] = {"compile": 60, "policy": 60, "test": 8}


@dataclass(frozen=True)
class Reviser:
    """Around the review: before it, after it, and back to it."""

    bench: Workbench

    def compare(self, state: RunState) -> RunState:
        """Build what the person's folder held, to compare with, and work out the worst case."""
        store = self.bench.store
        before = base_source(state, self.bench)
        was = ir_of(before, self.bench) if before else None
        ir = store.model(FlowIR, needed(state, "ir_digest"))
        return {
            "before_ir_digest": None if was is None else store.put(was.to_json()),
            "budget_digest": store.put_json(worst_case(ir)),
            "impacts_digest": None if was is None else store.put_json(self._impacts(state, was, ir)),
        }

    def _impacts(self, state: RunState, was: FlowIR, ir: FlowIR) -> tuple[Impact, ...]:
        """What each hunk does to the certificate of the flow as it was."""
        return Impacts(
            bench=self.bench,
            before=base_source(state, self.bench),
            after=self.bench.workspace.files(needed(state, "commit"))[FLOW_FILE],
            was=was,
            ir=ir,
            certificate=self.bench.store.model(Certificate, needed(state, "certificate_digest")),
        ).of_each()

    def revise(self, state: RunState) -> RunState:
        """Commit the reviewer's text; it goes through Builder's check, Policy and Test as if it were rendered."""
        store = self.bench.store
        revision = store.model(Revision, needed(state, "revision_digest"))
        files = self.bench.workspace.files(needed(state, "commit"))
        reason = _reason(revision)
        commit = self.bench.workspace.commit({**files, FLOW_FILE: revision.source}, agent="reviewer", reason=reason)
        self.bench.progress.say("deploy", "note", f"commits the review: {reason}; it is certified again")
        known = state.get("rejections_digest")
        earlier = store.model(Rejections, known).entries if known else ()
        kept = cast(JsonValue, {key: state.get(key) for key in PROPOSAL})
        return {
            "commit": commit,
            "revised": True,
            "attempt": 0,
            "certified_digest": store.put_json(kept),
            "rejections_digest": store.put_json(Rejections(entries=(*earlier, *revision.rejected))),
        }

    def next_step(self, state: RunState) -> str:
        """Back to the Builder where the reviewer said what is wrong, else on to the check."""
        revision = self.bench.store.model(Revision, needed(state, "revision_digest"))
        return "answer" if any(one.comment for one in revision.rejected) else "compile"

    def restore(self, state: RunState) -> RunState:
        """Go back to what was certified, and work out which rejected hunk the revision cannot do without."""
        store, workspace = self.bench.store, self.bench.workspace
        kept = cast(RunState, store.json(needed(state, "certified_digest")))
        files = workspace.files(needed(kept, "commit"))
        revision = store.model(Revision, needed(state, "revision_digest"))
        broken = self._explained(state, revision, files[FLOW_FILE])
        for sentence in broken:
            self.bench.progress.say("deploy", "note", f"the review breaks something: {sentence}")
        commit = workspace.commit(files, agent="reviewer", reason="Restore what was certified before the review")
        return {
            **kept,
            "commit": commit,
            "revised": False,
            "revision_digest": None,
            "certified_digest": None,
            "broken_digest": store.put_json(cast(JsonValue, broken)),
            "errors": 0,
            "outcome": None,
            "reason": None,
        }

    def _explained(self, state: RunState, revision: Revision, proposal: str) -> list[str]:
        stage = _stage(state)
        # Not what the reviewer left if the Builder answered that with edits of its own.
        source = self.bench.workspace.files(needed(state, "commit"))[FLOW_FILE]
        choice = _choice(base_source(state, self.bench), revision, source, proposal)
        trials = _Trials(Obligations(self.bench, state), choice, stage)
        found = trials.broken(frozenset())
        reason = state.get("reason") or "what is left could not be certified"
        return [trials.sentence(key, text) for key, text in found.items()] or [reason]


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """The parts of a revision that could be taken back: their names for people, and the text with some of them back."""

    labels: dict[int, str]
    text: Callable[[frozenset[int]], str]


class _Trials:
    """Tries which parts of a revision have to be taken back so that something is no longer broken."""

    def __init__(self, obligations: Obligations, choice: _Choice, stage: Stage) -> None:
        self._obligations, self._choice, self._stage = obligations, choice, stage
        self._known: dict[frozenset[int], dict[str, str]] = {}

    def broken(self, back: frozenset[int]) -> dict[str, str]:
        """What is broken with these parts taken back."""
        if back not in self._known:
            self._known[back] = dict(self._obligations.broken(self._choice.text(back), last=self._stage))
        return self._known[back]

    def sentence(self, key: str, text: str) -> str:
        """What is broken, and which parts it needs."""
        needs = self._needed(key)
        return f"{text}; without {needs} this is broken" if needs else text

    def _needed(self, key: str) -> str:
        labels = self._choice.labels
        if len(self._known) + len(labels) > TRIALS[self._stage] and len(labels) > 1:
            return "one of the rejected hunks"
        alone = [labels[part] for part in labels if self._heals(key, frozenset({part}))]
        if alone:
            return " or ".join(alone)
        back = frozenset(labels)
        if not self._heals(key, back):
            return ""
        for part in labels:
            if self._heals(key, back - {part}):
                back -= {part}
        return " and ".join(labels[part] for part in sorted(back))

    def _heals(self, key: str, back: frozenset[int]) -> bool:
        left = self.broken(back)
        return key not in left and left.keys() <= self.broken(frozenset()).keys()


def _choice(before: str, revision: Revision, source: str, proposal: str) -> _Choice:
    offered = hunks(before, proposal)
    rejected = {entry.hunk for entry in revision.rejected}
    accepted = frozenset(hunk.number for hunk in offered) - rejected
    if applied(before, offered, accepted) == source:
        labels = {h.number: f"hunk {h.number} ({h.title})" for h in offered if h.number in rejected}
        return _Choice(labels=labels, text=lambda back: applied(before, offered, accepted | back))
    edits = hunks(source, proposal)
    return _Choice(labels=_edited(edits), text=lambda back: applied(source, edits, back))


def _edited(edits: Sequence[Hunk]) -> dict[int, str]:
    return {edit.number: f"the proposal's line {edit.new_start + 1} ({edit.title})" for edit in edits}


def _stage(state: RunState) -> Stage:
    """The stage that found something: the earliest that says so of these sources."""
    if state.get("errors") or state.get("ir_digest") is None:
        return "compile"
    return "policy" if state.get("outcome") == "blocked" else "test"


def _reason(revision: Revision) -> str:
    if not revision.rejected:
        return "Edit in review"
    numbers = ", ".join(str(entry.hunk) for entry in revision.rejected)
    return f"Reject hunk{'s'[: len(revision.rejected) != 1]} {numbers}"
