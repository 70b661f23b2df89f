"""The data of a review: the request that waits in the graph, and the replies that it takes."""

from __future__ import annotations

import ast
import getpass
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from flowlattice.certify.parts import FLOW
from flowlattice.ir.comparison import Change
from flowlattice_agents.hunks import Hunk, applied, hunks
from flowlattice_agents.spec import Example
from flowlattice_agents.specs import request_line, shown


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Impact(_Model):
    """What a hunk does to the certificate of the flow as it was.

    Attributes:
        hunk: The hunk, by its number.
        loses: The parts that lose it: `node:NAME`, `route:METHOD /path`, `flow` for what holds for all of it.
        adds: Those that have none yet.
        keeps: Those whose evidence stays.
        again: The checks that run again, for what is lost or new, or since they are of the whole flow.
        stays: The checks whose evidence stays as it is.
        note: What else there is to know of it.
    """

    hunk: int
    loses: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The same in one sentence."""
        if not self.loses and not self.adds:
            return "no evidence is lost: nothing that a check has looked at depends on it"
        said = [
            f"{_said(names)} {verb}"
            for names, verb in ((self.loses, _lose(len(self.loses))), (self.adds, "without any yet"))
            if names
        ]
        runs = (
            f"{', '.join(self.again)} run{'s'[: len(self.again) == 1]} again" if self.again else "no check runs again"
        )
        kept = f"{_said(self.keeps)} as before" if self.keeps else "nothing stays"
        return "; ".join([*said, runs, kept, *([self.note] if self.note else [])])


def _said(parts: Sequence[str]) -> str:
    return ", ".join("what holds for the whole flow" if part == FLOW else part for part in parts)


def _lose(count: int) -> str:
    return "loses its evidence" if count == 1 else "lose their evidence"


class Review(_Model):
    """What a person is asked to approve.

    Attributes:
        text: The question.
        digest: Of everything that the approval is bound to; it names the approval.
        sources: The digest of the proposed sources, which the flow's name stands for once they are deployed.
        diff: From the person's file to the proposal, unified.
        before: The person's file; empty if there is none.
        after: The proposed file.
        meaning: What it means, in sentences.
        changes: The same as data, what is riskier first.
        certificate: What was certified, in sentences.
        impacts: What each hunk does to the certificate of the flow as it was; none where it had no evidence to lose.
        waivers: What the policies find and somebody lets pass, in sentences.
        broken: What the last revision would have broken; that revision was taken back.
    """

    kind: Literal["approval"] = "approval"
    text: str
    digest: str
    sources: str = ""
    diff: str = ""
    before: str = ""
    after: str = ""
    meaning: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    certificate: tuple[str, ...] = ()
    impacts: tuple[Impact, ...] = ()
    waivers: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    def hunks(self) -> tuple[Hunk, ...]:
        """The parts that can be accepted or rejected."""
        return hunks(self.before, self.after)

    def impact(self, hunk: Hunk) -> Impact | None:
        """What a hunk does to the certificate; none where there was none."""
        return next((one for one in self.impacts if one.hunk == hunk.number), None)


class Rejection(_Model):
    """A hunk that a reviewer rejected, with the reviewer's words; for the Builder.

    `lines` is the hunk as its diff shows it.
    """

    hunk: int
    title: str
    comment: str = ""
    lines: tuple[str, ...] = ()


class Rejections(_Model):
    """What reviewers of a run rejected so far, in order."""

    entries: tuple[Rejection, ...] = ()


class Revision(_Model):
    """A decision that sends a proposal back: the text to go on with, and what was rejected of it."""

    source: str
    rejected: tuple[Rejection, ...] = ()
    by: str = ""
    at: str = ""


def named(review: Review) -> str:
    """Which sources, and which approval of them, by their digests."""
    return f"sources {review.sources[:12]}, approval {review.digest[:12]}"


def revision_of(
    review: Review, rejected: Collection[int], comments: Mapping[int, str], edits: Mapping[int, str] | None = None
) -> dict[str, JsonValue]:
    """The text that is left without some hunks, and with the reviewer's edits of others, as the graph takes it."""
    found = review.hunks()
    accepted = {hunk.number for hunk in found} - set(rejected)
    entries: list[JsonValue] = [
        Rejection(
            hunk=hunk.number, title=hunk.title, comment=comments.get(hunk.number, ""), lines=tuple(hunk.lines())
        ).model_dump(mode="json")
        for hunk in found
        if hunk.number in rejected
    ]
    return {"source": applied(review.before, found, accepted, edits), "rejected": entries}


def decision(how: str = "", **given: JsonValue) -> dict[str, JsonValue]:
    """A reply to a review: who says it, when, and how where it was not said on a terminal."""
    return {**given, "by": f"{_user()}{how}", "at": datetime.now(UTC).isoformat(timespec="seconds")}


def code_changes(before: str, after: str) -> Iterator[Change]:
    """The functions whose code is another one, which Flow IR does not hold."""
    old, new = _functions(before), _functions(after)
    for name in [name for name in old if name in new and old[name] != new[name]]:
        yield Change(kind="node", weight="neutral", subject=name, text=f"the code of {name} changes")


def example_changes(before: Sequence[Example], after: Sequence[Example]) -> Iterator[Change]:
    """The examples that the flow had to answer and that are not among those it has to answer now."""
    now = {request_line(example): example for example in after}
    for example in before:
        line = request_line(example)
        if now.get(line) == example:
            continue
        instead = f"now {shown(now[line])}" if line in now else "now nothing is demanded"
        text = f"{line} had to answer {shown(example)}, {instead}"
        yield Change(kind="example", weight="riskier", subject=line, text=text)


def _functions(source: str) -> dict[str, str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = [part for part in tree.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {part.name: "\n".join(ast.dump(statement) for statement in part.body) for part in found}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return f"uid {os.getuid()}"
