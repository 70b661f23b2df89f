"""Replies that are said in pieces: by range, by condition, as one of two. The pieces become one reply."""

from __future__ import annotations

from dataclasses import replace

from flowlattice_agents.models.offline.fields import is_concrete
from flowlattice_agents.models.offline.remarks import RemarkReader
from flowlattice_agents.models.offline.replies import merged_choice
from flowlattice_agents.models.offline.shapes import NotUnderstoodError
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import Branch, Outcome


class Merging(RemarkReader):
    """Puts together what several statements say of one reply."""

    def merge_choice(self) -> None:
        """A reply and "any other: another reply" are one of two; which one is said elsewhere."""
        branches, replies = self.result.branches, self.result.replies
        if len(branches) != 1 or branches[0].condition is not None or len(replies) != 1:
            return
        first, other = replies[0][0], branches[0].outcome
        shapes = [content for outcome in (first, other) for content in outcome.contents if content.head == "json"]
        if (
            len(shapes) == 2
            and all(is_concrete(shape.terms[0]) for shape in shapes)
            and other.status in {None, 200, first.status}
        ):
            self.result.replies = [(Outcome(first.status, (term("either", *shapes),)), replies[0][1])]
            branches[0].clause.became = "the reply otherwise"
            self.result.branches = []

    def merge_bands(self) -> None:
        """Replies by range: the member in which they differ depends on where a number lies."""
        bands = self.result.json_bands
        if not bands:
            return
        others = [branch for branch in self.result.branches if branch.condition is None and _object_of(branch)]
        shown = [*(shape for shape, _, _ in bands), *(_object_of(branch) for branch in others)]
        merged = merged_choice([shape for shape in shown if shape is not None])
        keys = [pair.text for pair in merged.terms if pair.terms[0].head == "choice"] if merged else []
        if len(keys) != 1 or len(others) > 1:
            self.attempt(bands[0][2], _not_one_reply)
            return
        material = self.result.material
        target = material.key_bands.setdefault(keys[0], []) if material.bands else material.bands
        for shape, bound, clause in bands:
            target.append((bound, _member(shape, keys[0]), clause))
        for branch in others:
            found = _object_of(branch)
            if found is not None:
                target.append((term("else"), _member(found, keys[0]), branch.clause))
                self.result.branches.remove(branch)
        shapes = tuple(term("out", term("json", shape)) for shape in shown if shape is not None)
        status = others[0].outcome.status if others else None
        self.result.replies.append((Outcome(status, (Term("either", shapes),)), bands[0][2]))

    def merge_values(self) -> None:
        """Values by condition, where an object shows in which field of the reply they go."""
        branches = self.result.branches
        plain = [branch for branch in branches if (branch.outcome.status or 200) < 400]
        shown = any(content.head == "json" for outcome, _ in self.result.replies for content in outcome.contents)
        plain = [_as_value(branch) if shown else branch for branch in plain]
        valued = [branch for branch in plain if _value_of(branch) is not None]
        if len(valued) < 2 or valued != plain or valued[-1].condition is not None or not self.result.replies:
            return
        if any(branch.condition is None for branch in valued[:-1]):
            return
        cases: list[Term] = []
        subject: Term | None = None
        for branch in valued:
            value = _value_of(branch)
            if value is None:
                return
            if branch.condition is None:
                cases.append(term("else", value))
                continue
            condition = _about(branch.condition, subject)
            subject = subject or _subject_of(condition)
            cases.append(term("case", condition, value))
        self.result.material.fills.append((Term("conds", tuple(cases)), valued[0].clause))
        branches[:] = [branch for branch in branches if (branch.outcome.status or 200) >= 400]
        for branch in valued:
            if branch is not valued[0]:
                branch.clause.became = branch.clause.became or "a case of the value"

    def round_last(self) -> None:
        """Rounding that is told by itself is for the result, where nothing says that it is a step."""
        steps = self.result.material.transforms
        if len(steps) == 1 and steps[0][0].head in {"round", "ceil", "floor"} and not self.result.material.rounded:
            operation, subject, clause = steps[0]
            if subject is None or subject.head in {"it", "result"}:
                self.result.material.rounded[""] = (operation, clause)
                steps.clear()


def _not_one_reply() -> None:
    raise NotUnderstoodError("replies by range")


def _object_of(branch: Branch) -> Term | None:
    shown = [content.terms[0] for content in branch.outcome.contents if content.head == "json"]
    return shown[0] if len(shown) == 1 == len(branch.outcome.contents) else None


def _value_of(branch: Branch) -> Term | None:
    values = [content.terms[0] for content in branch.outcome.contents if content.head == "value"]
    return values[0] if len(values) == 1 == len(branch.outcome.contents) else None


def _as_value(branch: Branch) -> Branch:
    """The branch with a text that it gives as the value of a field, where an object shows the reply."""
    contents = branch.outcome.contents
    if len(contents) != 1 or contents[0].head != "text" or contents[0].terms[0].head != "str":
        return branch
    return replace(branch, outcome=Outcome(branch.outcome.status, (term("value", contents[0].terms[0]),)))


def _member(shape: Term, key: str) -> Term:
    return next(pair.terms[0] for pair in shape.terms if pair.text == key)


def _subject_of(condition: Term) -> Term | None:
    """The one thing that a condition is about."""
    if condition.head == "holds" and len(condition.terms[0].terms) == 1:
        return condition.terms[0].terms[0]
    return condition.terms[1] if condition.head == "compare" else None


def _about(condition: Term, subject: Term | None) -> Term:
    """The condition with "it" as what the one before is about."""
    if subject is None:
        return condition
    if condition.head == "holds" and condition.terms[0].terms == (term("it"),):
        return Term("holds", (Term("list", (subject,)), *condition.terms[1:]))
    if condition.head in {"or", "and"}:
        return Term(condition.head, tuple(_about(part, subject) for part in condition.terms))
    return condition
