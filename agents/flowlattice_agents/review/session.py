"""An interactive review: hunk by hunk with single keys, then one decision on the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import click
from pydantic import JsonValue

from flowlattice_agents.hunks import Hunk
from flowlattice_agents.review.keys import END
from flowlattice_agents.review.model import Review, decision, revision_of
from flowlattice_agents.review.view import consequences, hunk_lines
from flowlattice_agents.visible import visible

HELP: Mapping[str, str] = {
    "y": "accept this hunk",
    "n": "reject this hunk",
    "e": "edit what this hunk puts there, in $EDITOR, and accept that",
    "c": "comment on this hunk; the Builder gets the comments of what is rejected",
    "a": "accept this hunk and all that follow",
    "d": "reject this hunk and all that follow",
    "q": "quit; nothing is decided",
    "?": "this help",
}


class Terminal(Protocol):
    """What a session needs of a terminal."""

    def say(self, text: str) -> None:
        """Show a line."""

    def ask(self, prompt: str) -> str:
        """Show a prompt and wait for a key; empty where nothing more can come."""

    def line(self, prompt: str) -> str:
        """Show a prompt and wait for a line."""

    def edit(self, text: str) -> str | None:
        """Let the person edit a text; none if they leave it as it is."""


@dataclass
class Session:
    """One review by one person."""

    review: Review
    terminal: Terminal
    rejected: set[int] = field(default_factory=set)
    edits: dict[int, str] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)

    def decide(self) -> dict[str, JsonValue] | None:
        """Go through the hunks and ask for the decision; none if the person quits."""
        for line in consequences(self.review):
            self.terminal.say(line)
        found = list(self.review.hunks())
        while found:
            left = self._judge(found)
            if left is None:
                return None
            found = left
        return self._conclude()

    def _judge(self, found: list[Hunk]) -> list[Hunk] | None:
        """Judge the first hunk; what is left to judge, or none to quit."""
        hunk, rest = found[0], found[1:]
        for line in hunk_lines(self.review, hunk):
            self.terminal.say(line)
        while True:
            key = self.terminal.ask(f"accept this hunk? [{','.join(HELP)}] ")
            if key == "y":
                return rest
            if key == "n":
                self.rejected.add(hunk.number)
                return rest
            if key == "a":
                return []
            if key == "d":
                self.rejected |= {later.number for later in found}
                return []
            if key in ("q", END):
                return None
            if key == "e" and self._edited(hunk):
                return rest
            if key == "c":
                self.comments[hunk.number] = self.terminal.line("comment: ")
            elif key != "e":
                self._help()

    def _edited(self, hunk: Hunk) -> bool:
        after = self.terminal.edit("".join(hunk.new))
        if after is None:
            self.terminal.say("left as it is")
            return False
        self.edits[hunk.number] = after
        return True

    def _help(self) -> None:
        for key, text in HELP.items():
            self.terminal.say(f"  {key}  {text}")

    def _conclude(self) -> dict[str, JsonValue] | None:
        count = len(self.review.hunks())
        edited = f", {len(self.edits)} edited" if self.edits else ""
        self.terminal.say(f"\n{count - len(self.rejected)} of {count} hunks accepted{edited}")
        if count and len(self.rejected) == count and self.review.before and any(self.comments.values()):
            return self._asked("Give this back to the Builder with your words?", self._revision, self._refusal)
        if count and len(self.rejected) == count:
            return self._asked("Reject the whole proposal; nothing is deployed?", self._refusal)
        if self.rejected or self.edits:
            return self._asked("Certify what is accepted anew, and look at it again?", self._revision)
        return self._asked(visible(self.review.text), self._approval, self._refusal)

    def _asked(
        self,
        question: str,
        yes: Callable[[], dict[str, JsonValue]],
        no: Callable[[], dict[str, JsonValue]] | None = None,
    ) -> dict[str, JsonValue] | None:
        """Ask the last question; only a plain y is a yes."""
        keys = "y,n,q" if no else "y,q"
        while True:
            key = self.terminal.ask(f"{click.style(question, bold=True)} [{keys}] ")
            if key == "y":
                return yes()
            if key in ("q", END):
                return None
            if key == "n" and no:
                self.comments[0] = self.terminal.line("why? ")
                return no()

    def _approval(self) -> dict[str, JsonValue]:
        return decision(approved=True, comment=self._words())

    def _refusal(self) -> dict[str, JsonValue]:
        return decision(approved=False, comment=self._words())

    def _revision(self) -> dict[str, JsonValue]:
        return decision(revise=revision_of(self.review, self.rejected, self.comments, self.edits))

    def _words(self) -> str:
        said = sorted(entry for entry in self.comments.items() if entry[1])
        return "; ".join(f"hunk {number}: {text}" if number else text for number, text in said)
