"""What is known of objects that bodies name: of library functions by the tables in `purity`, and what wrappers wrap."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Final, NewType

from pydantic import BaseModel

from flowlattice.language import purity
from flowlattice.language.nodes import Node
from flowlattice.language.purity import Known
from flowlattice.operators.base import is_operator

_CACHED: Final = type(functools.cache(abs))
_CONTEXTLIB: Final = contextlib.contextmanager.__code__.co_filename
_FUNCTOOLS: Final = functools.wraps.__code__.co_filename
_VALIDATING: Final = frozenset({"model_validate", "model_validate_json"})


def unwrapped(target: object) -> object:
    """The function inside a node, a partial, a cache, or what contextlib made of it."""
    while True:
        if isinstance(target, Node):
            target = target.function
        elif isinstance(target, FunctionType) and target.__code__.co_filename == _CONTEXTLIB:
            inner = getattr(target, "__wrapped__", target)
            if inner is target:
                return target
            target = inner
        elif isinstance(target, functools.partial):
            target = target.func
        elif isinstance(target, _CACHED):
            target = target.__wrapped__
        elif isinstance(target, MethodType) and isinstance(target.__self__, type):
            target = target.__func__  # a class method
        else:
            return target


def is_cached(target: object) -> bool:
    """Whether calling an object gives what `functools` kept of an earlier call."""
    return isinstance(target, _CACHED)


def implementations(target: object) -> tuple[object, ...]:
    """The functions that calling an object runs one of: itself, or those that `singledispatch` was given."""
    function = unwrapped(target)
    if isinstance(function, FunctionType) and function.__code__.co_filename == _FUNCTOOLS:
        registry = getattr(function, "registry", None)
        if isinstance(registry, Mapping):
            return tuple(unwrapped(each) for each in registry.values())
    return (function,)


def knowledge(target: object) -> Known | None:
    """What the tables say of calling an object; none if they say nothing."""
    if is_operator(target) or isinstance(target, NewType):
        return purity.PURE
    module, name = _qualified(target)
    if module == "builtins":
        outer = name.partition(".")[0]
        return purity.PURE if outer in purity.PURE_BUILTINS else purity.SPECIAL_BUILTINS.get(name)
    full = f"{module}.{name}"
    if full in purity.SPECIAL_FUNCTIONS:
        return purity.SPECIAL_FUNCTIONS[full]
    if module in purity.SPECIAL_MODULES:
        return purity.SPECIAL_MODULES[module]
    return purity.PURE if _is_pure(module) else None


def module_knowledge(name: str) -> Known | None:
    """What the tables say of a module as a whole."""
    name = name.removeprefix("_")
    return purity.PURE if _is_pure(name) else purity.SPECIAL_MODULES.get(name)


def _is_pure(module: str) -> bool:
    """Whether a module, or the package that it belongs to, is pure."""
    return module in purity.PURE_MODULES or module.rpartition(".")[0] in purity.PURE_MODULES


def _qualified(target: object) -> tuple[str, str]:
    """Module and name of a function or a class, of methods those of the class that they belong to."""
    name = getattr(target, "__name__", "")
    receiver = getattr(target, "__self__", None)
    owner = receiver if isinstance(receiver, type) else getattr(target, "__objclass__", None)
    if owner is None and isinstance(target, MethodType):
        owner = type(receiver)
    if owner is None and isinstance(target, BuiltinFunctionType) and not isinstance(receiver, type(functools)):
        owner = None if receiver is None else type(receiver)
    if isinstance(owner, type):
        return owner.__module__.removeprefix("_"), f"{owner.__qualname__}.{name}"
    module = getattr(target, "__module__", None) or getattr(receiver, "__name__", "")
    return str(module).removeprefix("_"), getattr(target, "__qualname__", name)


def validated(target: object) -> type | None:
    """The record that `Order.model_validate(...)` makes; none of anything else."""
    if not isinstance(target, MethodType) or target.__module__ != BaseModel.__module__:
        return None
    made = target.__self__
    return made if isinstance(made, type) and target.__name__ in _VALIDATING else None
