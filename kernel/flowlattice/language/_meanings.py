"""What a called expression may mean: through aliases, branches, tables of functions, and what callers hand over."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Final

from flowlattice.language._scope import JUDGED, UNRESOLVED, Scope
from flowlattice.language.nodes import Node

_DEEPEST: Final = 8
_WALKS: Final = frozenset({"values", "items", "copy"})
_SAME_ELEMENTS: Final = frozenset({list, tuple, reversed, enumerate, zip, sorted, iter})
_FUNCTIONS: Final = (FunctionType, BuiltinFunctionType, MethodType, functools.partial, type(str.lower), Node)


@dataclass(frozen=True)
class Thing:
    """An object that is known before the function runs; `JUDGED` stands for one that is read where it is written."""

    value: object


Meaning = Thing | ast.expr
"""An object, or an expression of the function that no further expression explains."""


def meanings(expression: ast.expr, scope: Scope, depth: int = 0) -> list[Meaning] | None:
    """Everything that an expression may mean when it is called; none where something cannot be followed."""
    if depth > _DEEPEST:
        return None
    match expression:
        case ast.Lambda():
            return [Thing(JUDGED)]
        case ast.NamedExpr(_, value):
            return meanings(value, scope, depth + 1)
        case ast.IfExp(_, body, orelse):
            return _all([body, orelse], scope, depth)
        case ast.BoolOp(_, values):
            return _all(values, scope, depth)
        case ast.Constant(None):
            return []
        case ast.Name() if scope.is_local(expression):
            return _of_local(expression, scope, depth)
        case ast.Subscript(value):
            return [value] if isinstance(scope.resolve(value), type) else elements(value, scope, depth)
        case ast.Call(ast.Attribute(value, "get"), [_, *default]) if found := elements(value, scope, depth):
            rest = _all(default, scope, depth)
            return None if rest is None else [*found, *rest]
        case ast.Name() | ast.Attribute() | ast.Call():
            return [expression]
    return None


def is_function(value: object) -> bool:
    """Whether an object is called rather than kept as data."""
    return isinstance(value, _FUNCTIONS)


def functions_within(value: object, depth: int = 3) -> Iterator[object]:
    """The functions in a table, a list or a nesting of these."""
    if is_function(value) or value is JUDGED:
        yield value
    elif depth and isinstance(value, Mapping):
        for each in value.values():
            yield from functions_within(each, depth - 1)
    elif depth and isinstance(value, list | tuple | frozenset | set):
        for each in value:
            yield from functions_within(each, depth - 1)


def _all(expressions: Iterable[ast.expr], scope: Scope, depth: int) -> list[Meaning] | None:
    found: list[Meaning] = []
    for expression in expressions:
        part = meanings(expression, scope, depth + 1)
        if part is None:
            return None
        found += part
    return found


def _of_local(name: ast.Name, scope: Scope, depth: int) -> list[Meaning] | None:
    found: list[Meaning] = [Thing(JUDGED)] if name.id in scope.nested else []
    handed = scope.given.get(name.id)
    if handed is not None and name.id in scope.parameters:
        found += [Thing(value) for value in handed.objects]
    values = scope.assigned.get(name.id, [])
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    ways = [_all(known, scope, depth)]
    ways += [elements(source, scope, depth) for source in scope.iterated.get(name.id, [])]
    for way in ways:
        if way is None:
            return None
        found += way
    return found or None


def elements(expression: ast.expr, scope: Scope, depth: int = 0) -> list[Meaning] | None:
    """What the functions in a collection may mean; none where there are none or one cannot be followed."""
    if depth > _DEEPEST:
        return None
    found = _of_display(expression, scope, depth)
    if found is None:
        value = scope.resolve(expression)
        found = [] if value is UNRESOLVED else [Thing(each) for each in functions_within(value)]
    return found or None


def _of_display(expression: ast.expr, scope: Scope, depth: int) -> list[Meaning] | None:
    """The same for a collection that the function writes out, or walks over; none for other expressions."""
    match expression:
        case ast.Dict(_, values):
            return _of_items(values, scope, depth)
        case ast.List(items) | ast.Tuple(items) | ast.Set(items):
            return _of_items(items, scope, depth)
        case ast.Call(ast.Attribute(value, method)) if method in _WALKS:
            return elements(value, scope, depth + 1)
        case ast.Call(function, arguments) if scope.resolve(function) in _SAME_ELEMENTS:
            found = [elements(argument, scope, depth + 1) or [] for argument in arguments]
            return [each for part in found for each in part]
        case ast.Name() if scope.is_local(expression) and expression.id in scope.assigned:
            values_of = scope.assigned[expression.id]
            parts = [None if value is None else elements(value, scope, depth + 1) for value in values_of]
            return [each for part in parts for each in part or ()] if all(parts) else []
    return None


def _of_items(items: Iterable[ast.expr], scope: Scope, depth: int) -> list[Meaning]:
    found: list[Meaning] = []
    for item in items:
        if isinstance(item, ast.Constant):
            continue
        if isinstance(item, ast.Tuple | ast.List | ast.Starred):
            inner = item.value if isinstance(item, ast.Starred) else item
            part = elements(inner, scope, depth + 1)
        else:
            part = meanings(item, scope, depth + 1)
        if part is None:
            return []
        found += part
    return found
