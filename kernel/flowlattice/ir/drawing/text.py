"""Texts of a picture: what may not stand in one, durations and numbers, and how wide a text is."""

from __future__ import annotations

import re

from pydantic import JsonValue

# Names come from an untrusted file. Control characters break every format, surrogates and non-characters cannot be
# encoded in XML, and overrides of the writing direction make a text look like another one.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """A text on one line, without characters that cannot be shown."""
    return " ".join(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", text).split())


def duration(milliseconds: float) -> str:
    """A duration in the largest unit that keeps it short: `250 ms`, `1.5 s`, `2 min`, `3 h`."""
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds >= size and (milliseconds * 10) % size == 0:
            return f"{number(milliseconds / size)} {unit}"
    return f"{number(milliseconds)} ms"


def number(value: JsonValue) -> str:
    """A number as people write it: `1000`, `0.5`; `?` where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "?"
    return str(int(value)) if value == int(value) else str(value)
