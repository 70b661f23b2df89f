"""What the names and expressions of a function denote, as far as that can be known without running it."""

from __future__ import annotations

import ast
import builtins
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Final

from flowlattice.capabilities import CapabilityType, HttpResponse, Refined, capability_type
from flowlattice.language._holding import Paths
from flowlattice.language._names import FunctionSyntax, arguments_of, returned
from flowlattice.language.annotations import NO_TYPE, evaluated, hints, metadata, outer_names, without_metadata
from flowlattice.language.nodes import Node
from flowlattice.language.sources import SourceFiles

UNRESOLVED: Final = object()
JUDGED: Final = object()
"""Stands for a function that is written out where it is handed on: its body is read there."""

_DEEPEST: Final = 6
_GIVES_TEXT: Final = frozenset(
    "capitalize casefold center expandtabs format join ljust lower lstrip replace removeprefix removesuffix rjust "
    "rstrip strip swapcase title translate upper zfill".split()
)
_GIVES_TEXTS: Final = frozenset({"split", "rsplit", "splitlines"})
_DISPLAYS: Final[tuple[tuple[type[ast.expr], type], ...]] = (
    (ast.JoinedStr, str),
    (ast.List, list),
    (ast.ListComp, list),
    (ast.Dict, dict),
    (ast.DictComp, dict),
    (ast.Tuple, tuple),
)


@dataclass(frozen=True)
class Capability:
    """A capability as it is known inside a function: its name there, its type, what is asked of it."""

    binding: str
    declared: CapabilityType
    refined: Refined
    protocol: type


@dataclass(frozen=True)
class Given:
    """What a caller is known to hand over for a parameter: one of some objects, or something of a type.

    `outside` says that it is there before and after the call, or a part of what is; `holds` that its elements are.
    """

    objects: tuple[object, ...] = ()
    type: object = NO_TYPE
    outside: bool = False
    holds: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """The same for what is the same; objects count by identity."""
        return (
            id(self.type),
            self.outside,
            self.holds,
            *(tuple(map(id, o)) if isinstance(o, tuple) else id(o) for o in self.objects),
        )


class Scope:
    """The names of one function: which are local, what the others are bound to, and which types are known.

    `sets` and `elements` keep what was found out about the local names, `attributes` about those of objects (`_sets`).
    """

    def __init__(
        self,
        function: FunctionType,
        syntax: FunctionSyntax,
        sources: SourceFiles,
        given: Mapping[str, Given] | None = None,
        *,
        outer: Scope | None = None,
    ) -> None:
        self.function = function
        self.syntax = syntax
        self.sources = sources
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.given = dict(given or {})
        self.filename = function.__code__.co_filename
        self.outer = outer_names(function)
        self.parameters = [argument.arg for argument in arguments_of(syntax)]
        self.sets: dict[str, Paths] = {}
        self.attributes: dict[tuple[type, str], Paths] = {} if outer is None else outer.attributes
        self.elements: dict[str, type | None] = {}
        self._names, bindings = sources.names(syntax), sources.bindings(syntax)
        self.unpacked, self.filled = bindings.unpacked, bindings.filled
        self.taken = bindings.taken
        self.assigned, self.iterated, self.nested = bindings.assigned, bindings.iterated, bindings.nested
        self._types = {name: type_ for name, type_ in sources.hints(function).items() if name in self.parameters}
        for name, annotation in bindings.annotated.items():
            self._types.setdefault(name, evaluated(ast.unparse(annotation), self.outer))
        for name, handed in self.given.items():
            is_same = without_metadata(handed.type) is without_metadata(self._types.get(name))  # but pinned, perhaps
            if handed.type is not NO_TYPE and (is_same or name not in self._types):
                self._types[name] = handed.type

    def is_local(self, name: ast.Name) -> bool:
        """Whether a name, where it is written, is one of the function's own."""
        return name.id in self._names.bound and name not in self._names.outside

    def resolve(self, expression: ast.expr) -> object:
        """The object that an expression denotes before the function runs, or `UNRESOLVED`."""
        if isinstance(expression, ast.Name):
            if not self.is_local(expression):
                return self.outer.get(expression.id, getattr(builtins, expression.id, UNRESOLVED))
            handed = self.given.get(expression.id)
            is_one = handed is not None and len(handed.objects) == 1 and expression.id not in self.assigned
            return handed.objects[0] if handed and is_one and handed.objects[0] is not JUDGED else UNRESOLVED
        if isinstance(expression, ast.Attribute) and not expression.attr.startswith("__"):
            base = self.resolve(expression.value)
            if isinstance(base, ModuleType | type | Node):
                return getattr(base, expression.attr, UNRESOLVED)
            if base is not UNRESOLVED:
                return _kept(base, expression.attr)
        return UNRESOLVED

    def root(self, expression: ast.expr) -> ast.Name | None:
        """The name at the start of `name.a[0].b`; none for other expressions."""
        while isinstance(expression, ast.Attribute | ast.Subscript | ast.Starred):
            expression = expression.value
        return expression if isinstance(expression, ast.Name) else None

    def type_of(self, expression: ast.expr, depth: int = 0) -> object:
        """The type of an expression where annotations say it, without metadata, or `NO_TYPE`."""
        if depth > _DEEPEST:  # chains of assignments can be circular
            return NO_TYPE
        return without_metadata(self._type_of(expression, depth + 1))

    def _type_of(self, expression: ast.expr, depth: int) -> object:
        if isinstance(expression, ast.Await | ast.NamedExpr):
            return self.type_of(expression.value, depth)
        if isinstance(expression, ast.Constant):
            return type(expression.value)
        if isinstance(expression, ast.Name):
            return self._type_of_name(expression, depth)
        if isinstance(expression, ast.Attribute):
            found = attribute_type(self.type_of(expression.value, depth), expression.attr)
            return self._type_of_object(expression) if found is NO_TYPE else found
        if isinstance(expression, ast.Subscript):
            return element_type(self.type_of(expression.value, depth))
        if isinstance(expression, ast.Call):
            return self._type_of_call(expression)
        return next((kind for form, kind in _DISPLAYS if isinstance(expression, form)), NO_TYPE)

    def _type_of_call(self, call: ast.Call) -> object:
        target = self.resolve(call.func)
        target = target.function if isinstance(target, Node) else target
        if isinstance(target, type):
            return NO_TYPE if target is type else target
        if isinstance(target, FunctionType):
            return self._type_returned(target)
        if isinstance(call.func, ast.Attribute) and target is UNRESOLVED:
            return self._type_of_method(call.func, call.args)
        return list if target is sorted else NO_TYPE

    def _type_of_method(self, method: ast.Attribute, given: list[ast.expr]) -> object:
        owner = self.type_of(method.value)
        if owner is str:
            return str if method.attr in _GIVES_TEXT else list[str] if method.attr in _GIVES_TEXTS else NO_TYPE
        if owner is HttpResponse and method.attr == "read" and len(given) == 1:
            into = self.resolve(given[0])
            return into if isinstance(into, type) else NO_TYPE
        called = getattr(owner, method.attr, None)
        if isinstance(called, FunctionType) and (owner is HttpResponse or capability_type(owner) is not None):
            found = hints(called).get("return", NO_TYPE)
            return found if found is HttpResponse else NO_TYPE
        return NO_TYPE

    def _type_returned(self, function: FunctionType) -> object:
        found = self.sources.hints(function).get("return", NO_TYPE)
        inside = self.inside(function) if found is NO_TYPE else None
        if inside is None:
            return found
        kinds = {inside.type_of(value) for value in returned(inside.syntax)}
        return kinds.pop() if len(kinds) == 1 else NO_TYPE

    def inside(self, function: FunctionType, given: Mapping[str, Given] | None = None) -> Scope | None:
        """The names of another function of the flow; none if it is not the flow's, or this was done too often."""
        syntax = self.sources.function(function) if self.depth < _DEEPEST else None
        return None if syntax is None else Scope(function, syntax, self.sources, given, outer=self)

    def capability(self, expression: ast.expr) -> Capability | None:
        """The capability that an expression denotes."""
        found = self.type_of(expression)
        declared = capability_type(found)
        if declared is None or not isinstance(found, type):
            return None
        root = self.root(expression)
        name = ast.unparse(expression) if root is None else root.id
        return Capability(name, declared, declared.refine(metadata(self.annotation_of(expression))), found)

    def annotation_of(self, expression: ast.expr, depth: int = 0) -> object:
        """The same as the type, but with what stands beside it in `Annotated`, where names lead to that."""
        if depth < _DEEPEST and isinstance(expression, ast.Name) and self.is_local(expression):
            values = self.assigned.get(expression.id, [])
            if expression.id in self._types:
                return self._types[expression.id]
            if len(values) == 1 and values[0] is not None:
                return self.annotation_of(values[0], depth + 1)
        return self.type_of(expression)

    def _type_of_name(self, name: ast.Name, depth: int) -> object:
        if not self.is_local(name):
            return self._type_of_object(name)
        if name.id in self._types:
            return self._types[name.id]
        values, sources = self.assigned.get(name.id, []), self.iterated.get(name.id, [])
        if len(values) == 1 and values[0] is not None and not sources:
            return self.type_of(values[0], depth)
        if not values and len(sources) == 1:
            return element_type(self.type_of(sources[0], depth))
        handed = self.resolve(name)
        return NO_TYPE if handed is UNRESOLVED or values else type(handed)

    def _type_of_object(self, expression: ast.expr) -> object:
        """The type of an object that lives outside; of functions, types and modules nothing is said."""
        found = self.resolve(expression)
        return NO_TYPE if found is UNRESOLVED or isinstance(found, _NO_DATA) else type(found)


_NO_DATA: Final = (FunctionType, ModuleType, type, Node)


def _kept(owner: object, attribute: str) -> object:
    """What an object keeps that can be called, such as the function that a decorator was given."""
    found = getattr(owner, "__dict__", {}).get(attribute, UNRESOLVED)
    return found if callable(found) and not isinstance(owner, FunctionType) else UNRESOLVED


def attribute_type(owner: object, attribute: str) -> object:
    """The declared type of a class's field, or of the constructor's parameter of its name; else `NO_TYPE`."""
    if not isinstance(owner, type):
        return NO_TYPE
    fields = getattr(owner, "model_fields", None)
    if isinstance(fields, dict) and attribute in fields:
        return without_metadata(fields[attribute].annotation)
    for base in owner.__mro__:
        annotations = vars(base).get("__annotations__")
        if isinstance(annotations, dict) and attribute in annotations:
            module = sys.modules.get(base.__module__)
            return evaluated(annotations[attribute], {} if module is None else vars(module))
    constructor = vars(owner).get("__init__")
    return hints(constructor).get(attribute, NO_TYPE) if isinstance(constructor, FunctionType) else NO_TYPE


def element_type(collection: object) -> object:
    """The type of what iterating or indexing gives: `Order` of `list[Order]` and of `dict[str, Order]`."""
    arguments = [argument for argument in typing.get_args(collection) if argument is not Ellipsis]
    origin = typing.get_origin(collection)
    if len(arguments) == 1 and isinstance(origin, type):
        return arguments[0]
    return NO_TYPE
