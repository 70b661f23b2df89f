"""The order of sets: what iterates over one, shows one, or hands one on to code that may do so."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable, Iterator
from itertools import chain
from types import FunctionType
from typing import Final, TypeGuard

from pydantic import BaseModel

from flowlattice.language import purity
from flowlattice.language._classes import member
from flowlattice.language._holding import element, of_type
from flowlattice.language._objects import knowledge, unwrapped
from flowlattice.language._scope import UNRESOLVED, Scope
from flowlattice.language._sets import elements_of, is_set, sets_in
from flowlattice.language.annotations import hints
from flowlattice.language.purity import Known
from flowlattice.lattice import Determinism, Effects

_SHOWN: Final = "shows a set, whose order differs between processes; sort it"
_CHAINED: Final = "depends on the order of a set, which differs between processes; sort it"
_POPPED: Final = "takes some element of a set, which differs between processes; take the smallest"
_BY_KEY: Final = "depends on the order of a set where keys are equal; sort it first"
_SHOWING: Final = frozenset({"str", "repr", "format", "ascii"})
_CHOOSING: Final = frozenset({"sorted", "min", "max"})


class SetOrder:
    """Judges what one function does with sets.

    Args:
        scope: The function's names.
        add: Takes what is found and where.
    """

    def __init__(self, scope: Scope, add: Callable[[Known, ast.AST], None]) -> None:
        self._scope = scope
        self._add = add
        self._free: set[ast.expr] = set()

    def iterates(self, expression: ast.expr, because: str | None = None) -> None:
        """Judge what an iteration goes over."""
        if expression in self._free or not is_set(expression, self._scope):
            return
        elements = elements_of(expression, self._scope)
        kind = " of text" if elements is str else " of whole numbers" if elements is int else ""
        reason = because or f"depends on the order of a set{kind}, which differs between processes; sort it"
        self._add(Known(Effects.PURE, Determinism.NONDETERMINISTIC, reason), expression)

    def shows(self, expression: ast.expr) -> None:
        """Judge what is made into text."""
        if sets_in(expression, self._scope):
            self._add(Known(Effects.PURE, Determinism.NONDETERMINISTIC, _SHOWN), expression)

    def is_free_in(self, comprehensions: list[ast.comprehension]) -> None:
        """Note that the order of these iterations does not matter."""
        self._free.update(part.iter for part in comprehensions)

    def of_call(self, call: ast.Call, target: object) -> None:
        """Judge the arguments of a call, before they are visited."""
        name = _builtin_name(target)
        if name in purity.ORDER_FREE:
            self._order_free_call(call, name)
            return
        for argument in self._ordered_arguments(call, target):
            if name in _SHOWING:
                self.shows(argument)
            else:
                self.iterates(argument)
        self._chained(call, unwrapped(target))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "pop":
            self.iterates(call.func.value, _POPPED)

    def _chained(self, call: ast.Call, target: object) -> None:
        """`chain(*groups)` and `chain.from_iterable(groups)` iterate over what they are given, and over that."""
        is_whole = getattr(target, "__self__", None) is chain
        for argument in call.args if is_whole or target is chain else ():
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            if (is_whole or inner is not argument) and () in element(sets_in(inner, self._scope)):
                self._add(Known(Effects.PURE, Determinism.NONDETERMINISTIC, _CHAINED), argument)

    def _is_made_here(self, target: object) -> TypeGuard[type]:
        """Whether a call makes an object of a class of the flow, by parameters that are known."""
        if not isinstance(target, type) or self._scope.sources.class_(target) is None:
            return False
        return issubclass(target, BaseModel) or isinstance(member(target, "__init__"), FunctionType)

    def _order_free_call(self, call: ast.Call, name: str) -> None:
        if name in _CHOOSING and any(keyword.arg == "key" for keyword in call.keywords):
            for argument in call.args:
                self.iterates(argument, _BY_KEY)
            return
        for argument in call.args:
            if isinstance(argument, ast.GeneratorExp | ast.ListComp):
                self.is_free_in(argument.generators)

    def _ordered_arguments(self, call: ast.Call, target: object) -> Iterator[ast.expr]:
        """The arguments whose order the called code may depend on."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        function = unwrapped(target)
        if target is UNRESOLVED:
            is_ordered = isinstance(call.func, ast.Attribute) and call.func.attr in purity.ORDERED_METHODS
            is_nested = isinstance(call.func, ast.Name) and call.func.id in self._scope.nested
            yield from given if is_ordered or is_nested else ()
        elif knowledge(function) is not None:
            yield from given
        elif isinstance(function, FunctionType) or self._is_made_here(function):
            taken = _set_parameters(function)
            positions = list(inspect.signature(function).parameters)
            named = [*zip(positions, call.args, strict=False), *((k.arg or "", k.value) for k in call.keywords)]
            yield from (argument for name, argument in named if name not in taken)


def _builtin_name(target: object) -> str:
    name = getattr(target, "__name__", "")
    return name if isinstance(name, str) and getattr(builtins, name, None) is target else ""


def _set_parameters(function: FunctionType | type) -> set[str]:
    """The parameters that are annotated as sets: what the function does with them is read there."""
    if isinstance(function, type) and issubclass(function, BaseModel):
        annotations: dict[str, object] = {name: info.annotation for name, info in function.model_fields.items()}
    else:
        made = function if isinstance(function, FunctionType) else member(function, "__init__")
        annotations = hints(made) if isinstance(made, FunctionType) else {}
    return {name for name, annotation in annotations.items() if () in of_type(annotation)}
