"""Whitespace, padding and repetition."""

from __future__ import annotations

import re

from flowlattice.operators.base import NoValueError, example, operator

_MAX_LENGTH = 1_000_000


@operator(
    "without leading and trailing whitespace, without leading and trailing spaces, without leading or trailing spaces, "
    "without spaces at the start and end, without surrounding spaces, without surrounding whitespace, "
    "spaces at both ends removed, spaces around it removed, with surrounding spaces removed, trimmed, trim, stripped, "
    "after trimming, trimming",
    examples=(example("\t a  b \n", gives="a  b"), example("   ", gives="")),
)
def trim(value: str) -> str:
    """The text without the whitespace at its start and end."""
    return value.strip()


@operator(
    "without leading spaces, without leading whitespace, without spaces at the start, leading spaces removed, left "
    "trimmed",
    examples=(example("  a ", gives="a "), example("", gives="")),
)
def trim_start(value: str) -> str:
    """The text without the whitespace at its start."""
    return value.lstrip()


@operator(
    "without trailing spaces, without trailing whitespace, without spaces at the end, trailing spaces removed, "
    "right trimmed",
    examples=(example(" a  ", gives=" a"), example("", gives="")),
)
def trim_end(value: str) -> str:
    """The text without the whitespace at its end."""
    return value.rstrip()


@operator(
    "every run of whitespace turned into one, every inner run of whitespace, runs of whitespace, runs of spaces, "
    "multiple spaces collapsed, multiple spaces replaced by one, repeated spaces collapsed, double spaces removed, "
    "extra spaces removed, whitespace collapsed, collapse whitespace, collapsed whitespace, collapse spaces",
    examples=(
        example("Ada \t Lovelace", "-", gives="Ada-Lovelace"),
        example("a  b", gives="a b"),
        example(" a ", "", gives="a"),
    ),
)
def collapse_whitespace(value: str, replacement: str = " ") -> str:
    """The text with each run of whitespace turned into the replacement, also at its ends."""
    return re.sub(r"\s+", lambda _: replacement, value)


@operator(
    "without any spaces, without spaces, without whitespace, spaces removed, all spaces removed, whitespace removed, "
    "with the spaces taken out, spaces stripped out, remove spaces, remove all spaces",
    examples=(example(" a b\tc ", gives="abc"), example("", gives="")),
)
def without_spaces(value: str) -> str:
    """The text without any whitespace."""
    return "".join(value.split())


@operator(
    "padded on the left, padded with zeros, padded with leading zeros, with leading zeros, zero-padded, zero padded, "
    "padded to the left, left padded, right-aligned, filled up on the left, padded",
    examples=(example("42", 5, "0", gives="00042"), example("abc", 2, gives="abc"), example("", 2, "*", gives="**")),
)
def pad_left(value: str, width: int, fill: str = " ") -> str:
    """The text filled up at its start to so many characters; a longer one stays."""
    return _filling(value, width, fill) + value


@operator(
    "padded on the right, padded to the right, right padded, left-aligned, filled up on the right",
    examples=(example("ab", 4, ".", gives="ab.."), example("abc", 2, gives="abc")),
)
def pad_right(value: str, width: int, fill: str = " ") -> str:
    """The text filled up at its end to so many characters; a longer one stays."""
    return value + _filling(value, width, fill)


@operator(
    "padded on both sides, centred, centered, in the middle of a line",
    examples=(example("ab", 5, "*", gives="*ab**"), example("abc", 2, gives="abc")),
)
def pad_both(value: str, width: int, fill: str = " ") -> str:
    """The text filled up on both sides to so many characters, the odd one at its end; a longer one stays."""
    filling = _filling(value, width, fill)
    half = len(filling) // 2
    return filling[:half] + value + filling[half:]


@operator(
    "repeated that many times, repeated, repeat, times in a row, over and over, said again and again",
    examples=(example("ab-", 3, gives="ab-ab-ab-"), example("ab", 0, gives=""), example("ha", 2, " ", gives="ha ha")),
)
def repeat(value: str, times: int, separator: str = "") -> str:
    """The text, so many times in a row with the separator in between; empty for less than one."""
    if max(1, len(value) + len(separator)) * times > _MAX_LENGTH:
        raise NoValueError(f"the text would be longer than {_MAX_LENGTH} characters")
    return separator.join([value] * max(0, times))


def _filling(value: str, width: int, fill: str) -> str:
    if width > _MAX_LENGTH:
        raise NoValueError(f"the text would be longer than {_MAX_LENGTH} characters")
    missing = max(0, width - len(value))
    if missing and not fill:
        raise NoValueError("there is no text to fill up with")
    return (fill * missing)[:missing]
