"""Values as people write them in a flow."""

from __future__ import annotations

from typing import Final

_UNITS: Final = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000))


def duration(milliseconds: int) -> tuple[str, str]:
    """A duration as code, and the name of flowlattice in it: `minutes(5)`; whole and as short as can be."""
    unit, size = next(((unit, size) for unit, size in _UNITS if milliseconds % size == 0), ("ms", 1))
    return f"{unit}({milliseconds // size})", unit
