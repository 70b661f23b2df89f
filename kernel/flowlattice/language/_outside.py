"""Which expressions may stand for objects that live outside the function, by whatever names and branches."""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import heapq
import operator
import re
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import chain, starmap
from types import FunctionType, MethodType, ModuleType, NoneType
from typing import Final

from flowlattice.language._bindings import argument_of, defaults_of
from flowlattice.language._names import FunctionSyntax, arguments_of, is_rebound, returned, yielded
from flowlattice.language._objects import is_cached, unwrapped
from flowlattice.language._passing import Passed, called_name, joined, passed
from flowlattice.language._scope import UNRESOLVED, Given, Scope

_DEEPEST: Final = 6
NO_STATE: Final = (
    *(type, FunctionType, ModuleType, NoneType, Enum, str, bytes, int, float, complex, frozenset),
    *(Decimal, date, time, timedelta, re.Pattern),
)
_PARTS: Final = frozenset({"get", "setdefault", "values", "items", "pop", "copy"})
_COPIES: Final = (sorted, iter, copy.copy, chain.from_iterable, heapq.nlargest, heapq.nsmallest)
_CHOICES: Final = (max, min, next, getattr, operator.getitem, contextlib.nullcontext, contextlib.closing)
_GETTERS: Final = (operator.itemgetter, operator.attrgetter)
Arguments = dict[str, Given]


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
        if value is not UNRESOLVED and isinstance(expression, ast.Attribute):
            return True
    match expression:
        case ast.Name(name) if not scope.is_local(expression):
            return value is not UNRESOLVED
        case ast.Name(name):
            given = scope.given.get(name)
            parts = [*scope.iterated.get(name, ()), *scope.taken.get(name, ())]
            is_given = (given is not None and given.outside) or name in kept_parameters(scope)
            return (
                (is_given and not is_rebound(expression, scope.syntax))
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
        case ast.Call(function) if scope.resolve(function) in (map, starmap):
            return _gives_passed(expression, scope, depth)
        case ast.Call(function, arguments) if _is_copying(scope.resolve(function), scope):
            return any(holds_outside(_unstarred(each), scope, depth + 1) for each in arguments)
        case ast.Call(ast.Attribute(value, method)) if method in _PARTS:
            return holds_outside(value, scope, depth + 1)
        case ast.Name(name) if scope.is_local(expression):
            given = scope.given.get(name)
            if given is not None and given.holds:
                return True
            values = [each for each in scope.assigned.get(name, ()) if each is not None]
            if any(holds_outside(each, scope, depth + 1) for each in values):
                return True
    return lives_outside(expression, scope, depth + 1)


def handed(argument: ast.expr, scope: Scope, depth: int = 0) -> Given | None:
    """What a function that gets an argument has to know: that it lives outside, or that its elements do."""
    if lives_outside(argument, scope, depth + 1):
        return Given(outside=True)
    return Given(holds=True) if holds_outside(argument, scope, depth + 1) else None


def handed_by(each: Passed, scope: Scope, depth: int = 0) -> Given | None:
    """The same for what a function gets by way of one of the library."""
    if not each.is_element:
        return handed(each.source, scope, depth)
    return Given(outside=True) if holds_outside(each.source, scope, depth + 1) else None


def given_outside(syntax: FunctionSyntax, call: ast.Call, scope: Scope, skipped: int, depth: int = 0) -> Arguments:
    """Which parameters of a function a call gives what lives outside; the first ones may be given already."""
    positional = [*syntax.args.posonlyargs, *syntax.args.args][skipped:]
    spread = [each.value for each in call.args if isinstance(each, ast.Starred)]
    spread += [each.value for each in call.keywords if each.arg is None]
    if any(holds_outside(each, scope, depth + 1) for each in spread):
        return {each.arg: Given(outside=True) for each in arguments_of(syntax)[skipped:]}
    named = [*enumerate(positional), *((len(call.args), each) for each in syntax.args.kwonlyargs)]
    values = {each.arg: argument_of(call, number, each.arg) for number, each in named}
    found = {name: None if value is None else handed(value, scope, depth) for name, value in values.items()}
    further = [*call.args[len(positional) :], *(each.value for each in call.keywords if each.arg not in values)]
    extra = [each for each in (syntax.args.vararg, syntax.args.kwarg) if each is not None]
    if any(lives_outside(each, scope, depth + 1) for each in further):
        found |= {each.arg: Given(holds=True) for each in extra}
    return {name: each for name, each in found.items() if each is not None}


def given_by(function: FunctionSyntax, ways: Iterable[Passed], scope: Scope, skipped: int, depth: int = 0) -> Arguments:
    """The same for what a function gets by way of one of the library."""
    found: Arguments = {}
    for each in ways:
        for number, argument in enumerate(arguments_of(function)[skipped:]):
            is_it = each.parameter in (None, number, argument.arg)
            if is_it and (known := handed_by(each, scope, depth)) is not None:
                found[argument.arg] = known
    return found


def kept_parameters(scope: Scope) -> Iterator[str]:
    """The parameters whose defaults can be changed, and then are there in the next call."""
    for name, default in defaults_of(scope.syntax):
        if isinstance(default, ast.Name | ast.Attribute):
            value = scope.resolve(default)
            if value is not UNRESOLVED and not isinstance(value, NO_STATE):
                yield name
        elif not isinstance(default, ast.Constant | ast.Tuple):
            yield name


def _any(expressions: list[ast.expr], scope: Scope, depth: int) -> bool:
    return any(lives_outside(each, scope, depth + 1) for each in expressions)


def _of_part(part: ast.expr, scope: Scope, depth: int) -> bool:
    inner = _unstarred(part)
    return (lives_outside if inner is part else holds_outside)(inner, scope, depth + 1)


def _unstarred(part: ast.expr) -> ast.expr:
    return part.value if isinstance(part, ast.Starred) else part


def _is_copying(target: object, scope: Scope) -> bool:
    """Whether what a call gives is new, with elements of what it is given: `list`, `deque`, `sorted`, `copy.copy`."""
    return target in _COPIES or (isinstance(target, type) and scope.sources.class_(target) is None)


def _gives_outside(call: ast.Call, scope: Scope, depth: int) -> bool:
    target = scope.resolve(call.func)
    if is_cached(target):
        return True
    if (written := _written(call.func, scope)) is not None:
        return _gives(written, scope, depth)
    if isinstance(call.func, ast.Call):
        return _gives_of_result(call.func, call, scope, depth)
    if target in _CHOICES:
        return any(holds_outside(each, scope, depth + 1) for each in call.args)
    if target is functools.reduce:
        return _gives_passed(call, scope, depth)
    function = unwrapped(target)
    if isinstance(function, type):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        return scope.sources.class_(function) is not None and any(_of_part(each, scope, depth) for each in given)
    if isinstance(function, FunctionType):
        return _gives_of_function(function, target, call, scope, depth)
    match call.func:
        case ast.Attribute(value, "copy"):
            return False
        case ast.Attribute(value, method) if method in _PARTS:
            return holds_outside(value, scope, depth + 1) or _any(call.args[1:], scope, depth)
        case ast.Attribute(_, "enter_context" | "enter_async_context"):
            return any(holds_outside(each, scope, depth + 1) for each in call.args)
    return False


def _gives_of_function(function: FunctionType, target: object, call: ast.Call, scope: Scope, depth: int) -> bool:
    syntax = scope.sources.function(function)
    bound = target.args if isinstance(target, functools.partial) else ()
    if syntax is None:
        return False
    skipped = len(bound) + isinstance(target, MethodType)
    given = given_outside(syntax, call, scope, skipped, depth + 1)
    if any(not isinstance(each, NO_STATE) for each in bound):
        given |= {each.arg: Given(outside=True) for each in arguments_of(syntax)[:skipped]}
    inside = scope.inside(function, given)
    return inside is not None and _gives(syntax, inside, depth)


def _gives_of_result(made: ast.Call, call: ast.Call, scope: Scope, depth: int) -> bool:
    """What `partial(pick, table)()` and `itemgetter("a")(table)` give."""
    target = scope.resolve(made.func)
    if target is functools.partial and made.args:
        return lives_outside(joined(made, call), scope, depth + 1)
    return target in _GETTERS and any(holds_outside(each, scope, depth + 1) for each in call.args)


def _gives_passed(call: ast.Call, scope: Scope, depth: int) -> bool:
    """Whether what a function of the library was given gives what lives outside: the `f` of `map(f, lists)`."""
    function, ways = call.args[0], [*passed(call, called_name(call))]
    target = unwrapped(scope.resolve(function))
    written = _written(function, scope)
    if written is not None:
        return _gives(written, scope, depth)
    if isinstance(target, FunctionType) and (syntax := scope.sources.function(target)) is not None:
        inside = scope.inside(target, given_by(syntax, ways, scope, 0, depth + 1))
        return inside is not None and _gives(syntax, inside, depth)
    match function:
        case ast.Attribute(value, method) if method in _PARTS:
            return holds_outside(value, scope, depth + 1)
    return any(handed_by(each, scope, depth) is not None for each in ways)


def _written(function: ast.expr, scope: Scope) -> FunctionSyntax | None:
    """A function that is written inside of the one that calls it."""
    if isinstance(function, ast.Lambda):
        return function
    return scope.nested.get(function.id) if isinstance(function, ast.Name) and scope.is_local(function) else None


def _gives(syntax: FunctionSyntax, scope: Scope, depth: int) -> bool:
    """Whether what a function returns or yields lives outside."""
    given = [each for each in yielded(syntax) if each.value is not None]
    return _any([*returned(syntax)], scope, depth) or any(
        each.value is not None
        and (lives_outside if isinstance(each, ast.Yield) else holds_outside)(each.value, scope, depth + 1)
        for each in given
    )
