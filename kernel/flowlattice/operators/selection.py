"""Selection: the first value that is there, and items chosen by a condition or a key for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from flowlattice.operators.base import NoValueError, example, operator

T = TypeVar("T")
K = TypeVar("K", int, float, str, date)


@operator(
    "or else the default, or the default, or if it is missing, or if there is none, if it is missing use, if "
    "missing then, if absent then, if there is none then, defaulting to, falls back to, fallback, default",
    examples=(example(None, "x", gives="x"), example(0, 5, gives=0), example("", "x", gives="")),
)
def coalesce(value: T | None, default: T) -> T:
    """The value, or the default where it is null."""
    return default if value is None else value


@operator(
    "or else if it is empty, if it is empty use, if empty then, if blank then, if it is missing or empty, or if it "
    "is blank",
    examples=(example(" ", "x", gives="x"), example(None, "x", gives="x"), example("a", "x", gives="a")),
)
def if_blank(value: str | None, default: str) -> str:
    """The text, or the default where it is null, empty or only whitespace."""
    return default if value is None or not value.strip() else value


@operator(
    "first that is not null, first that is there, first one that is given, first of them that is present, first "
    "non-null",
    examples=(example([None, 2, 3], gives=2), example([None], gives=None), example([], gives=None)),
)
def first_present(values: Sequence[T | None]) -> T | None:
    """The first of the values that is not null; null where there is none."""
    return next((value for value in values if value is not None), None)


@operator(
    "null if it is empty, null when empty, nothing if it is empty",
    examples=(example(" ", gives=None), example("a ", gives="a ")),
)
def null_if_blank(value: str) -> str | None:
    """The text, or null where it is empty or only whitespace."""
    return value if value.strip() else None


@operator(
    "names of those that fail, names of all that hold, those whose condition holds, those for which it is true, "
    "where it holds",
    examples=(example(["a", "b", "c"], [True, False, True], gives=["a", "c"]), example([], [], gives=[])),
)
def where(items: Sequence[T], conditions: Sequence[bool]) -> list[T]:
    """The items whose condition is true, a condition for each, in order."""
    _check_lengths(items, conditions)
    return [item for item, holds in zip(items, conditions, strict=True) if holds]


@operator(
    "first that holds, first one whose condition holds, the first for which it is true, first match",
    examples=(example(["a", "b"], [False, True], gives="b"), example(["a"], [False], gives=None)),
)
def first_where(items: Sequence[T], conditions: Sequence[bool]) -> T | None:
    """The first item whose condition is true, a condition for each; null where none is."""
    return next(iter(where(items, conditions)), None)


@operator(
    "item with the largest, item with the highest, the one with the largest, the one with the highest, the one with "
    "the most, the one that has the most, most expensive one, the most expensive, the longest one, the latest one, "
    "the oldest one",
    examples=(example(["x", "y", "z"], [1, 3, 3], gives="y"), example(["x"], ["k"], gives="x")),
)
def with_largest(items: Sequence[T], keys: Sequence[K]) -> T:
    """The item with the largest key, a key for each, the first of several; an empty list has none."""
    places = _places(items, keys)
    return items[max(places, key=lambda place: keys[place])]


@operator(
    "item with the smallest, item with the lowest, the one with the smallest, the one with the lowest, the one with "
    "the least, cheapest one, the cheapest, the shortest one, the earliest one, the youngest one",
    examples=(example(["x", "y", "z"], [2, 1, 1], gives="y"), example(["x"], ["k"], gives="x")),
)
def with_smallest(items: Sequence[T], keys: Sequence[K]) -> T:
    """The item with the smallest key, a key for each, the first of several; an empty list has none."""
    places = _places(items, keys)
    return items[min(places, key=lambda place: keys[place])]


def _places(items: Sequence[T], keys: Sequence[K]) -> range:
    _check_lengths(items, keys)
    if not items:
        raise NoValueError("the list must not be empty")
    return range(len(items))


def _check_lengths(items: Sequence[object], others: Sequence[object]) -> None:
    if len(items) != len(others):
        raise NoValueError("there must be one key or condition for each item")
