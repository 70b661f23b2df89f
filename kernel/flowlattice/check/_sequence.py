"""Putting one more into what commas separate, or taking one out: arguments, parameters, imported names.

Comments stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, TypeAlias, TypeVar

import libcst as cst


class _Separated(Protocol):
    @property
    def comma(self) -> cst.Comma | cst.MaybeSentinel: ...

    def with_changes(self, **changes: object) -> Self: ...


Element = TypeVar("Element", bound=_Separated)
Whitespace: TypeAlias = cst.BaseParenthesizableWhitespace

NOTHING = cst.SimpleWhitespace("")
SPACE = cst.SimpleWhitespace(" ")
_AFTER = {"Arg": "whitespace_after_arg", "Param": "whitespace_after_param"}


def inserted(elements: Sequence[Element], new: Element, place: int, before: Whitespace = NOTHING) -> list[Element]:
    """The elements with a new one at a place.

    Args:
        elements: What is there, with its commas.
        new: What is added, without a comma.
        place: Before which element; their number for the end.
        before: What stands before the first one, which says how one element a line is laid out.
    """
    between = _between(elements, before)
    if place < len(elements):
        return [*elements[:place], new.with_changes(comma=_comma(between)), *elements[place:]]
    if not elements:
        return [new]
    last = elements[-1]
    if isinstance(last.comma, cst.Comma):
        closing = last.comma.whitespace_after
        kept = last.with_changes(comma=last.comma.with_changes(whitespace_after=_turned(closing, between)))
        return [*elements[:-1], kept, new.with_changes(comma=_comma(_bare(closing)))]
    return [*elements[:-1], *_after_last(last, new, between)]


def removed(elements: Sequence[Element], place: int) -> list[Element]:
    """The elements without the one at a place; what closed the list closes it still."""
    last = elements[-1]
    if place < len(elements) - 1 or place == 0:
        return [*elements[:place], *elements[place + 1 :]]
    kept = elements[place - 1]
    between = kept.comma.whitespace_after if isinstance(kept.comma, cst.Comma) else NOTHING
    if isinstance(last.comma, cst.Comma):
        comma = last.comma.with_changes(whitespace_after=_closed(between, last.comma.whitespace_after))
        return [*elements[: place - 1], kept.with_changes(comma=comma)]
    after = _AFTER.get(type(last).__name__)
    closing = {} if after is None else {after: _closed(between, getattr(last, after))}
    return [*elements[: place - 1], kept.with_changes(comma=last.comma, **closing)]


def _closed(between: Whitespace, closing: Whitespace) -> Whitespace:
    """What closed the list, after another element: that one's comment, and the closing indentation."""
    if isinstance(between, cst.ParenthesizedWhitespace) and isinstance(closing, cst.ParenthesizedWhitespace):
        return closing.with_changes(first_line=between.first_line)
    return _bare(closing)


def _after_last(last: Element, new: Element, between: Whitespace) -> list[Element]:
    """The last element, which no comma follows, and the new one."""
    after = _AFTER.get(type(last).__name__)
    closing = NOTHING if after is None else getattr(last, after)
    if after is None or not isinstance(closing, cst.ParenthesizedWhitespace):
        return [last.with_changes(comma=_comma(between)), new]
    moved = last.with_changes(comma=_comma(_turned(closing, between)), **{after: NOTHING})
    return [moved, new.with_changes(**{after: _bare(closing)})]


def _between(elements: Sequence[Element], before: Whitespace) -> Whitespace:
    """What stands between two elements, without comments."""
    first = elements[0].comma if elements else None
    if len(elements) > 1 and isinstance(first, cst.Comma):
        return _bare(first.whitespace_after)
    is_spread = isinstance(first, cst.Comma) and isinstance(first.whitespace_after, cst.ParenthesizedWhitespace)
    return _bare(before) if is_spread and isinstance(before, cst.ParenthesizedWhitespace) else SPACE


def _turned(closing: Whitespace, between: Whitespace) -> Whitespace:
    """What stood after the last element, as it stands between two: its comment, the indentation of an element."""
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return between
    if not isinstance(between, cst.ParenthesizedWhitespace):
        has_comment = closing.first_line.comment is not None or closing.empty_lines
        return closing if has_comment else between
    return closing.with_changes(last_line=between.last_line, indent=between.indent)


def _bare(whitespace: Whitespace) -> Whitespace:
    if not isinstance(whitespace, cst.ParenthesizedWhitespace):
        return whitespace
    line = whitespace.first_line.with_changes(whitespace=NOTHING, comment=None)
    return whitespace.with_changes(first_line=line, empty_lines=[])


def _comma(after: Whitespace) -> cst.Comma:
    return cst.Comma(NOTHING, after)
