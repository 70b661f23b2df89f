"""Where sets are in what expressions stand for: paths into it, `()` for the set itself.

A step is what has to be done to come nearer: `VALUE` of a mapping, `ANY` element of what is iterated, or a position.
"""

from __future__ import annotations

import typing
from collections import abc
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Final

from flowlattice.language.annotations import without_metadata

VALUE: Final = "value"
ANY: Final = None
Step = str | int | None
Paths = frozenset[tuple[Step, ...]]
NOWHERE: Final[Paths] = frozenset()
ITSELF: Final[Paths] = frozenset({()})

_DEEPEST: Final = 5
_MOST: Final = 64
_OPEN: Final = frozenset(
    {object, typing.Any, abc.Iterable, abc.Collection, abc.Container, abc.Sized, abc.AsyncIterable}
)
_BARE: Final = frozenset({list, dict, tuple, abc.Sequence, abc.Mapping, abc.Iterator, abc.Generator, abc.Awaitable})
_SET_TYPES: Final = frozenset({set, frozenset, abc.Set, abc.MutableSet})


def below(step: Step, paths: Paths) -> Paths:
    """The paths into something that holds what these paths lead into."""
    return frozenset((step, *path) for path in paths if len(path) < _DEEPEST)


def element(paths: Paths, position: Step = ANY) -> Paths:
    """The paths into an element, where mappings give their keys and so nothing that is known."""
    return frozenset(path[1:] for path in paths if path and path[0] != VALUE and _same(path[0], position))


def item(paths: Paths, position: Step = ANY) -> Paths:
    """The paths into what a subscript gives."""
    return frozenset(path[1:] for path in paths if path and (path[0] == VALUE or _same(path[0], position)))


def elements(paths: Paths) -> Paths:
    """The paths into a list of the same elements."""
    return below(ANY, element(paths))


def values(paths: Paths) -> Paths:
    """The paths into the values of a mapping."""
    return frozenset((ANY, *path[1:]) for path in paths if path[:1] == (VALUE,))


def items(paths: Paths) -> Paths:
    """The paths into the pairs of a mapping."""
    return frozenset((ANY, 1, *path[1:]) for path in paths if path[:1] == (VALUE,))


def union(parts: Iterable[Paths]) -> Paths:
    """All of them."""
    return NOWHERE.union(*parts)


def _same(step: Step, position: Step) -> bool:
    return step is ANY or position is ANY or step == position


def is_set_type(annotation: object) -> bool:
    """Whether a type is one of sets."""
    return (typing.get_origin(annotation) or annotation) in _SET_TYPES


def of_type(annotation: object) -> Paths:
    """Where a type says that sets are."""
    annotation = without_metadata(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if is_set_type(annotation):
        return ITSELF | union(below(ANY, of_type(each)) for each in arguments)
    if origin in (typing.Union, UnionType):
        return union(map(of_type, arguments))
    if not isinstance(origin, type) or not arguments:
        return NOWHERE
    if issubclass(origin, Mapping):
        return below(VALUE, of_type(arguments[-1]))
    if origin is tuple and Ellipsis not in arguments:
        return union(below(number, of_type(each)) for number, each in enumerate(arguments))
    is_iterable = issubclass(origin, abc.Iterable | abc.AsyncIterable)
    return below(ANY, of_type(arguments[0])) if is_iterable else NOWHERE


def hides(annotation: object) -> bool:
    """Whether a type leaves open whether there are sets in what it is of."""
    annotation = without_metadata(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, UnionType):
        return any(map(hides, arguments))
    kind = origin or annotation
    if not isinstance(kind, type) or kind in _OPEN:
        return True
    return any(map(hides, arguments)) if arguments else kind in _BARE


def of_object(value: object, depth: int = 3) -> Paths:
    """Where sets are in an object that is there before the function runs."""
    if isinstance(value, set | frozenset):
        return ITSELF
    if not depth:
        return NOWHERE
    if isinstance(value, Mapping):
        return union(below(VALUE, of_object(each, depth - 1)) for each in [*value.values()][:_MOST])
    if isinstance(value, list | tuple):
        return union(below(ANY, of_object(each, depth - 1)) for each in value[:_MOST])
    return NOWHERE
