"""What parent and child say to each other: one request as JSON, answered by lines of JSON.

Lines from the child: `{"ready": protection}` once locked down, `{"event": value}` any number of times, and last
`{"value": value}` or `{"raised": {...}}`; `{"unavailable": text}` where it never got that far. What comes after `ready`
is under the control of untrusted code: it is parsed as data, bounded, and believed no further.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

Emit: TypeAlias = Callable[[JsonValue], None]
Task: TypeAlias = Callable[[JsonValue, Emit], JsonValue]
"""What can be run: a trusted function of the request and of a way to send events meanwhile."""

_LONGEST_TEXT = 16_384


class WireError(Exception):
    """The other side said what is not part of the conversation."""


def encode(value: JsonValue) -> bytes:
    """One line.

    Raises:
        TypeError, ValueError: It is not JSON.
    """
    return json.dumps(value, allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> tuple[str, JsonValue]:
    """The kind of a line and what it carries.

    Raises:
        WireError: It is not such a line.
    """
    try:
        said: JsonValue = json.loads(line, parse_constant=_no_constant)
        if b"\\u" in line:
            # A lone surrogate would pass as text and fail wherever it is printed or stored.
            json.dumps(said, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {printable(str(error))}") from error
    if not isinstance(said, dict) or len(said) != 1:
        raise WireError("not a message")
    return next(iter(said.items()))


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """The end of an untrusted text, with characters escaped that a terminal would obey."""
    cut = text[-longest:]
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode()
        for character in cut
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
