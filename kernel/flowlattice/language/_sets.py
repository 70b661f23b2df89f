"""Which expressions are sets: their order differs between processes, so what depends on it does not repeat."""

from __future__ import annotations

import ast
import collections.abc
import typing
from typing import Final

from flowlattice.language import purity
from flowlattice.language._scope import Scope

_SET_OPERATORS: Final = ast.BitAnd | ast.BitOr | ast.Sub | ast.BitXor
_SET_TYPES: Final = frozenset({set, frozenset, collections.abc.Set, collections.abc.MutableSet})


def is_set(expression: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression is known to be a set."""
    if depth > 8:  # chains of assignments can be circular
        return False
    if isinstance(expression, ast.Set | ast.SetComp):
        return True
    if isinstance(expression, ast.Call):
        return _gives_set(expression, scope, depth + 1)
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, _SET_OPERATORS):
        return any(is_set(side, scope, depth + 1) or _is_view(side) for side in (expression.left, expression.right))
    if isinstance(expression, ast.IfExp):
        return is_set(expression.body, scope, depth + 1) or is_set(expression.orelse, scope, depth + 1)
    if isinstance(expression, ast.NamedExpr):
        return is_set(expression.value, scope, depth + 1)
    if isinstance(expression, ast.Name) and any(
        value is not None and is_set(value, scope, depth + 1) for value in scope.assigned.get(expression.id, ())
    ):
        return True
    return isinstance(scope.resolve(expression), set | frozenset) or _is_set_type(scope.type_of(expression))


def _gives_set(call: ast.Call, scope: Scope, depth: int) -> bool:
    if scope.resolve(call.func) in (set, frozenset):
        return True
    if isinstance(call.func, ast.Attribute) and call.func.attr in purity.SET_METHODS:
        return is_set(call.func.value, scope, depth)
    return _is_set_type(scope.type_of(call))


def _is_view(expression: ast.expr) -> bool:
    """`d.keys()`: operators on the keys of a mapping give a set."""
    return (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Attribute)
        and expression.func.attr in {"keys", "items"}
        and not expression.args
    )


def _is_set_type(annotation: object) -> bool:
    return (typing.get_origin(annotation) or annotation) in _SET_TYPES
