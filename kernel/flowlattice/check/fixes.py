"""Fixes: computing their edits (LibCST, imported only here and when needed) and applying them to a text.

Edits leave everything else as it was, byte for byte. A result that does not parse is never given out.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from flowlattice.check.context import CheckContext
from flowlattice.check.registry import rule
from flowlattice.diagnostics import Diagnostic, Fix, TextEdit
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def with_edits(
    flow: FlowIR, found: Iterable[Diagnostic], sources: Mapping[str, str], context: CheckContext | None = None
) -> tuple[Diagnostic, ...]:
    """The same diagnostics with the edits of each fix that is offered; a fix that cannot be made is taken back.

    Args:
        flow: The flow that was checked.
        found: What was found in it.
        sources: The texts of its files by the names that the diagnostics have.
        context: The circumstances it was checked in; none for nothing.
    """
    modules, circumstances = _Modules(sources), context or CheckContext()
    return tuple(_with_edits(flow, diagnostic, modules, circumstances) for diagnostic in found)


def apply_fixes(source: str, found: Iterable[Diagnostic], *, unsafe: bool = False) -> str:
    """A file's text with the fixes of diagnostics in it applied, in order; overlapping ones are left for the next time.

    Args:
        source: The text that the diagnostics were found in.
        found: Diagnostics of this file, with edits (`with_edits`).
        unsafe: Apply unsafe fixes too. Fixes that are only shown are never applied.
    """
    wanted = {"safe", "unsafe"} if unsafe else {"safe"}
    text = source
    taken: list[tuple[int, int, str]] = []
    for diagnostic in found:
        fix = diagnostic.fix
        if fix is None or fix.applicability not in wanted:
            continue
        spans = _spans(source, fix.edits)
        if not spans or any(_overlap(span, other) for span in spans for other in taken):
            continue
        attempt = _replaced(source, [*taken, *spans])
        if _parses(attempt):
            taken += spans
            text = attempt
    return text


def edits_between(before: str, after: str) -> tuple[TextEdit, ...]:
    """The edits that turn one text into another, each as small as whole lines and common ends allow."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    edits = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            offset = sum(len(line) for line in old[:start])
            edits.append(_edit(before, offset, "".join(old[start:end]), "".join(new[new_start:new_end])))
    return tuple(edits)


class _Modules:
    """The files of a flow as LibCST has them, each parsed once and only if a fix needs it."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._parsed: dict[str, cst.Module | None] = {}

    def get(self, name: str) -> cst.Module | None:
        """A file; none if there is none, or LibCST cannot parse it."""
        if name not in self._parsed:
            import libcst as cst  # 0.25 s to import, and only fixes need it

            try:
                self._parsed[name] = cst.parse_module(self._sources[name]) if name in self._sources else None
            except cst.ParserSyntaxError:
                self._parsed[name] = None
        return self._parsed[name]


def _with_edits(flow: FlowIR, found: Diagnostic, modules: _Modules, context: CheckContext) -> Diagnostic:
    if found.fix is None or found.fix.edits:
        return found
    found_by, module = rule(found.code), modules.get(found.file)
    rewrite = None
    if module is not None and found_by is not None and found_by.fix is not None:
        rewrite = found_by.fix(found, flow, module, context)
    if module is None or rewrite is None or rewrite.text == module.code or not _parses(rewrite.text):
        return found.model_copy(update={"fix": None})
    fix = Fix(
        applicability=rewrite.applicability or found.fix.applicability,
        title=rewrite.title or found.fix.title,
        edits=edits_between(module.code, rewrite.text),
    )
    return found.model_copy(update={"fix": fix})


def _edit(text: str, offset: int, old: str, new: str) -> TextEdit:
    """Replace `old` at an offset by `new`, without the ends they share."""
    shared = 0
    while shared < min(len(old), len(new)) and old[shared] == new[shared]:
        shared += 1
    tail = 0
    while tail < min(len(old), len(new)) - shared and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    line, column = _position(text, offset + shared)
    end_line, end_column = _position(text, offset + len(old) - tail)
    replacement = new[shared : len(new) - tail]
    return TextEdit(line=line, column=column, end_line=end_line, end_column=end_column, text=replacement)


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    line, start = 1, 0
    for found in _LINE.finditer(text):
        ended = found.end() <= offset and found.group().endswith(("\n", "\r"))
        if not ended:
            break
        line, start = line + 1, found.end()
    return line, offset - start + 1


def _spans(text: str, edits: Sequence[TextEdit]) -> list[tuple[int, int, str]]:
    starts = [0, *(found.end() for found in _LINE.finditer(text) if found.group().endswith(("\n", "\r")))]

    def offset(line: int, column: int) -> int:
        start = starts[line - 1] if line <= len(starts) else len(text)
        return min(start + column - 1, len(text))

    return [(offset(e.line, e.column), offset(e.end_line, e.end_column), e.text) for e in edits]


def _overlap(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    if one[:2] == other[:2] and one[0] == one[1]:
        return True  # two insertions at one place have no order
    return one[0] < other[1] and other[0] < one[1]


def _replaced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    for start, end, replacement in sorted(spans, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _parses(text: str) -> bool:
    """Whether a text is Python; compiling finds what parsing lets pass, such as a `return` outside a function."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text.encode(), "fixed", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
