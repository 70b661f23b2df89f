"""Talking with the person: questions, proposals and approvals, on a terminal, from a file, or not at all."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click
import yaml
from pydantic import JsonValue

from flowlattice.console import Console
from flowlattice.errors import UsageError

_AGREES = re.compile(r"^\s*(y|yes|ok|okay|approve[d]?|accept(ed)?|agreed?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """A prepared reply: said to the questions whose text the pattern is found in."""

    ask: re.Pattern[str]
    say: str


@dataclass
class Conversation:
    """Answers what the graph asks, as far as somebody can."""

    console: Console
    replies: Sequence[Reply] = ()
    yes: bool = False
    _shown: set[str] = field(default_factory=set)
    # A prepared reply that did not settle its question the first time does not the second time either.
    _answered: set[str] = field(default_factory=set)

    def answer(self, request: dict[str, JsonValue]) -> JsonValue | None:
        """The reply to a request; none if nobody can give it now."""
        if request["kind"] == "questions":
            return self._questions(cast(list[dict[str, JsonValue]], request["questions"]))
        if request["kind"] == "approval":
            self._show_approval(request)
        agreed = self._agreed(str(request["text"]))
        if agreed is None:
            return None
        if request["kind"] == "proposal":
            return agreed
        by = f"{getpass.getuser()}{' (--yes)' if self.yes else ''}"
        return {"approved": agreed, "by": by, "at": datetime.now(UTC).isoformat(timespec="seconds")}

    def _questions(self, questions: list[dict[str, JsonValue]]) -> JsonValue | None:
        found: dict[str, JsonValue] = {}
        for question in questions:
            text = str(question["text"])
            prepared = None if text in self._answered else self._prepared(text)
            self._answered.add(text)
            if prepared is None and not self._interactive():
                return None
            found[str(question["slot"])] = prepared if prepared is not None else click.prompt(f"\n{text}\n ", err=True)
        return found

    def _agreed(self, text: str) -> bool | None:
        if self.yes:
            return True
        prepared = self._prepared(text)
        if prepared is not None:
            return _AGREES.match(prepared) is not None
        return click.confirm(text, err=True) if self._interactive() else None

    def _prepared(self, text: str) -> str | None:
        return next((reply.say for reply in self.replies if reply.ask.search(text)), None)

    def _interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.console.json

    def _show_approval(self, request: dict[str, JsonValue]) -> None:
        digest = str(request["digest"])
        if self.console.json or digest in self._shown:
            return
        self._shown.add(digest)
        say = self.console.progress
        say("")
        for line in str(request["diff"]).splitlines():
            say("  " + _coloured(line))
        say("\nwhat it means")
        for sentence in cast(list[str], request["meaning"]):
            say(f"  {sentence}")
        say("\ncertificate")
        for sentence in cast(list[str], request["certificate"]):
            say(f"  {sentence}")
        say("")


def read_answers(path: Path | None) -> tuple[Reply, ...]:
    """Prepared replies from a YAML file.

    Raises:
        UsageError: It is not a list of {ask: regex, say: text}.
    """
    replies = []
    for entry in _yaml_list(path, "a list of {ask: regex, say: text}"):
        if not isinstance(entry, dict) or not {"ask", "say"} <= set(entry):
            raise UsageError(f"{path}: every entry needs `ask` (a regular expression) and `say`")
        try:
            replies.append(Reply(re.compile(str(entry["ask"]), re.IGNORECASE), str(entry["say"])))
        except re.error as error:
            raise UsageError(f"{path}: {entry['ask']!r} is no regular expression: {error}") from error
    return tuple(replies)


def read_hosts(path: Path | None) -> tuple[str, ...]:
    """Allowed hosts from a YAML file.

    Raises:
        UsageError: It is not a list of host names.
    """
    hosts = _yaml_list(path, "a list of host names")
    if any(not isinstance(host, str) or not re.fullmatch(r"[A-Za-z0-9.-]+", host) for host in hosts):
        raise UsageError(f"{path}: a host is a name such as api.example.com, without scheme or path")
    return tuple(str(host).lower() for host in hosts)


def _yaml_list(path: Path | None, what: str) -> list[object]:
    if path is None:
        return []
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except (yaml.YAMLError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UsageError(f"{path}: not {what}") from error
    if not isinstance(found, list):
        raise UsageError(f"{path}: not {what}")
    return found


def _coloured(line: str) -> str:
    if line.startswith(("+++", "---")):
        return click.style(line, bold=True)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return click.style(line, fg=colours[line[0]]) if line[:1] in colours else line
