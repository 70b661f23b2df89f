"""Which expressions are sets, and of what: their order differs between processes, so nothing may depend on it."""

from __future__ import annotations

import ast
import collections
import copy
import functools
import typing
from collections.abc import Iterable
from types import FunctionType
from typing import Final

from flowlattice.language import purity
from flowlattice.language._classes import Method, member, methods_in, subclasses
from flowlattice.language._holding import (
    ANY,
    ITSELF,
    NOWHERE,
    VALUE,
    Paths,
    below,
    element,
    elements,
    hides,
    item,
    items,
    of_object,
    of_type,
    union,
    values,
)
from flowlattice.language._names import returned, yielded
from flowlattice.language._objects import unwrapped
from flowlattice.language._scope import UNRESOLVED, Scope
from flowlattice.language.annotations import NO_TYPE, hints

_SET_OPERATORS: Final = ast.BitAnd | ast.BitOr | ast.Sub | ast.BitXor
_GIVES_TEXT: Final = frozenset("strip lstrip rstrip lower upper title casefold capitalize replace join format".split())
_SAME_ELEMENTS: Final = (list, tuple, sorted, reversed, iter, collections.deque)
_ONE_ELEMENT: Final = (next, min, max)


def is_set(expression: ast.expr, scope: Scope) -> bool:
    """Whether an expression is known to be a set."""
    return () in sets_in(expression, scope)


def sets_in(expression: ast.expr, scope: Scope) -> Paths:
    """Where sets are in what an expression stands for."""
    found = scope.resolve(expression)
    known = of_type(scope.type_of(expression)) if found is UNRESOLVED else of_object(found)
    return known | _written(expression, scope)


def _written(expression: ast.expr, scope: Scope) -> Paths:
    match expression:
        case ast.Name(name):
            return _in_name(name, scope)
        case ast.Call():
            return _in_result(expression, scope)
        case ast.BinOp(left, operator, right):
            return _in_operation(left, operator, right, scope)
        case ast.NamedExpr(_, value) | ast.Await(value):
            return sets_in(value, scope)
        case ast.IfExp(_, body, orelse):
            return sets_in(body, scope) | sets_in(orelse, scope)
        case ast.BoolOp(_, values):
            return union(sets_in(value, scope) for value in values)
        case ast.Subscript(value, ast.Constant(int() as position)):
            return item(sets_in(value, scope), position)
        case ast.Subscript(value, ast.Slice()):
            return sets_in(value, scope)
        case ast.Subscript(value, _):
            return item(sets_in(value, scope))
        case ast.Attribute(_, "model_fields_set"):
            return ITSELF
        case ast.Attribute(value, name):
            return _in_attribute(value, name, scope)
    return _in_display(expression, scope)


def _in_display(expression: ast.expr, scope: Scope) -> Paths:
    match expression:
        case ast.Set():
            return ITSELF
        case ast.SetComp(element):
            return ITSELF | below(ANY, sets_in(element, scope))
        case ast.ListComp(element) | ast.GeneratorExp(element):
            return below(ANY, sets_in(element, scope))
        case ast.DictComp(_, value):
            return below(VALUE, sets_in(value, scope))
        case ast.Dict(keys, values):
            pairs = [(key, sets_in(value, scope)) for key, value in zip(keys, values, strict=True)]
            return union(found if key is None else below(VALUE, found) for key, found in pairs)
        case ast.List(elements) | ast.Tuple(elements):
            is_tuple = isinstance(expression, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in elements)
            parts = enumerate(elements)
            return union(below(number if is_tuple else ANY, _in_part(part, scope)) for number, part in parts)
    return NOWHERE


def _in_part(part: ast.expr, scope: Scope) -> Paths:
    return element(sets_in(part.value, scope)) if isinstance(part, ast.Starred) else sets_in(part, scope)


def _in_operation(left: ast.expr, operator: ast.operator, right: ast.expr, scope: Scope) -> Paths:
    sides = (left, right)
    if isinstance(operator, ast.Add):
        return union(sets_in(side, scope) for side in sides)
    if not isinstance(operator, _SET_OPERATORS):
        return NOWHERE
    found = union(sets_in(side, scope) for side in sides)
    return found | ITSELF if any(map(_is_view, sides)) else found


def _in_name(name: str, scope: Scope) -> Paths:
    if name not in scope.sets:
        scope.sets[name] = NOWHERE  # while it is asked for by way of itself
        parts = [sets_in(value, scope) for value in scope.assigned.get(name, ()) if value is not None]
        for source, positions in scope.unpacked.get(name, ()):
            found = element(sets_in(source, scope))
            for position in positions:
                found = element(found, position)
            parts.append(found)
        scope.sets[name] = union(parts) | _put_into(name, scope)
    return scope.sets[name]


def _put_into(name: str, scope: Scope) -> Paths:
    """Where sets are in what is put into what a name or an attribute of one stands for."""
    parts = []
    for levels, method, value in scope.filled.get(name, ()):
        found = _filled(method, sets_in(value, scope))
        for _ in range(levels):
            found = below(VALUE, found)
        parts.append(found)
    return union(parts)


def _filled(method: str, found: Paths) -> Paths:
    """Where sets are in what a method was given something with sets."""
    if method == "=":
        return found
    if method in {"extend", "update"}:
        return frozenset(path for path in found if path)
    return below(VALUE if method in {"setdefault", ""} else ANY, found)


def _in_attribute(owner: ast.expr, name: str, scope: Scope) -> Paths:
    """Where sets are in an attribute: by what is put there, in this function and in methods of the owner's class."""
    found = _kept_by(owner.id, name, scope) if isinstance(owner, ast.Name) else NOWHERE
    kind = scope.type_of(owner)
    if not isinstance(kind, type) or scope.sources.class_(kind) is None:
        return found
    if (kind, name) not in scope.attributes:
        scope.attributes[kind, name] = NOWHERE  # while it is asked for by way of itself
        own = [base for base in (*kind.__mro__, *subclasses(kind)) if scope.sources.class_(base) is not None]
        methods = [each for base in own for found in vars(base).values() for each in methods_in(found, base)]
        asked = member(kind, name)
        parts = [_put_by(method, name, scope) for method in methods]
        if isinstance(asked, property | functools.cached_property):
            parts += [_in_function(each, scope) for each in methods_in(asked, kind)]
        scope.attributes[kind, name] = union(parts) | of_object(asked)
    return found | scope.attributes[kind, name]


def _kept_by(owner: str, name: str, scope: Scope) -> Paths:
    """Where sets are in what a function puts into an attribute of one of its names."""
    whole = f"{owner}.{name}"
    if whole not in scope.sets:
        scope.sets[whole] = NOWHERE  # while it is asked for by way of itself
        scope.sets[whole] = _put_into(whole, scope)
    return scope.sets[whole]


def _put_by(method: Method, name: str, scope: Scope) -> Paths:
    """Where sets are in what a method puts into an attribute of the object that it belongs to."""
    inside = _inside(method, scope)
    return NOWHERE if inside is None else _kept_by(inside.parameters[0], name, inside)


def _in_function(method: Method, scope: Scope) -> Paths:
    """Where sets are in what a function or a method gives, by its annotation, or else by what it returns or yields."""
    annotation = hints(method.function).get("return", NO_TYPE)
    inside = _inside(method, scope) if annotation is NO_TYPE or hides(annotation) else None
    found = NOWHERE if annotation is NO_TYPE else of_type(annotation)
    if inside is None:
        return found
    given = [(each, sets_in(each.value, inside)) for each in yielded(inside.syntax) if each.value is not None]
    parts = [below(ANY, paths) if isinstance(each, ast.Yield) else elements(paths) for each, paths in given]
    return found | union(parts) | union(sets_in(value, inside) for value in returned(inside.syntax))


def _inside(method: Method, scope: Scope) -> Scope | None:
    if not isinstance(method.function, FunctionType):
        return None
    inside = scope.inside(method.function)
    if inside is None or method.receiver is None:
        return inside
    return scope.inside(method.function, dict.fromkeys(inside.parameters[:1], method.receiver))


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


def _in_result(call: ast.Call, scope: Scope) -> Paths:
    """Where sets are in what a call gives."""
    target = unwrapped(scope.resolve(call.func))
    if target in (set, frozenset):
        return ITSELF
    if isinstance(call.func, ast.Attribute) and (target is UNRESOLVED or not isinstance(target, FunctionType | type)):
        found = _in_result_of_method(call.func.value, call.func.attr, call.args, scope)
        if found:
            return found
    if isinstance(target, FunctionType):
        return _in_function(Method(target, None), scope)
    kind = scope.type_of(call.func.value) if isinstance(call.func, ast.Attribute) else NO_TYPE
    if isinstance(call.func, ast.Attribute) and isinstance(kind, type) and scope.sources.class_(kind) is not None:
        return union(_in_function(each, scope) for each in methods_in(member(kind, call.func.attr), kind))
    return _in_result_of_library(target, call, scope)


def _in_result_of_method(receiver: ast.expr, method: str, arguments: list[ast.expr], scope: Scope) -> Paths:
    if method == "fromkeys":
        return union(below(VALUE, sets_in(each, scope)) for each in arguments[1:])
    found = sets_in(receiver, scope)
    if method in purity.SET_METHODS:
        return found
    if method in {"values", "items"}:
        return values(found) if method == "values" else items(found)
    if method in {"get", "pop", "setdefault"}:
        return item(found) | union(sets_in(each, scope) for each in arguments[1:])
    return frozenset(path[1:] for path in items(found)) if method == "popitem" else NOWHERE


def _in_result_of_library(target: object, call: ast.Call, scope: Scope) -> Paths:
    given = [sets_in(each, scope) for each in call.args if not isinstance(each, ast.Starred)]
    if target in (collections.defaultdict, dict, collections.OrderedDict):
        named = union(below(VALUE, sets_in(each.value, scope)) for each in call.keywords if each.arg)
        made = _made(call.args[0], scope) if target is collections.defaultdict and call.args else NOWHERE
        return named | below(VALUE, made) | union(given)
    if target in _SAME_ELEMENTS:
        return union(map(elements, given))
    if target in _ONE_ELEMENT:
        return union(map(element, given))
    if target is enumerate:
        return union(below(ANY, below(1, element(each))) for each in given)
    if target is zip:
        return union(below(ANY, below(number, element(each))) for number, each in enumerate(given))
    return union(given) if target in (copy.copy, copy.deepcopy) else NOWHERE


def _made(factory: ast.expr, scope: Scope) -> Paths:
    """Where sets are in what a factory makes."""
    if isinstance(factory, ast.Lambda):
        return sets_in(factory.body, scope)
    return ITSELF if scope.resolve(factory) in (set, frozenset) else NOWHERE


def _is_view(expression: ast.expr) -> bool:
    """`d.keys()`: operators on the keys of a mapping give a set."""
    return (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Attribute)
        and expression.func.attr in {"keys", "items"}
        and not expression.args
    )
