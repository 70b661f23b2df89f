"""Lists: order, parts and membership."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from flowlattice.operators.base import NoValueError, example, operator

T = TypeVar("T")


@operator("number of items", "how many", examples=(example(["a", "b"], gives=2), example([], gives=0)))
def length(items: Sequence[T]) -> int:
    """The number of items."""
    return len(items)


@operator("item at", examples=(example([1, 2], 0, gives=1), example([1, 2], -1, gives=2)))
def at(items: Sequence[T], position: int) -> T:
    """The item at a position, from 0; negative positions count from the end."""
    if -len(items) <= position < len(items):
        return items[position]
    raise NoValueError("the list has no item at this position")
