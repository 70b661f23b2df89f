"""Durations and sizes in words."""

from __future__ import annotations

from pydantic import JsonValue

_DAY = 86_400_000
_DURATIONS = (("h", 3_600_000), ("min", 60_000), ("s", 1_000))
_SIZES = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def duration(milliseconds: JsonValue) -> str:
    """Milliseconds in the largest unit that gives a whole number: `24 h`, `250 ms`; `?` for what is none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return "?"
    if milliseconds >= 2 * _DAY and milliseconds % _DAY == 0:
        return f"{milliseconds // _DAY:g} d"
    for unit, factor in _DURATIONS:
        if milliseconds >= factor and milliseconds % factor == 0:
            return f"{milliseconds // factor:g} {unit}"
    return f"{milliseconds:,} ms"


def size(count: int) -> str:
    """Bytes in the largest unit that gives a whole number: `64 MiB`."""
    for unit, factor in _SIZES:
        if count >= factor and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count:,} bytes"
