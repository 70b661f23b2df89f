"""Sizes as people write them; everywhere they are whole bytes."""

from __future__ import annotations

_STEP = 1024


def kib(value: float) -> int:
    """A size in kibibytes, as bytes."""
    return round(value * _STEP)


def mib(value: float) -> int:
    """A size in mebibytes, as bytes."""
    return round(value * _STEP**2)


def gib(value: float) -> int:
    """A size in gibibytes, as bytes."""
    return round(value * _STEP**3)
