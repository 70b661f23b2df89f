"""Talking with the person: questions, proposals and approvals, on a terminal, from a file, or not at all."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import click
from pydantic import JsonValue

from flowlattice.console import Console
from flowlattice.errors import UsageError
from flowlattice_agents.review import Review, decision
from flowlattice_agents.review.view import shown
from flowlattice_agents.visible import visible
from flowlattice_agents.yaml_text import read_yaml_list

_YES = re.compile(r"\s*(y|yes|ok|okay|approved?|accept(ed)?|agreed?)([,\s]+please)?\s*[.!]?\s*", re.IGNORECASE)
_NO = re.compile(r"\s*(n|no|reject(ed)?|den(y|ied)|not? .*|no[,.].*)\s*", re.IGNORECASE | re.DOTALL)

# What prepared replies are matched against: not the question itself, which holds names that a brief chose.
_ASKED = {"approval": "Approve the deployment?", "proposal": "Accept the Optimizer's proposal?"}


@dataclass(frozen=True)
class Reply:
    """A prepared reply: said to the questions whose text the pattern is found in."""

    ask: re.Pattern[str]
    say: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A yes or a no, and how it was said where it was not said on a terminal."""

    yes: bool
    how: str


@dataclass
class Conversation:
    """Answers what the graph asks, as far as somebody can."""

    console: Console
    replies: Sequence[Reply] = ()
    yes: bool = False
    assume: bool = False
    _shown: set[str] = field(default_factory=set)
    # A prepared reply that did not settle its question the first time does not the second time either.
    _answered: set[str] = field(default_factory=set)

    def answer(self, request: dict[str, JsonValue]) -> JsonValue | None:
        """The reply to a request; none if nobody can give it now."""
        if request["kind"] == "questions":
            return self._questions(cast(list[dict[str, JsonValue]], request["questions"]))
        if request["kind"] == "approval":
            self._show_approval(request)
        agreed = self._agreed(str(request["kind"]), visible(str(request["text"])))
        if agreed is None:
            return None
        if request["kind"] == "proposal":
            return agreed.yes
        return decision(agreed.how, approved=agreed.yes)

    def _questions(self, questions: list[dict[str, JsonValue]]) -> JsonValue | None:
        found: dict[str, JsonValue] = {}
        for number, question in enumerate(questions, 1):
            text, assumption = str(question["text"]), question.get("assumption")
            is_new = text not in self._answered
            prepared = self._prepared(text) if is_new else None
            self._answered.add(text)
            if prepared is None and is_new and self.assume and isinstance(assumption, str):
                prepared = assumption
            if prepared is None and not self._interactive():
                return None
            found[text] = prepared if prepared is not None else _asked(text, assumption, number, len(questions))
        return found

    def _agreed(self, kind: str, text: str) -> Decision | None:
        if self.yes:
            return Decision(yes=True, how=" (--yes)")
        prepared = self._prepared(_ASKED[kind])
        if prepared is not None and _YES.fullmatch(prepared):
            return Decision(yes=True, how=" (--answers)")
        if prepared is not None and _NO.fullmatch(prepared):
            return Decision(yes=False, how=" (--answers)")
        return Decision(yes=click.confirm(text, err=True), how="") if self._interactive() else None

    def _prepared(self, text: str) -> str | None:
        return next((reply.say for reply in self.replies if reply.ask.search(text)), None)

    def _interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.console.json

    def _show_approval(self, request: dict[str, JsonValue]) -> None:
        digest = str(request["digest"])
        if self.console.json or digest in self._shown:
            return
        self._shown.add(digest)
        for line in shown(Review.model_validate(request)):
            self.console.progress(line)


def _asked(text: str, assumption: JsonValue, number: int, of: int) -> str:
    """Ask a person; where something would be assumed, the Enter key lets it be."""
    count = f"({number}/{of}) " if of > 1 else ""
    if isinstance(assumption, str):
        prompt = f"\n{count}{visible(text)}\n  Enter: {visible(assumption)}\n "
        return str(click.prompt(prompt, default=assumption, show_default=False, err=True))
    return str(click.prompt(f"\n{count}{visible(text)}\n ", err=True))


def read_answers(path: Path | None) -> tuple[Reply, ...]:
    """Prepared replies from a YAML file.

    Raises:
        UsageError: It is not a list of {ask: regex, say: text}.
    """
    replies = []
    for entry in read_yaml_list(path, "a list of {ask: regex, say: text}"):
        ask, say = (entry.get("ask"), entry.get("say")) if isinstance(entry, dict) else (None, None)
        if not isinstance(ask, str) or not isinstance(say, str) or not say.strip():
            raise UsageError(f"{path}: every entry needs `ask` (a regular expression) and `say` (a text)")
        try:
            replies.append(Reply(re.compile(ask, re.IGNORECASE), say))
        except re.error as error:
            raise UsageError(f"{path}: {ask!r} is no regular expression: {error}") from error
    return tuple(replies)
