"""Lists: parts, order, membership, and lists made from others. Numbers that sum them up are in `aggregation`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Generic, TypeVar

from flowlattice.operators.base import NoValueError, example, operator

T = TypeVar("T")
K = TypeVar("K", int, float, str, date)

_HASHED = (str, int, float, date, type(None))


@operator(
    "number of items in the list, number of items, how many items, how many there are, how many they are, item "
    "count, number of entries, number of elements, length of the list, size of the list, count of items, count of "
    "them, length, count, how many",
    examples=(example(["a", "b"], gives=2), example([], gives=0)),
)
def length(items: Sequence[T]) -> int:
    """The number of items."""
    return len(items)


@operator(
    "list is empty, empty list, no items, has no items, nothing in it",
    examples=(example([], gives=True), example([0], gives=False)),
)
def is_empty(items: Sequence[T]) -> bool:
    """Whether there are no items."""
    return not items


@operator(
    "item at position, item at index, element at position, element at index, entry at position, item at",
    examples=(example([1, 2], 0, gives=1), example([1, 2], -1, gives=2)),
)
def at(items: Sequence[T], position: int) -> T:
    """The item at a position, from 0; negative positions count from the end."""
    if -len(items) <= position < len(items):
        return items[position]
    raise NoValueError("the list has no item at this position")


@operator(
    "nth item, n-th item, nth element, n-th element, item number",
    examples=(example(["a", "b"], 1, gives="a"), example(["a", "b"], 2, gives="b")),
)
def nth(items: Sequence[T], number: int) -> T:
    """The item of that number, from 1."""
    if 1 <= number <= len(items):
        return items[number - 1]
    raise NoValueError("the list has no item of this number")


@operator(
    "first item, first element, first entry, first one of the list, first of them, the first",
    examples=(example([3, 1], gives=3), example(["a"], gives="a")),
)
def first(items: Sequence[T]) -> T:
    """The first item; an empty list has none."""
    return at(items, 0)


@operator(
    "last item, last element, last entry, last one of the list, last of them, the last",
    examples=(example([3, 1], gives=1), example(["a"], gives="a")),
)
def last(items: Sequence[T]) -> T:
    """The last item; an empty list has none."""
    return at(items, -1)


@operator(
    "first item or null, first item if there is one, first one or nothing, first item or nothing",
    examples=(example([3, 1], gives=3), example([], gives=None)),
)
def first_or_null(items: Sequence[T]) -> T | None:
    """The first item; null for an empty list."""
    return items[0] if items else None


@operator(
    "last item or null, last item if there is one, last one or nothing, last item or nothing",
    examples=(example([3, 1], gives=1), example([], gives=None)),
)
def last_or_null(items: Sequence[T]) -> T | None:
    """The last item; null for an empty list."""
    return items[-1] if items else None


@operator(
    "first items, first few items, only the first, the first ones, at most so many items, top items, limited to so "
    "many items",
    examples=(example([1, 2, 3], 2, gives=[1, 2]), example([1], 2, gives=[1]), example([1], -1, gives=[])),
)
def take(items: Sequence[T], count: int) -> list[T]:
    """So many items from the start; all of a shorter list."""
    return list(items[: max(0, count)])


@operator(
    "last items, last few items, only the last, the last ones",
    examples=(example([1, 2, 3], 2, gives=[2, 3]), example([1], 2, gives=[1]), example([1], 0, gives=[])),
)
def take_last(items: Sequence[T], count: int) -> list[T]:
    """So many items from the end; all of a shorter list."""
    return list(items[max(0, len(items) - max(0, count)) :])


@operator(
    "without the first items, without the first item, all but the first, everything but the first, skipping the first, "
    "items after the first, the rest of the list",
    examples=(example([1, 2, 3], gives=[2, 3]), example([1], 2, gives=[])),
)
def drop(items: Sequence[T], count: int = 1) -> list[T]:
    """The items without so many at the start."""
    return list(items[max(0, count) :])


@operator(
    "without the last items, without the last item, all but the last, everything but the last",
    examples=(example([1, 2, 3], gives=[1, 2]), example([1], 2, gives=[])),
)
def drop_last(items: Sequence[T], count: int = 1) -> list[T]:
    """The items without so many at the end."""
    return list(items[: max(0, len(items) - max(0, count))])


@operator(
    "every other item, every second item, every third item, every nth item, every n-th item",
    examples=(example([1, 2, 3, 4, 5], 2, gives=[1, 3, 5]), example([], 2, gives=[])),
)
def every_nth(items: Sequence[T], step: int) -> list[T]:
    """The first item and every so manieth after it."""
    if step < 1:
        raise NoValueError("the step must be at least 1")
    return list(items[::step])


@operator(
    "page of the list, page of items, page number, paginated, paged, one page of",
    examples=(example([1, 2, 3], 2, 2, gives=[3]), example([1], 5, 2, gives=[])),
)
def page(items: Sequence[T], number: int, size: int) -> list[T]:
    """The items of a page, the first page being 1; empty beyond the last."""
    if number < 1 or size < 1:
        raise NoValueError("the number and the size of a page must be at least 1")
    return list(items[(number - 1) * size : number * size])


@operator(
    "list contains, is in the list, is one of the list, is among, in the list, contains the item",
    examples=(example(["a", "b"], "a", gives=True), example([], 1, gives=False)),
)
def contains(items: Sequence[T], item: T) -> bool:
    """Whether the item is in the list."""
    return item in items


@operator(
    "position in the list, index in the list, index of the item, position of the item",
    examples=(example(["a", "b", "b"], "b", gives=1), example(["a"], "x", gives=None)),
)
def position_of(items: Sequence[T], item: T) -> int | None:
    """The position of the item where it is first, from 0; null where it is not in the list."""
    return list(items).index(item) if item in items else None


@operator(
    "list reversed, list backwards, items in reverse order, in the opposite order, in reverse order, from last to "
    "first, reversed order, reversed, reverse",
    examples=(example([1, 2, 3], gives=[3, 2, 1]), example([], gives=[])),
)
def reverse(items: Sequence[T]) -> list[T]:
    """The items in reverse order."""
    return list(items[::-1])


@operator(
    "sorted in ascending order, sorted ascending, sorted from small to large, sorted from smallest to largest, from "
    "smallest to largest, smallest first, lowest first, in ascending order, in alphabetical order, alphabetically, "
    "alphabetical order, sorted from a to z, a to z, earliest first, oldest first, ascending, sorted, sort",
    examples=(
        example([3, 1, 2.5], gives=[1, 2.5, 3]),
        example(["b", "B", "a"], gives=["B", "a", "b"]),
        example([], gives=[]),
    ),
)
def sort(items: Sequence[K]) -> list[K]:
    """The items in ascending order; texts by code point, so capitals come first."""
    return sorted(items)


@operator(
    "sorted in descending order, sorted descending, sorted from large to small, sorted from largest to smallest, "
    "from largest to smallest, largest first, biggest first, highest first, in descending order, latest first, "
    "newest first, sorted from z to a, z to a, reverse alphabetical order, descending",
    examples=(example([3, 1, 2.5], gives=[3, 2.5, 1]), example([], gives=[])),
)
def sort_descending(items: Sequence[K]) -> list[K]:
    """The items in descending order."""
    return sorted(items, reverse=True)


@operator(
    "sorted ignoring case, alphabetically ignoring case, in alphabetical order ignoring case, alphabetical whatever "
    "the case, case-insensitive alphabetical order",
    examples=(example(["b", "B", "a", "C"], gives=["a", "B", "b", "C"]), example([], gives=[])),
)
def sort_ignoring_case(items: Sequence[str]) -> list[str]:
    """The texts in alphabetical order whatever their case; the capital first among equals."""
    return sorted(items, key=lambda item: (item.casefold(), item))


@operator(
    "sorted ascending by, sorted by, ordered by, sort by, in order of, by ascending",
    examples=(example(["x", "y", "z"], [2, 1, 2], gives=["y", "x", "z"]), example([], [], gives=[])),
)
def sort_by(items: Sequence[T], keys: Sequence[K]) -> list[T]:
    """The items in ascending order of their keys, a key for each; equal keys keep their order."""
    return [items[place] for place in _order(items, keys, descending=False)]


@operator(
    "sorted descending by, sorted in descending order of, in descending order of, ordered descending by, by descending",
    examples=(example(["x", "y", "z"], [2, 1, 2], gives=["x", "z", "y"]), example([], [], gives=[])),
)
def sort_by_descending(items: Sequence[T], keys: Sequence[K]) -> list[T]:
    """The items in descending order of their keys, a key for each; equal keys keep their order."""
    return [items[place] for place in _order(items, keys, descending=True)]


@operator(
    "each only once, every item only once, without duplicates, without repeats, without doubles, duplicates "
    "removed, with duplicates removed, no duplicates, deduplicated, repeats removed, unique values, unique items, "
    "distinct values, distinct items, unique, distinct",
    examples=(example([3, 1, 3], gives=[3, 1]), example([[1], [1]], gives=[[1]]), example([], gives=[])),
)
def unique(items: Sequence[T]) -> list[T]:
    """The items, each only where it stands first."""
    seen: _Seen[T] = _Seen()
    return [item for item in items if seen.is_new(item)]


@operator(
    "items that occur more than once, that occur more than once, values that are there twice, repeated items, "
    "duplicates in it, duplicates, the doubles",
    examples=(example([3, 1, 3, 3, 1], gives=[3, 1]), example([1, 2], gives=[])),
)
def duplicates(items: Sequence[T]) -> list[T]:
    """The items that occur more than once, each once, in the order in which they repeat."""
    seen: _Seen[T] = _Seen()
    return unique([item for item in items if not seen.is_new(item)])


@operator(
    "has duplicates, contains duplicates, any duplicates, anything twice",
    examples=(example([3, 1, 3], gives=True), example([], gives=False)),
)
def has_duplicates(items: Sequence[T]) -> bool:
    """Whether an item occurs more than once."""
    return len(unique(items)) < len(items)


@operator(
    "flattened, one flat list, flat list, all lists in one, flatten, lists put together, one long list",
    examples=(example([[1, 2], [], [3]], gives=[1, 2, 3]), example([], gives=[])),
)
def flatten(lists: Sequence[Sequence[T]]) -> list[T]:
    """The items of all the lists one after the other."""
    return [item for items in lists for item in items]


@operator(
    "split into chunks of, in chunks of, chunks of, in groups of, split into groups of, in batches of, batches of, "
    "groups of, chunked",
    examples=(example([1, 2, 3], 2, gives=[[1, 2], [3]]), example([], 2, gives=[])),
)
def chunk(items: Sequence[T], size: int) -> list[list[T]]:
    """The items in lists of so many; the last may be shorter."""
    if size < 1:
        raise NoValueError("the size of a group must be at least 1")
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


@operator(
    "one from each in turn, alternating items, interleaved, taking turns, zipped, zip",
    examples=(example([1, 3], [2], gives=[1, 2, 3]), example([], [2], gives=[2])),
)
def interleave(items: Sequence[T], others: Sequence[T]) -> list[T]:
    """The items of two lists in turn; those left of the longer one follow."""
    both = min(len(items), len(others))
    turns = [item for pair in zip(items, others, strict=False) for item in pair]
    return [*turns, *items[both:], *others[both:]]


@operator(
    "without empty texts, empty texts removed, empty ones removed, without empty entries, without blanks, blank "
    "ones removed, skipping empty ones, only non-empty texts",
    examples=(example(["a", "", " ", "b"], gives=["a", "b"]), example([], gives=[])),
)
def drop_blank(items: Sequence[str]) -> list[str]:
    """The texts that are not empty or only whitespace."""
    return [item for item in items if item.strip()]


@operator(
    "without nulls, nulls removed, without null values, without missing values, only those that are there",
    examples=(example([1, None, 2], gives=[1, 2]), example([], gives=[])),
)
def drop_null(items: Sequence[T | None]) -> list[T]:
    """The items that are not null."""
    return [item for item in items if item is not None]


@operator(
    "without every occurrence of the item, with the item removed, remove the item, item removed from the list",
    examples=(example([1, 2, 1], 1, gives=[2]), example([], 1, gives=[])),
)
def remove(items: Sequence[T], item: T) -> list[T]:
    """The items that are not equal to one."""
    return [other for other in items if other != item]


@operator(
    "items in both lists, in both lists, common items, items they have in common, in common, intersection, what "
    "both have",
    examples=(example([1, 2, 2, 3], [2, 3, 4], gives=[2, 3]), example([1], [], gives=[])),
)
def common(items: Sequence[T], others: Sequence[T]) -> list[T]:
    """The items that are in both lists, each once, in the order of the first."""
    known = _Seen(others)
    return [item for item in unique(items) if item in known]


@operator(
    "items only in the first list, in the first list but not in the second, items missing from the second list, "
    "in the first but not in the second, set difference, not in the other list",
    examples=(example([1, 2, 1, 3], [3], gives=[1, 2]), example([], [1], gives=[])),
)
def only_in_first(items: Sequence[T], others: Sequence[T]) -> list[T]:
    """The items of the first list that are not in the second, each once."""
    known = _Seen(others)
    return [item for item in unique(items) if item not in known]


@operator(
    "items in either list, in either list, both lists merged without duplicates, union of the lists, union",
    examples=(example([1, 2], [2, 3], gives=[1, 2, 3]), example([], [], gives=[])),
)
def union(items: Sequence[T], others: Sequence[T]) -> list[T]:
    """The items of both lists, each once, in order."""
    return unique([*items, *others])


@operator(
    "rotated by, rotated, rotate, moved round by",
    examples=(
        example([1, 2, 3], 1, gives=[2, 3, 1]),
        example([1, 2, 3], -1, gives=[3, 1, 2]),
        example([], 4, gives=[]),
    ),
)
def rotate(items: Sequence[T], by: int) -> list[T]:
    """The items with so many moved from the start to the end; negative the other way."""
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]


class _Seen(Generic[T]):
    """Which items there were: by hash where they have one, by comparison otherwise."""

    def __init__(self, items: Sequence[T] = ()) -> None:
        self._hashed: set[T] = set()
        self._others: list[T] = []
        for item in items:
            self.is_new(item)

    def __contains__(self, item: T) -> bool:
        return item in self._hashed if isinstance(item, _HASHED) else item in self._others

    def is_new(self, item: T) -> bool:
        """Take an item; whether it is the first of its kind."""
        if item in self:
            return False
        if isinstance(item, _HASHED):
            self._hashed.add(item)
        else:
            self._others.append(item)
        return True


def _order(items: Sequence[T], keys: Sequence[K], *, descending: bool) -> list[int]:
    if len(items) != len(keys):
        raise NoValueError("there must be one key for each item")
    return sorted(range(len(items)), key=lambda place: keys[place], reverse=descending)
