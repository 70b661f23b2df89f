"""Which expressions may stand for objects that live outside the function, by whatever names and branches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from types import FunctionType, ModuleType, NoneType
from typing import Final

from flowlattice.language._names import returned
from flowlattice.language._objects import is_cached, unwrapped
from flowlattice.language._scope import UNRESOLVED, Scope

_DEEPEST: Final = 6
_NO_STATE: Final = (
    *(type, FunctionType, ModuleType, NoneType, Enum, str, bytes, int, float, complex, frozenset),
    *(Decimal, date, time, timedelta),
)
_PARTS: Final = frozenset({"get", "setdefault", "values", "items"})
_SAME_ELEMENTS: Final = (list, tuple, sorted, reversed, enumerate, zip, iter, set, filter)


def lives_outside(expression: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression may stand for an object that is there before and after the function runs, or a part of it.

    Copies are not: `LIST[:]`, `dict(TABLE)`, `[*LIST]`.
    """
    if depth > _DEEPEST:
        return False
    if isinstance(expression, ast.Name) and not scope.is_local(expression):
        value = scope.resolve(expression)
        return value is not UNRESOLVED and not isinstance(value, _NO_STATE)
    if isinstance(expression, ast.Attribute) and isinstance(scope.resolve(expression), _NO_STATE):
        return False
    if isinstance(expression, ast.Call):
        return _gives_outside(expression, scope, depth)
    return any(lives_outside(part, scope, depth + 1) for part in _ways(expression, scope))


def _ways(expression: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """The expressions that another one stands for, or for a part of."""
    match expression:
        case ast.Name(name):
            yield from (value for value in scope.assigned.get(name, ()) if value is not None)
            yield from (part for source in scope.iterated.get(name, ()) for part in _iterated(source, scope))
        case ast.Attribute(value):
            yield value
        case ast.Subscript(value, index) if not isinstance(index, ast.Slice):
            yield from _iterated(value, scope)
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.BoolOp(_, values):
            yield from values
        case ast.NamedExpr(_, value) | ast.Await(value) | ast.Starred(value):
            yield value


def _iterated(source: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """What holds the elements of a collection, or these where they are written out."""
    match source:
        case ast.List(parts) | ast.Tuple(parts) | ast.Set(parts) | ast.Dict(_, parts):
            yield from parts
        case ast.Call(function, arguments) if scope.resolve(function) in _SAME_ELEMENTS:
            for argument in arguments:
                yield from _iterated(argument, scope)
        case _:
            yield source


def _gives_outside(call: ast.Call, scope: Scope, depth: int) -> bool:
    target = scope.resolve(call.func)
    if is_cached(target):
        return True
    function = unwrapped(target)
    if isinstance(function, FunctionType):
        inside = scope.inside(function)
        return inside is not None and any(lives_outside(each, inside, depth + 1) for each in returned(inside.syntax))
    is_part = isinstance(call.func, ast.Attribute) and call.func.attr in _PARTS
    return is_part and isinstance(call.func, ast.Attribute) and lives_outside(call.func.value, scope, depth + 1)
