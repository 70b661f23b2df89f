"""Hunks of two texts: numbered, each to be accepted or rejected alone; any accepted subset gives a text.

Lines are what line feeds end, as Python counts them. Changes with nothing but indented or blank lines between them, and
few of those, are one hunk, so that a hunk is a change of one definition or statement. A text that is all new is cut
where an unindented line follows a blank one, so that its parts can be chosen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

CONTEXT = 3

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TITLE = re.compile(r"(?:async )?(?:def|class) \w+|\w+(?:\.\w+)* *[=(]")
_Code: TypeAlias = tuple[str, int, int, int, int]

_NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True, kw_only=True)
class Hunk:
    """A place where two texts differ.

    Attributes:
        number: From 1.
        start: How many lines of the old text come before it.
        new_start: How many lines of the new text come before it.
        old: The lines of the old text that it replaces, line ends included.
        new: The lines that it puts there.
        lead: Lines of the old text before it, for people.
        marked: `old` and `new` as a diff shows them, each line with its mark.
        trail: Lines of the old text after it.
        title: What is changed, by the definition it lies in.
    """

    number: int
    start: int
    new_start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    lead: tuple[str, ...]
    marked: tuple[str, ...]
    trail: tuple[str, ...]
    title: str

    def lines(self) -> Iterator[str]:
        """The hunk as a unified diff shows it, without line ends."""
        around = len(self.lead) + len(self.trail)
        old, new = (
            _span(start - len(self.lead), len(lines) + around)
            for start, lines in ((self.start, self.old), (self.new_start, self.new))
        )
        yield f"@@ -{old} +{new} @@"
        for line in (*(f" {line}" for line in self.lead), *self.marked, *(f" {line}" for line in self.trail)):
            yield line.removesuffix("\n")
            if not line.endswith("\n"):
                yield _NO_NEWLINE


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    """The hunks that lead from one text to another; none where they are equal."""
    old, new = lines_of(before), lines_of(after)
    if not old:
        return tuple(_parts(new)) if new else ()
    found: list[Hunk] = []
    for group in _groups(SequenceMatcher(None, old, new, autojunk=False).get_opcodes(), old):
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        found.append(
            Hunk(
                number=len(found) + 1,
                start=start,
                new_start=new_start,
                old=tuple(old[start:end]),
                new=tuple(new[new_start:new_end]),
                lead=tuple(old[max(0, start - CONTEXT) : start]),
                marked=tuple(line for code in group for line in _marked(code, old, new)),
                trail=tuple(old[end : end + CONTEXT]),
                title=_title(old[:start], new[new_start:new_end] or old[start:end]),
            )
        )
    return tuple(found)


def _groups(codes: Sequence[_Code], old: list[str]) -> Iterator[list[_Code]]:
    """Changes that belong together: only few lines between them, and none that begins something."""
    group: list[_Code] = []
    for number, code in enumerate(codes):
        kind, start, end, _, _ = code
        if kind != "equal":
            group.append(code)
        elif group:
            between = old[start:end]
            apart = len(between) > 2 * CONTEXT or any(line[0] not in " \t\n" for line in between)
            if apart or number == len(codes) - 1:
                yield group
                group = []
            else:
                group.append(code)
    if group:
        yield group


def applied(
    before: str, found: Collection[Hunk], accepted: Collection[int], edits: Mapping[int, str] | None = None
) -> str:
    """The old text with the accepted hunks in it.

    Args:
        before: The text that the hunks were made of.
        found: All hunks.
        accepted: The numbers of those that are accepted.
        edits: Texts to put in place of what accepted hunks put there, by number.
    """
    old, parts, done = lines_of(before), [], 0
    for hunk in sorted(found, key=lambda h: h.number):
        if hunk.number in accepted:
            edited = (edits or {}).get(hunk.number)
            parts += [*old[done : hunk.start], *(hunk.new if edited is None else [edited])]
            done = hunk.start + len(hunk.old)
    return "".join([*parts, *old[done:]])


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends."""
    return _LINE.findall(text)


def _parts(new: list[str]) -> Iterator[Hunk]:
    """A new text in parts: each begins with an unindented line after a blank one."""
    starts = [
        n for n, line in enumerate(new) if n == 0 or (not new[n - 1].strip() and line.strip() and not line[0].isspace())
    ]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(new)], strict=True), 1):
        part = tuple(new[start:end])
        yield Hunk(
            number=number,
            start=0,
            new_start=start,
            old=(),
            new=part,
            lead=(),
            marked=tuple(f"+{line}" for line in part),
            trail=(),
            title=_title([], part),
        )


def _marked(code: _Code, old: list[str], new: list[str]) -> Iterator[str]:
    kind, start, end, new_start, new_end = code
    if kind == "equal":
        yield from (f" {line}" for line in old[start:end])
        return
    yield from (f"-{line}" for line in old[start:end])
    yield from (f"+{line}" for line in new[new_start:new_end])


def _title(above: Collection[str], changed: Collection[str]) -> str:
    """The definition that begins in the changed lines, or else the one above them that they are part of."""
    for line in changed:
        if line.strip() and not line[0].isspace() and (begun := _TITLE.match(line)):
            return begun[0].rstrip(" =(")
    for line in reversed(list(above)):
        if line.strip() and not line[0].isspace():
            begun = _TITLE.match(line)
            return begun[0].rstrip(" =(") if begun else line.strip()
    return next((line.strip() for line in changed if line.strip()), "blank lines")


def _span(start: int, count: int) -> str:
    """Where lines are, as a unified diff counts: from 1, or the line before where there are none."""
    return f"{start + 1 if count else start},{count}"
