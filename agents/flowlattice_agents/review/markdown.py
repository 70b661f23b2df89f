"""A review as a pull-request comment. Whatever others wrote stands in code, where Markdown and HTML mean nothing.

Sentences are HTML with everything escaped, inside `<code>`: no mention, link, reference or tag comes of them. Diffs are
fenced by more backticks than they hold. A comment may have 65,536 characters on GitHub; a longer diff is cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flowlattice_agents.review.model import Review
from flowlattice_agents.visible import visible

MAX_DIFF = 40_000
MAX_ROWS = 100

_SIGNS = {"riskier": "⚠️", "safer": "✅", "neutral": "▫️"}


def markdown(review: Review, run: str) -> str:
    """The comment."""
    return "\n".join(_lines(review, run)) + "\n"


def _lines(review: Review, run: str) -> Iterator[str]:
    weights = [change.weight for change in review.changes]
    yield f"### Review {code(review.text)}"
    yield ""
    counted = ", ".join(f"{weights.count(weight)} {weight}" for weight in ("riskier", "safer", "neutral"))
    yield f"{len(review.hunks())} hunks; {len(weights)} changes in meaning: {counted}."
    yield ""
    if review.broken:
        yield "**The last revision would break something; it was taken back:**"
        yield ""
        yield from _table([("", "", sentence) for sentence in review.broken])
        yield ""
    yield from _table([(_SIGNS[c.weight], c.weight if review.before else c.kind, c.text) for c in review.changes])
    yield ""
    if review.waivers:
        yield "**Waived:**"
        yield ""
        yield from _table([(_SIGNS["riskier"], "waived", sentence) for sentence in review.waivers])
        yield ""
    yield "<details><summary>Diff</summary>"
    yield ""
    yield from fenced(review.diff)
    yield ""
    yield "</details>"
    yield "<details><summary>Certificate</summary>"
    yield ""
    yield from _table([("", "", sentence) for sentence in review.certificate])
    if review.impacts:
        yield ""
        yield "What each hunk does to it:"
        yield ""
        yield from _table([("", f"hunk {impact.hunk}", impact.text) for impact in review.impacts])
    yield ""
    yield "</details>"
    yield ""
    which = f"sources {code(review.sources)}, approval {code(review.digest)}"
    yield f"Run {code(run)}, {which}. An approval is of exactly this; any change voids it."
    yield ""
    yield f"Approve with {code(f'flows review {run} --accept')}."


def code(text: str) -> str:
    """Text of others inside a line: shown as it is, and nothing else."""
    flat = re.sub(r"\s+", " ", visible(text)).strip()
    return f"<code>{_escaped(flat)}</code>"


def fenced(text: str) -> Iterator[str]:
    """A diff in a fence that it cannot close."""
    shown = visible(text)
    cut = shown[:MAX_DIFF]
    longest = max((len(run) for run in re.findall(r"`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}diff"
    yield cut.rstrip("\n")
    yield fence
    if len(shown) > MAX_DIFF:
        yield ""
        yield f"The diff is cut after {MAX_DIFF} of {len(shown)} characters."


def _table(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Rows of a sign, a word and a sentence. HTML, whose cells cannot be left; blank lines would end it."""
    found = list(rows)
    yield "<table>"
    for sign, word, text in found[:MAX_ROWS]:
        head = f"<td>{sign} {word}</td>" if word else ""
        yield f"<tr>{head}<td>{code(text)}</td></tr>"
    yield "</table>"
    if len(found) > MAX_ROWS:
        yield ""
        yield f"{len(found) - MAX_ROWS} more."


def _escaped(text: str) -> str:
    """HTML that means nothing to Markdown either: what could begin anything is a character reference."""
    return re.sub(r"[^A-Za-z0-9 ,;()%+=-]", lambda found: f"&#{ord(found[0])};", text)
