"""A review on a terminal: the diff in colours, what it means, what was certified. All of it is text of others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from flowlattice.ir.comparison import Change
from flowlattice_agents.hunks import Hunk
from flowlattice_agents.review.model import Review, named
from flowlattice_agents.visible import visible

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_WEIGHTS = {"riskier": "red", "safer": "green"}
# Words by which a hunk is known to be about a kind of change whose subject is the whole flow.
_WORDS = {
    "limit": {"rate_limit", "max_in_flight", "timeout", "deadline", "max_body_bytes"},
    "slo": {"slo"},
    "egress": {"egress"},
    "idempotency": {"idempotency"},
    "route": {"trigger"},
}


def shown(review: Review) -> Iterator[str]:
    """The whole review."""
    yield ""
    for line in review.diff.splitlines():
        yield f"  {coloured(visible(line))}"
    yield from consequences(review)
    if review.impacts:
        yield "\nwhat each hunk does to the certificate"
    for hunk in review.hunks():
        if (impact := review.impact(hunk)) is not None:
            yield f"  hunk {hunk.number} ({visible(hunk.title)}): {visible(impact.text)}"
    yield ""


def consequences(review: Review) -> Iterator[str]:
    """What the proposal means and what was certified; before that, what the last revision would have broken."""
    if review.broken:
        yield "\n" + click.style("what you decided last would break something; it was taken back", fg="red")
        for sentence in review.broken:
            yield f"  {visible(sentence)}"
    yield "\nwhat it means"
    if not review.changes and review.before:
        yield "  nothing that the flow promises changes"
    for change in review.changes:
        yield f"  {meaning(change, review)}"
    if review.waivers:
        yield "\nwaived"
    for sentence in review.waivers:
        yield f"  {click.style('riskier ', fg='red')} {visible(sentence)}"
    yield "\ncertificate"
    for sentence in review.certificate:
        yield f"  {visible(sentence)}"
    yield f"\n{visible(named(review))}"


def meaning(change: Change, review: Review) -> str:
    """A change as a line, with its weight where there was something before."""
    if not review.before:
        return visible(change.text)
    return f"{click.style(f'{change.weight:<8}', fg=_WEIGHTS.get(change.weight))} {visible(change.text)}"


def hunk_lines(review: Review, hunk: Hunk) -> Iterator[str]:
    """One hunk, with the changes in meaning that its lines are about."""
    yield click.style(f"\nhunk {hunk.number}/{len(review.hunks())}  {visible(hunk.title)}", bold=True)
    for line in hunk.lines():
        yield f"  {coloured(visible(line))}"
    for change in review.changes:
        if _is_about(hunk, change):
            yield f"  → {meaning(change, review)}"
    if (impact := review.impact(hunk)) is not None:
        yield f"  → certificate: {visible(impact.text)}"


def coloured(line: str) -> str:
    """A line of a diff."""
    if line.startswith(("+++", "---")):
        return click.style(line, bold=True)
    return click.style(line, fg=_COLOURS[line[0]]) if line[:1] in _COLOURS else line


def _is_about(hunk: Hunk, change: Change) -> bool:
    words = set(re.findall(r"\w+", "".join((*hunk.old, *hunk.new))))
    subject = re.findall(r"\w+", change.subject)
    return bool(words & _WORDS.get(change.kind, set())) or (bool(subject) and set(subject[-1:]) <= words)
