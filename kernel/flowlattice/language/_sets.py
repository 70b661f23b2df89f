"""Which expressions are sets, and of what: their order differs between processes, so nothing may depend on it."""

from __future__ import annotations

import ast
import collections.abc
import typing
from collections.abc import Iterable
from types import FunctionType
from typing import Final

from flowlattice.language import purity
from flowlattice.language._scope import Scope, returned
from flowlattice.language.annotations import hints

_SET_OPERATORS: Final = ast.BitAnd | ast.BitOr | ast.Sub | ast.BitXor
_GIVES_TEXT: Final = frozenset("strip lstrip rstrip lower upper title casefold capitalize replace join format".split())
_SET_TYPES: Final = frozenset({set, frozenset, collections.abc.Set, collections.abc.MutableSet})


def is_set(expression: ast.expr, scope: Scope) -> bool:
    """Whether an expression is known to be a set."""
    if isinstance(expression, ast.Set | ast.SetComp):
        return True
    if isinstance(expression, ast.Call):
        return _gives_set(expression, scope)
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, _SET_OPERATORS):
        return any(is_set(side, scope) or _is_view(side) for side in (expression.left, expression.right))
    if isinstance(expression, ast.IfExp):
        return is_set(expression.body, scope) or is_set(expression.orelse, scope)
    if isinstance(expression, ast.NamedExpr):
        return is_set(expression.value, scope)
    if isinstance(expression, ast.Name) and _is_name_of_set(expression.id, scope):
        return True
    return isinstance(scope.resolve(expression), set | frozenset) or is_set_type(scope.type_of(expression))


def _is_name_of_set(name: str, scope: Scope) -> bool:
    if name not in scope.sets:
        scope.sets[name] = False  # while it is asked for by way of itself
        values = scope.assigned.get(name, ())
        scope.sets[name] = any(value is not None and is_set(value, scope) for value in values)
    return scope.sets[name]


def elements_of(expression: ast.expr, scope: Scope) -> type | None:
    """The one type of a collection's elements, text or whole numbers; none for other elements and where it is unknown.

    Args:
        expression: A set, or what one is made from.
        scope: The names of the function that it stands in.
    """
    if isinstance(expression, ast.Set | ast.List | ast.Tuple):
        return _one_type(_type_of_element(element, scope) for element in expression.elts)
    if isinstance(expression, ast.SetComp | ast.GeneratorExp | ast.ListComp):
        return _type_of_element(expression.elt, scope)
    if isinstance(expression, ast.BinOp):
        sides = (expression.left, expression.right)
        return _one_type(elements_of(side, scope) for side in sides)
    if isinstance(expression, ast.Call):
        if scope.resolve(expression.func) in (set, frozenset) and len(expression.args) == 1:
            return elements_of(expression.args[0], scope)
        if isinstance(expression.func, ast.Attribute) and expression.func.attr in {"split", "splitlines", "rsplit"}:
            return str
        if isinstance(expression.func, ast.Attribute) and expression.func.attr in purity.SET_METHODS:
            parts = (expression.func.value, *expression.args)
            return _one_type(elements_of(part, scope) for part in parts)
    if isinstance(expression, ast.Name) and expression.id in scope.assigned:
        return _elements_of_name(expression.id, scope)
    return _type_argument(scope.type_of(expression))


def _elements_of_name(name: str, scope: Scope) -> type | None:
    if name not in scope.elements:
        scope.elements[name] = None  # while it is asked for by way of itself
        values = scope.assigned[name]
        scope.elements[name] = _one_type(None if value is None else elements_of(value, scope) for value in values)
    return scope.elements[name]


def _type_of_element(element: ast.expr, scope: Scope) -> type | None:
    if isinstance(element, ast.Constant) and type(element.value) in (str, int):
        return type(element.value)
    if isinstance(element, ast.JoinedStr):
        return str
    if isinstance(element, ast.Call) and isinstance(element.func, ast.Attribute):
        return str if element.func.attr in _GIVES_TEXT else None
    found = scope.type_of(element)
    return found if found in (str, int) and isinstance(found, type) else None


def _type_argument(annotation: object) -> type | None:
    arguments = [argument for argument in typing.get_args(annotation) if argument is not Ellipsis]
    return _one_type(argument if argument in (str, int) else None for argument in arguments)


def _one_type(types: Iterable[type | None]) -> type | None:
    found = set(types)
    return found.pop() if len(found) == 1 else None


def _gives_set(call: ast.Call, scope: Scope) -> bool:
    if scope.resolve(call.func) in (set, frozenset):
        return True
    if isinstance(call.func, ast.Attribute) and call.func.attr in purity.SET_METHODS:
        return is_set(call.func.value, scope)
    target = scope.resolve(call.func)
    if isinstance(target, FunctionType) and "return" not in hints(target):
        inside = scope.inside(target)
        return inside is not None and any(is_set(value, inside) for value in returned(inside.syntax))
    return is_set_type(scope.type_of(call))


def _is_view(expression: ast.expr) -> bool:
    """`d.keys()`: operators on the keys of a mapping give a set."""
    return (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Attribute)
        and expression.func.attr in {"keys", "items"}
        and not expression.args
    )


def is_set_type(annotation: object) -> bool:
    """Whether a type is one of sets."""
    return (typing.get_origin(annotation) or annotation) in _SET_TYPES
