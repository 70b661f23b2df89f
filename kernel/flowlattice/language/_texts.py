"""What is made into text, and which of it has no text of its own but the address of an object, as `id` gives it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from string import Template
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Final

from flowlattice.language import purity
from flowlattice.language._classes import member, subclasses
from flowlattice.language._objects import unwrapped
from flowlattice.language._scope import UNRESOLVED, Scope
from flowlattice.language.annotations import is_protocol
from flowlattice.language.purity import Known
from flowlattice.lattice import Determinism, Effects

_DEEPEST: Final = 5
_SHOWING: Final = (str, repr, format, ascii)
_VALUES: Final = (str, bytes, int, float, list, dict, set, tuple)


def shows_address(shown: ast.expr, scope: Scope) -> Known | None:
    """What making an expression into text does; nothing if its text is its own."""
    if not _has_address(shown, scope, is_repr=False):
        return None
    because = f"shows {ast.unparse(shown)}, whose text has its address in it"
    return Known(Effects.PURE, Determinism.NONDETERMINISTIC, because)


def shown_by_call(call: ast.Call, target: object, scope: Scope) -> Iterator[ast.expr]:
    """What a call makes into text."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(target is each for each in _SHOWING):
        yield from given[:1]
    elif isinstance(target, type) and issubclass(target, BaseException):
        yield from given  # which is what its text says
    elif isinstance(call.func, ast.Attribute) and target is UNRESOLVED:
        receiver = call.func.value
        is_text = call.func.attr == "format" and _is_text(receiver, scope)
        fills = call.func.attr in {"substitute", "safe_substitute"} and scope.type_of(receiver) is Template
        yield from given if is_text or fills else ()


def shown_by_operator(operation: ast.BinOp, scope: Scope) -> Iterator[ast.expr]:
    """What `text % values` makes into text."""
    if isinstance(operation.op, ast.Mod) and _is_text(operation.left, scope):
        values = operation.right
        yield from values.elts if isinstance(values, ast.Tuple) else [values]


def _is_text(expression: ast.expr, scope: Scope) -> bool:
    return scope.type_of(expression) is str or isinstance(scope.resolve(expression), str)


def _has_address(expression: ast.expr, scope: Scope, *, is_repr: bool, depth: int = 0) -> bool:
    """Whether the text of an expression has an address in it; what is inside of something is shown by its `repr`."""
    if depth > _DEEPEST:
        return False
    match expression:
        case ast.Lambda() | ast.GeneratorExp():
            return True
        case ast.Call():
            return _is_made_without_text(expression, scope, is_repr=is_repr)
        case ast.List(parts) | ast.Tuple(parts) | ast.Set(parts) | ast.Dict(_, parts):
            return any(_has_address(part, scope, is_repr=True, depth=depth + 1) for part in parts)
        case ast.ListComp(part) | ast.SetComp(part) | ast.DictComp(_, part):
            return _has_address(part, scope, is_repr=True, depth=depth + 1)
        case ast.IfExp(_, first, second) | ast.BoolOp(_, [first, second]):
            return any(_has_address(part, scope, is_repr=is_repr, depth=depth + 1) for part in (first, second))
        case ast.Starred(ast.Call() | ast.GeneratorExp()):
            return False  # it is used up: what it gives is shown
        case ast.NamedExpr(_, value) | ast.Starred(value):
            return _has_address(value, scope, is_repr=is_repr, depth=depth + 1)
        case ast.Name(name) if scope.is_local(expression) and name not in scope.parameters:
            values = [value for value in scope.assigned.get(name, ()) if value is not None]
            if any(_has_address(value, scope, is_repr=is_repr, depth=depth + 1) for value in values):
                return True
        case ast.Attribute(value, name) if _is_method(value, name, scope):
            return True
    found = scope.resolve(expression)
    if found is not UNRESOLVED:
        return _shows_address(found, is_repr=is_repr)
    kind = scope.type_of(expression)
    return isinstance(kind, type) and _is_own(kind, scope) and _lacks_text(kind, is_repr=is_repr)


def _is_made_without_text(call: ast.Call, scope: Scope, *, is_repr: bool) -> bool:
    target = scope.resolve(call.func)
    if isinstance(target, type):
        return target is not type and not is_protocol(target) and _lacks_text(target, is_repr=is_repr)
    function = unwrapped(target)
    if isinstance(function, FunctionType) and function is target:
        if inspect.isgeneratorfunction(function):
            return True
        kind = scope.type_of(call)
        return isinstance(kind, type) and _is_own(kind, scope) and _lacks_text(kind, is_repr=is_repr)
    return target is iter


def _is_method(value: ast.expr, name: str, scope: Scope) -> bool:
    """Whether `value.name` is a method of a text, a number or a collection, which is named but not called."""
    kind = scope.type_of(value)
    return kind in _VALUES and name in purity.PURE_METHODS and callable(getattr(kind, name, None))


def _shows_address(value: object, *, is_repr: bool, depth: int = 3) -> bool:
    """Whether the text of an object from outside has an address in it."""
    if isinstance(value, type | ModuleType) or not depth:
        return False
    if isinstance(value, FunctionType | MethodType):
        return True
    if isinstance(value, BuiltinFunctionType):
        return not isinstance(value.__self__, ModuleType | type | None)
    if type(value) in (list, tuple, set, frozenset, dict):
        inside = value.values() if isinstance(value, Mapping) else list(value)  # type: ignore[call-overload] # see above
        return any(_shows_address(each, is_repr=True, depth=depth - 1) for each in [*inside][:64])
    return _lacks_text(type(value), is_repr=is_repr)


def _is_own(kind: type, scope: Scope) -> bool:
    """Whether objects of a class of the flow are surely shown as that class says."""
    extends = any(not _lacks_text(each, is_repr=True) for each in subclasses(kind))
    return scope.sources.class_(kind) is not None and not is_protocol(kind) and not extends


def _lacks_text(kind: type, *, is_repr: bool) -> bool:
    """Whether a class leaves the text of its objects to `object`."""
    own = {name for name in ("__repr__", "__str__", "__format__") if member(kind, name) is not member(object, name)}
    return not own or (is_repr and "__repr__" not in own)
