"""The two lattices every node stands on: what it does to the world, and whether it repeats.

Both are total orders; `join` is the weaker promise, which is what parts that are put together have.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import total_ordering
from typing import Self


@total_ordering
class _Ordered(Enum):
    """An enumeration ordered by definition; the value is the name in the IR."""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        order = list(type(self))
        return order.index(self) < order.index(other)

    def __str__(self) -> str:
        return str(self.value)

    def join(self, other: Self) -> Self:
        """The weaker of the two promises."""
        return max(self, other)

    @classmethod
    def join_all(cls, levels: Iterable[Self]) -> Self:
        """The weakest of the promises; the strongest level of all where there are none."""
        return max(levels, default=next(iter(cls)))


class Effects(_Ordered):
    """What running a node does to the world outside: nothing, reading it, or changing it."""

    PURE = "pure"
    READ_ONLY = "read_only"
    EFFECTFUL = "effectful"


class Determinism(_Ordered):
    """Whether a node repeats.

    `STRICT`: byte for byte from its input. `STABLE`: when what it reads is pinned. `BEST_EFFORT`: usually, the outside
    world decides. `NONDETERMINISTIC`: it asks a clock, a random source or hash order.
    """

    STRICT = "strict"
    STABLE = "stable"
    BEST_EFFORT = "best_effort"
    NONDETERMINISTIC = "nondeterministic"
