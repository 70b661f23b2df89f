"""Look at what a run proposes, and accept or reject it, whole or by hunk."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import click
from pydantic import JsonValue

from flowlattice.console import Console, Exit, in_color, verb
from flowlattice.errors import UsageError
from flowlattice.home import flows_home
from flowlattice_agents.errors import RunError
from flowlattice_agents.report import Reporter, summary
from flowlattice_agents.review import Review, decision, revision_of
from flowlattice_agents.review.keys import Keys
from flowlattice_agents.review.markdown import markdown
from flowlattice_agents.review.session import Session
from flowlattice_agents.review.view import shown
from flowlattice_agents.runs import RunResult, Runs


@verb(
    examples="""
    flows review
    flows review 3f9a --show
    flows review 3f9a --accept
    flows review 3f9a --reject --hunk 2 --comment "keep the limit"
    flows review 3f9a --markdown > comment.md
    """
)
@click.argument("run", required=False)
@click.option("--accept", is_flag=True, help="Approve; with --hunk, accept only these and approve if they certify.")
@click.option("--reject", is_flag=True, help="Do not approve; with --hunk, reject these and go on with the rest.")
@click.option("--hunk", "numbers", type=int, multiple=True, metavar="N", help="A hunk, by its number; may be repeated.")
@click.option("--comment", metavar="TEXT", help="Why; the Builder gets it with what is rejected.")
@click.option("--show", is_flag=True, help="Only show the review.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Only write the review as a pull-request comment.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    run: str | None,
    accept: bool,
    reject: bool,
    numbers: tuple[int, ...],
    comment: str | None,
    show: bool,
    as_markdown: bool,
) -> Exit:
    """Look at what a run proposes, and accept or reject it, whole or by hunk; without RUN, the newest that waits.

    On a terminal it goes through the hunks one by one. What is accepted is certified anew, then approved as it is.
    """
    _check_usage(accept=accept, reject=reject, detailed=bool(numbers) or comment is not None, only=show or as_markdown)
    runs = Runs(flows_home())
    result, review = waiting_review(runs, run)
    flags = Flags(accept=accept, reject=reject, numbers=numbers, comment=comment or "")
    if as_markdown:
        text = markdown(review, result.run).rstrip("\n")
        if console.json:
            console.emit({"run": result.run, "markdown": text})
        else:
            console.result(text)
        return Exit.OK
    if not flags.decide and (show or console.json or not _is_terminal()):
        _show(console, result.run, review)
        return Exit.OK
    flags.check(review)
    decider = Flagged(flags, review.digest) if flags.decide else Asking(console)
    reporter = Reporter(console)
    ended = runs.resume(result.run, decider.answer, reporter.watch)
    if console.json:
        broken = [] if ended.waiting is None else list(cast(list[JsonValue], ended.waiting.get("broken", [])))
        console.emit({**summary(ended), "broken": broken})
    else:
        for line in reporter.closing(ended):
            console.result(line)
    return Exit.OK if ended.state.get("outcome") in ("deployed", "certified") else Exit.PROBLEMS


@dataclass(frozen=True, kw_only=True)
class Flags:
    """A decision that was given on the command line."""

    accept: bool
    reject: bool
    numbers: Sequence[int]
    comment: str

    @property
    def decide(self) -> bool:
        """Whether they decide anything."""
        return self.accept or self.reject

    def check(self, review: Review) -> None:
        """See that every hunk is there.

        Raises:
            UsageError: One is not.
        """
        count = len(review.hunks())
        for number in self.numbers:
            if not 1 <= number <= count:
                raise UsageError(f"there is no hunk {number}; the review has {count}: flows review --show")

    def reply(self, review: Review) -> dict[str, JsonValue]:
        """The decision as the graph takes it."""
        every = {hunk.number for hunk in review.hunks()}
        rejected = every - set(self.numbers) if self.accept else set(self.numbers)
        if not self.numbers:
            rejected = set() if self.accept else every
        # All of a change, hunk by hunk and with words: there is a flow to go on from, and something to go on with.
        is_answered = bool(self.numbers and self.comment and review.before)
        if rejected and (rejected != every or is_answered):
            comments = dict.fromkeys(rejected, self.comment)
            return decision(" (--hunk)", revise=revision_of(review, rejected, comments))
        yes = not rejected and self.accept
        return decision(" (--accept)" if yes else " (--reject)", approved=yes, comment=self.comment)


@dataclass
class Flagged:
    """Decides once, on the review that was looked at; then approves what was accepted, if it is what certified."""

    flags: Flags
    digest: str
    _source: str | None = None

    def answer(self, request: dict[str, JsonValue]) -> JsonValue | None:
        """The reply to a request."""
        if request["kind"] != "approval":
            return None
        review = Review.model_validate(request)
        if self._source is None:
            if review.digest != self.digest:
                raise RunError("what was looked at has changed since; look again: flows review")
            given = self.flags.reply(review)
            revise = given.get("revise")
            self._source = str(revise["source"]) if isinstance(revise, dict) else ""
            return given
        is_accepted = self.flags.accept and not review.broken and review.after == self._source
        return decision(" (--accept --hunk)", approved=True) if is_accepted else None


@dataclass
class Asking:
    """Asks a person on a terminal, as often as there is something to decide."""

    console: Console
    keys: Keys = field(default_factory=Keys)

    def answer(self, request: dict[str, JsonValue]) -> JsonValue | None:
        """The reply to a request."""
        if request["kind"] != "approval":
            return None
        return cast(JsonValue, Session(Review.model_validate(request), self).decide())

    def say(self, text: str) -> None:
        """Show a line."""
        self.console.progress(text)

    def ask(self, prompt: str) -> str:
        """Show a prompt and wait for a key."""
        with self.keys.one_by_one():
            click.echo(prompt, nl=False, err=True, color=in_color(sys.stderr))
            key = self.keys.next()
            click.echo(key if key.isprintable() else "", err=True)
        return key

    def line(self, prompt: str) -> str:
        """Show a prompt and wait for a line."""
        return self.keys.line(prompt)

    def edit(self, text: str) -> str | None:
        """Let the person edit a text."""
        return click.edit(text, extension=".py")


def waiting_review(runs: Runs, run: str | None) -> tuple[RunResult, Review]:
    """The review that a run waits for; without a run, that of the newest one that waits for any.

    Raises:
        RunError: There is none.
    """
    for name in runs.names() if run is None else [run]:
        try:
            result = runs.state(name)
        except (RunError, sqlite3.DatabaseError):
            if run is not None:
                raise
            continue
        waiting = result.waiting
        if waiting is not None and waiting["kind"] == "approval":
            return result, Review.model_validate(waiting)
        if run is not None:
            raise RunError(_no_review(result))
    raise RunError("no run waits for a review; `flows runs` lists them")


def _no_review(result: RunResult) -> str:
    outcome = result.state.get("outcome")
    if outcome:
        return f"run {result.run} has ended ({outcome}); there is nothing to review"
    if result.waiting is not None:
        return f"run {result.run} waits for answers, not for a review; go on with: flows resume {result.run}"
    return f"run {result.run} was cut off before its review; go on with: flows resume {result.run}"


def _check_usage(*, accept: bool, reject: bool, detailed: bool, only: bool) -> None:
    if accept and reject:
        raise UsageError("--accept and --reject: give one of them")
    if detailed and not (accept or reject):
        raise UsageError("--hunk and --comment belong to a decision; give --accept or --reject with them")
    if only and (accept or reject):
        raise UsageError("--show and --markdown decide nothing; leave out --accept and --reject, or them")


def _show(console: Console, run: str, review: Review) -> None:
    if not console.json:
        console.result(f"run {run}")
        for line in shown(review):
            console.result(line)
        console.result(f"decide with: flows review {run} --accept, or --reject [--hunk N] [--comment TEXT]")
        return
    found: list[JsonValue] = [
        {
            "hunk": hunk.number,
            "title": hunk.title,
            "lines": list(hunk.lines()),
            "certificate": None if (impact := review.impact(hunk)) is None else impact.model_dump(mode="json"),
        }
        for hunk in review.hunks()
    ]
    console.emit({"run": run, "review": review.model_dump(mode="json"), "hunks": found})


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
