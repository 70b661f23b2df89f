"""Classes of the flow: what making an object of one runs, its operators, and the methods that a call may mean."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import FunctionType
from typing import Final

from pydantic import BaseModel

from flowlattice.language._objects import unwrapped
from flowlattice.language._scope import Given
from flowlattice.language.sources import SourceFiles

_CONSTRUCTORS: Final = ("__new__", "__init__", "__post_init__", "model_post_init")
_CHECKS: Final = ("validators", "field_validators", "root_validators", "model_validators")  # pydantic's
_MUTABLE: Final = (list, dict, set, bytearray)


@dataclass(frozen=True)
class Method:
    """A function of a class; `receiver` is what its first parameter gets, none for a static method."""

    function: Callable[..., object]
    receiver: Given | None

    def of_outside(self) -> Method:
        """The same of an object that is there before and after the call."""
        return self if self.receiver is None else replace(self, receiver=replace(self.receiver, outside=True))


def methods_named(name: str, kinds: Sequence[type]) -> Iterator[Method]:
    """The methods or properties of a name that objects of these classes may have, or of those that extend them."""
    for kind in kinds:
        for each in (kind, *subclasses(kind)):
            yield from methods_in(member(each, name), each)


def methods_in(found: object, kind: type) -> Iterator[Method]:
    """The functions behind a member of a class: plain, static, class method, property or cached property."""
    if isinstance(found, property):
        for part in (found.fget, found.fset, found.fdel):
            if part is not None:
                yield from methods_in(part, kind)
    elif isinstance(found, functools.cached_property):
        yield Method(found.func, Given(type=kind))
    elif isinstance(found, staticmethod):
        yield Method(found.__func__, None)
    elif isinstance(found, classmethod):
        yield from _function(found.__func__, Given(objects=(kind,)))
    elif isinstance(found, functools.partialmethod):
        yield from methods_in(found.func, kind)
    else:
        yield from _function(found, Given(type=kind))


def _function(found: object, receiver: Given) -> Iterator[Method]:
    function = unwrapped(found)
    if isinstance(function, FunctionType):
        yield Method(function, receiver)


def constructors(kind: type) -> Iterator[Method]:
    """What making an object of a class of the flow runs: constructors, checks and default factories."""
    for name in (*_CONSTRUCTORS, *_checks(kind)):
        yield from methods_in(member(kind, name), kind)
    if issubclass(kind, Enum):
        yield from methods_in(member(kind, "_missing_"), kind)
    for factory in _factories(kind):
        yield Method(factory, None)


def operators(kind: type, sources: SourceFiles) -> Iterator[Method]:
    """The methods that the flow gives a class for others to run, which nothing names: `__eq__`, `tzinfo.utcoffset`."""
    library = [base for base in kind.__mro__ if sources.class_(base) is None and not _is_plain(base)]
    for base in kind.__mro__:
        if sources.class_(base) is not None:
            for name, found in vars(base).items():
                is_asked_for = name.startswith("__") or any(name in vars(each) for each in library)
                if is_asked_for and name not in _CONSTRUCTORS:
                    yield from methods_in(found, kind)


def member(kind: type, name: str) -> object:
    """A member of a class as it is kept, not as it is asked for."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def subclasses(kind: type) -> Iterator[type]:
    """All classes that extend a class."""
    below: list[type] = type.__subclasses__(kind)
    for each in below:
        yield each
        yield from subclasses(each)


def is_shared(kind: object, attribute: str) -> bool:
    """Whether an attribute is a list or the like that all objects of a class share."""
    if not isinstance(kind, type) or not isinstance(member(kind, attribute), _MUTABLE):
        return False
    code = getattr(vars(kind).get("__init__"), "__code__", None)
    return attribute not in getattr(code, "co_names", ())


def makes_data(kind: type) -> bool:
    """Whether a class was made by `namedtuple(...)` or `Enum(...)`, with nothing of the flow's own in it."""
    return issubclass(kind, Enum) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def _is_plain(kind: type) -> bool:
    """Whether a class calls no methods of those that extend it but special ones."""
    return kind.__module__.partition(".")[0] in {"builtins", "abc", "typing", "enum", "pydantic", "flowlattice"}


def _checks(kind: type) -> Iterator[str]:
    decorators = getattr(kind, "__pydantic_decorators__", None)
    for kept in _CHECKS if decorators is not None else ():
        yield from getattr(decorators, kept, ())


def _factories(kind: type) -> Iterator[Callable[..., object]]:
    if issubclass(kind, BaseModel):
        for info in kind.model_fields.values():
            if info.default_factory is not None:
                yield info.default_factory
    elif dataclasses.is_dataclass(kind):
        for part in dataclasses.fields(kind):
            if part.default_factory is not dataclasses.MISSING:
                yield part.default_factory
