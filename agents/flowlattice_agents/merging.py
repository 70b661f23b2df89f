"""Three-way merge of texts: what a new rendering changes goes into a file that somebody has edited since."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class Conflict(Exception):
    """Both sides changed the same place; the message is the place in the old text."""


@dataclass(frozen=True)
class _Change:
    """Lines `start` to `end` (exclusive) of the old text become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]

    def touches(self, other: _Change) -> bool:
        """Whether two changes are of the same or of adjoining lines, so that their order would matter."""
        return self.start <= other.end and other.start <= self.end


def merged(old: str, ours: str, theirs: str) -> str:
    """The text with what both sides changed.

    Raises:
        Conflict: They changed the same place differently.
    """
    before = old.splitlines(keepends=True)
    mine, yours = list(_changes(before, ours)), list(_changes(before, theirs))
    for change in mine:
        for other in yours:
            if change != other and change.touches(other):
                raise Conflict("".join(before[min(change.start, other.start) : max(change.end, other.end)]))
    result = list(before)
    for change in sorted(dict.fromkeys([*mine, *yours]), key=lambda one: one.start, reverse=True):
        result[change.start : change.end] = change.lines
    return "".join(result)


def _changes(before: Sequence[str], text: str) -> Iterator[_Change]:
    after = text.splitlines(keepends=True)
    for tag, start, end, first, last in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _Change(start, end, tuple(after[first:last]))
