"""Durations as people write them; everywhere else they are `timedelta`."""

from __future__ import annotations

from datetime import timedelta


def ms(value: float) -> timedelta:
    """A duration in milliseconds.

    Raises:
        ValueError: It is no finite number, or more than `timedelta` holds; the same holds for the other units.
    """
    return _told(milliseconds=value)


def seconds(value: float) -> timedelta:
    """A duration in seconds."""
    return _told(seconds=value)


def minutes(value: float) -> timedelta:
    """A duration in minutes."""
    return _told(minutes=value)


def hours(value: float) -> timedelta:
    """A duration in hours."""
    return _told(hours=value)


def days(value: float) -> timedelta:
    """A duration in days of 24 hours."""
    return _told(days=value)


def _told(**parts: float) -> timedelta:
    try:
        return timedelta(**parts)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"a duration is a finite number, of at most {timedelta.max.days:,} days") from error


def in_ms(duration: timedelta | None) -> int | None:
    """A duration in whole milliseconds, rounded away from zero so that no bound vanishes; none stays none.

    Raises:
        TypeError: It is no duration.
    """
    if duration is None:
        return None
    if not isinstance(duration, timedelta):
        raise TypeError(f"a duration is written ms(250) or seconds(2), not {duration!r}")
    exact = duration / timedelta(milliseconds=1)
    whole = int(exact)
    return whole if whole == exact else whole + (1 if exact > 0 else -1)
