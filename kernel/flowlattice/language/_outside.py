"""Which expressions may stand for objects that live outside the function, by whatever names and branches."""

from __future__ import annotations

import ast
import inspect
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from types import FunctionType, ModuleType, NoneType
from typing import Final

from flowlattice.language._names import returned
from flowlattice.language._objects import is_cached, unwrapped
from flowlattice.language._scope import UNRESOLVED, Given, Scope

_DEEPEST: Final = 6
NO_STATE: Final = (
    *(type, FunctionType, ModuleType, NoneType, Enum, str, bytes, int, float, complex, frozenset),
    *(Decimal, date, time, timedelta),
)
_PARTS: Final = frozenset({"get", "setdefault", "values", "items", "pop", "copy"})
_COPIES: Final = (list, tuple, sorted, reversed, enumerate, zip, iter, set, filter, dict)
_CHOICES: Final = (max, min, next)


def lives_outside(expression: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression may stand for an object that is there before and after the function runs, or a part of it.

    Copies are not, though what they hold is: `LIST[:]`, `dict(TABLE)`, `[*LIST]`.
    """
    if depth > _DEEPEST:
        return False
    if isinstance(expression, ast.Name | ast.Attribute):
        value = scope.resolve(expression)
        if isinstance(value, NO_STATE):
            return False
    match expression:
        case ast.Name(name) if not scope.is_local(expression):
            return value is not UNRESOLVED
        case ast.Name(name):
            given = scope.given.get(name)
            parts = [*scope.iterated.get(name, ()), *scope.taken.get(name, ())]
            return (
                (given is not None and given.outside)
                or _any([each for each in scope.assigned.get(name, ()) if each is not None], scope, depth)
                or any(holds_outside(part, scope, depth + 1) for part in parts)
            )
        case ast.Subscript(value, index):
            return not isinstance(index, ast.Slice) and holds_outside(value, scope, depth + 1)
        case ast.Call():
            return _gives_outside(expression, scope, depth)
        case ast.Attribute(value) | ast.NamedExpr(_, value) | ast.Await(value):
            return lives_outside(value, scope, depth + 1)
        case ast.IfExp(_, body, orelse):
            return _any([body, orelse], scope, depth)
        case ast.BoolOp(_, values):
            return _any(values, scope, depth)
    return False


def holds_outside(expression: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether the elements of a collection may live outside, though it may itself be a copy."""
    if depth > _DEEPEST:
        return False
    match expression:
        case ast.List(parts) | ast.Tuple(parts) | ast.Set(parts):
            return any(_of_part(part, scope, depth) for part in parts)
        case ast.Dict(keys, values):
            pairs = zip(keys, values, strict=True)
            return any(
                holds_outside(v, scope, depth + 1) if k is None else lives_outside(v, scope, depth + 1)
                for k, v in pairs
            )
        case ast.ListComp(part) | ast.GeneratorExp(part) | ast.DictComp(_, part):
            return lives_outside(part, scope, depth + 1)
        case ast.Subscript(value, ast.Slice()):
            return holds_outside(value, scope, depth + 1)
        case ast.Call(function, arguments) if scope.resolve(function) in _COPIES:
            return any(holds_outside(each, scope, depth + 1) for each in arguments)
        case ast.Call(ast.Attribute(value, method)) if method in _PARTS:
            return holds_outside(value, scope, depth + 1)
        case ast.Name(name) if scope.is_local(expression):
            values = [each for each in scope.assigned.get(name, ()) if each is not None]
            if any(holds_outside(each, scope, depth + 1) for each in values):
                return True
    return lives_outside(expression, scope, depth + 1)


def _any(expressions: list[ast.expr], scope: Scope, depth: int) -> bool:
    return any(lives_outside(each, scope, depth + 1) for each in expressions)


def _of_part(part: ast.expr, scope: Scope, depth: int) -> bool:
    inner = part.value if isinstance(part, ast.Starred) else part
    return (lives_outside if inner is part else holds_outside)(inner, scope, depth + 1)


def _gives_outside(call: ast.Call, scope: Scope, depth: int) -> bool:
    target = scope.resolve(call.func)
    if is_cached(target):
        return True
    if isinstance(call.func, ast.Lambda):
        return lives_outside(call.func.body, scope, depth + 1)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if target in _CHOICES:
        return any(holds_outside(each, scope, depth + 1) for each in call.args)
    function = unwrapped(target)
    if isinstance(function, type):
        return scope.sources.class_(function) is not None and any(_of_part(each, scope, depth) for each in given)
    if isinstance(function, FunctionType):
        names = (*inspect.signature(function).parameters,) if any(_of_part(e, scope, depth) for e in given) else ()
        inside = scope.inside(function, {name: Given(outside=True) for name in names})
        return inside is not None and _any([*returned(inside.syntax)], inside, depth)
    match call.func:
        case ast.Attribute(value, "copy"):
            return False
        case ast.Attribute(value, method) if method in _PARTS:
            return holds_outside(value, scope, depth + 1) or _any(call.args[1:], scope, depth)
    return False
