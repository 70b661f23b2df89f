"""Diagnostics as text, the source line underlined, and as JSON lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from unicodedata import combining, east_asian_width

import click

from flowlattice.check.finding import printable
from flowlattice.diagnostics import Diagnostic
from flowlattice.language.sources import lines_of

_COLORS: Final = {"error": "red", "warning": "yellow", "note": "cyan"}
_WIDEST: Final = 160


def render_text(found: Iterable[Diagnostic], sources: Mapping[str, str], folder: str = "") -> str:
    """Diagnostics for people, each with its source line underlined. Styled; whoever prints it strips what is unwanted.

    Args:
        found: What to show.
        sources: The texts of the flow's files by the names that the diagnostics have.
        folder: The flow's folder as the person named it, to put before file names.
    """
    lines = {name: lines_of(text) for name, text in sources.items()}
    return "\n".join(_one(diagnostic, lines.get(diagnostic.file, []), folder) for diagnostic in found)


def render_json(found: Iterable[Diagnostic], folder: str = "") -> str:
    """Diagnostics as JSON, one on each line.

    Args:
        found: What to show.
        folder: The flow's folder with `/` at its end, to put before file names.
    """
    placed = (one.model_copy(update={"file": f"{folder}{one.file}"}) if folder else one for one in found)
    return "\n".join(diagnostic.model_dump_json() for diagnostic in placed)


def summary(found: Sequence[Diagnostic]) -> str:
    """How many there are of each kind, and how many can be fixed."""
    counts = Counter(diagnostic.severity for diagnostic in found)
    parts = [_count(counts[kind], kind) for kind in ("error", "warning", "note") if counts[kind]]
    fixes = Counter(diagnostic.fix.applicability for diagnostic in found if diagnostic.fix is not None)
    text = ", ".join(parts) or "no problems"
    if fixes["safe"]:
        text += f"; --fix answers {fixes['safe']}"
    if fixes["unsafe"]:
        text += f"; {fixes['unsafe']} {'has' if fixes['unsafe'] == 1 else 'have'} an unsafe fix (--fix --unsafe-fixes)"
    return text


def _count(number: int, kind: str) -> str:
    return f"{number} {kind}{'' if number == 1 else 's'}"


def _one(found: Diagnostic, lines: Sequence[str], folder: str) -> str:
    place = printable(f"{folder}{found.file}:{found.line}:{found.column}")
    head = click.style(f"{found.severity} {found.code}", fg=_COLORS[found.severity], bold=True)
    text = [f"{place}: {head} {printable(found.message)}", *_underlined(found, lines)]
    if found.help is not None:
        text.append(f"       = help: {printable(found.help)}")
    if found.fix is not None:
        text.append(f"       = {found.fix.applicability.replace('_', ' ')} fix: {printable(found.fix.title)}")
    return "\n".join(text)


def _underlined(found: Diagnostic, lines: Sequence[str]) -> list[str]:
    """The source line and a mark below the part that is meant; nothing where there is no such line."""
    if found.line > len(lines) or not lines[found.line - 1].strip():
        return []
    line = lines[found.line - 1]
    start = min(found.column - 1, len(line))
    end = len(line)
    if found.end_column is not None and found.end_line in {None, found.line}:
        end = min(found.end_column - 1, len(line))
    elif found.end_column is None:
        end = start + 1
    first = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    shown = line[first : first + _WIDEST]
    before, meant = line[first:start], line[start : max(end, start + 1)][: _WIDEST - (start - first)]
    mark = " " * _width(before) + "^" * max(1, _width(meant.rstrip()))
    color = _COLORS[found.severity]
    return [f"{found.line:6} | {_visible(shown)}", f"       | {click.style(mark, fg=color)}"]


def _visible(text: str) -> str:
    """A source text as a terminal shows it: tabs as four spaces, control characters by name."""
    return printable(text.replace("\t", "    "))


def _width(text: str) -> int:
    """How many columns a text takes."""
    shown = _visible(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in shown)
