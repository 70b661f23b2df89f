"""Tables: what stands under a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from flowlattice.operators.base import NoValueError, example, operator

T = TypeVar("T")


@operator("looked up", examples=(example({"a": 1}, "a", gives=1), example({"": 2}, "", gives=2)))
def get(table: Mapping[str, T], key: str) -> T:
    """What the table holds under the key."""
    if key in table:
        return table[key]
    raise NoValueError("the table has no such key")


@operator("looked up, else", examples=(example({"a": 1}, "b", 0, gives=0), example({"a": 1}, "a", 0, gives=1)))
def get_or(table: Mapping[str, T], key: str, default: T) -> T:
    """What the table holds under the key, or else the default."""
    return table.get(key, default)
