"""Schedules of five fields: what is wrong with one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class _Field:
    """One of the five: what it is called, its least and greatest number, and names for numbers."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.least
        return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())),
    _Field("day of the week", 0, 7, tuple("sun mon tue wed thu fri sat".split())),
)

# The days that a month can have at most, February in a leap year.
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def schedule_problem(schedule: str) -> str | None:
    """Why a schedule cannot be, as the end of a sentence about it; none if it can."""
    written = schedule.split()
    if len(written) != len(_FIELDS):
        return f"has {len(written)} fields instead of five: minute, hour, day of the month, month, day of the week"
    numbers: list[frozenset[int]] = []
    for field, text in zip(_FIELDS, written, strict=True):
        found = _numbers(field, text)
        if isinstance(found, str):
            return f"has {text!r} for the {field.name}: {found}"
        numbers.append(found)
    # With both restricted, either day will do; so only `*` for the week leaves a date that no month has.
    if written[4] == "*" and not any(day <= _LONGEST[month - 1] for day in numbers[2] for month in numbers[3]):
        return "names a date that never comes"
    return None


def _numbers(field: _Field, text: str) -> frozenset[int] | str:
    """The numbers that a field stands for, or why it stands for none."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        low = field.least if span == "*" else field.number(first)
        high = field.most if span == "*" or (slash and not dash) else field.number(last if dash else first)
        every = int(step) if re.fullmatch(r"[0-9]{1,4}", step) else 0 if slash else 1
        if low is None or high is None:
            return f"{part!r} is none"
        if not field.least <= low <= field.most or high > field.most:
            return f"it goes from {field.least} to {field.most}"
        if low > high:
            return f"{span!r} goes backwards"
        if every < 1:
            return f"{part!r} has no step"
        found.update(range(low, high + 1, every))
    return frozenset(found)
