"""Text as a whole: case, space, joining, splitting and replacing."""

from __future__ import annotations

import re

from flowlattice.operators.base import NoValueError, example, operator

_MAX_LENGTH = 1_000_000


@operator(
    "trimmed", "trim", "without surrounding spaces", examples=(example("  a b ", gives="a b"), example("", gives=""))
)
def trim(value: str) -> str:
    """The text without the whitespace at its start and end."""
    return value.strip()


@operator(
    "upper case", "uppercase", "in capitals", examples=(example("Room 1b", gives="ROOM 1B"), example("ß", gives="SS"))
)
def upper(value: str) -> str:
    """The text in upper case."""
    return value.upper()


@operator("lower case", "lowercase", examples=(example("Zoë", gives="zoë"), example("", gives="")))
def lower(value: str) -> str:
    """The text in lower case."""
    return value.lower()


@operator("reversed", "backwards", examples=(example("abc", gives="cba"), example("", gives="")))
def reverse(value: str) -> str:
    """The text with its characters in reverse order."""
    return value[::-1]


@operator("length", "number of characters", examples=(example("naïve", gives=5), example("", gives=0)))
def length(value: str) -> int:
    """The number of characters."""
    return len(value)


@operator("number of words", examples=(example("  a   b ", gives=2), example("", gives=0)))
def word_count(value: str) -> int:
    """The number of words, which are what stands between whitespace."""
    return len(value.split())


@operator("repeated", examples=(example("ab", 3, gives="ababab"), example("ab", 0, gives="")))
def repeat(value: str, times: int) -> str:
    """The text, so many times in a row; empty for less than one."""
    if times > 0 and len(value) * times > _MAX_LENGTH:
        raise NoValueError(f"a text longer than {_MAX_LENGTH} characters")
    return value * times


@operator("joined", examples=(example(["a", "b"], ", ", gives="a, b"), example([], ", ", gives="")))
def join(values: list[str], separator: str = "") -> str:
    """The texts in a row with the separator between them."""
    return separator.join(values)


@operator("whitespace replaced", examples=(example("a \t b", "-", gives="a-b"), example("", gives="")))
def collapse_whitespace(value: str, replacement: str = " ") -> str:
    """The text with each run of whitespace turned into the replacement."""
    return re.sub(r"\s+", lambda _: replacement, value)


@operator("character at", examples=(example("abc", 0, gives="a"), example("abc", -1, gives="c")))
def character(value: str, position: int) -> str:
    """The character at a position, from 0; negative positions count from the end."""
    if -len(value) <= position < len(value):
        return value[position]
    raise NoValueError("the text has no character at this position")


@operator("as true or false", examples=(example(True, gives="true"), example(False, gives="false")))
def from_boolean(value: bool) -> str:
    """The text `true` or `false`."""
    return "true" if value else "false"
