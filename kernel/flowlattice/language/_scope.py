"""What the names and expressions of a function denote, as far as that can be known without running it."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Final

from flowlattice.capabilities import CapabilityType, capability_type
from flowlattice.language.annotations import NO_TYPE, evaluated, hints, outer_names, without_metadata
from flowlattice.language.nodes import Node
from flowlattice.language.sources import FunctionSyntax, arguments_of

UNRESOLVED: Final = object()


@dataclass(frozen=True)
class Capability:
    """A capability as it is known inside a function: its name there, its statement, its protocol."""

    binding: str
    declared: CapabilityType
    protocol: type


class Scope:
    """The names of one function: which are local, what the others are bound to, and which types are known.

    `sets` and `elements` keep what was found out about the local names (`_sets`).
    """

    def __init__(self, function: FunctionType, syntax: FunctionSyntax) -> None:
        self.function = function
        self.syntax = syntax
        self.filename = function.__code__.co_filename
        self.outer = outer_names(function)
        self.parameters = [argument.arg for argument in arguments_of(syntax)]
        self.locals = set(_bound_names(syntax)) | set(self.parameters)
        self.nested = {part.name for part in ast.walk(syntax) if isinstance(part, _FUNCTIONS) and part is not syntax}
        self.assigned: dict[str, list[ast.expr | None]] = {}
        self.sets: dict[str, bool] = {}
        self.elements: dict[str, type | None] = {}
        self._types = {name: type_ for name, type_ in hints(function).items() if name in self.parameters}
        for part in ast.walk(syntax):
            self._remember(part)
        for name in [name for name, values in self.assigned.items() if _all_lambdas(values)]:
            self.nested.add(name)

    def resolve(self, expression: ast.expr) -> object:
        """The object that an expression denotes before the function runs, or `UNRESOLVED`."""
        if isinstance(expression, ast.Name):
            if expression.id in self.locals:
                return UNRESOLVED
            return self.outer.get(expression.id, getattr(builtins, expression.id, UNRESOLVED))
        if isinstance(expression, ast.Attribute) and not expression.attr.startswith("__"):
            base = self.resolve(expression.value)
            if isinstance(base, ModuleType | type | Node):
                return getattr(base, expression.attr, UNRESOLVED)
        return UNRESOLVED

    def root(self, expression: ast.expr) -> str | None:
        """The name at the start of `name.a[0].b`; none for other expressions."""
        while isinstance(expression, ast.Attribute | ast.Subscript | ast.Starred):
            expression = expression.value
        return expression.id if isinstance(expression, ast.Name) else None

    def type_of(self, expression: ast.expr, depth: int = 0) -> object:
        """The type of an expression where annotations say it, without metadata, or `NO_TYPE`."""
        if depth > 8:  # chains of assignments can be circular
            return NO_TYPE
        found: object = NO_TYPE
        if isinstance(expression, ast.Await):
            return self.type_of(expression.value, depth + 1)
        if isinstance(expression, ast.Name):
            found = self._type_of_name(expression.id, depth)
        elif isinstance(expression, ast.Attribute):
            found = field_type(self.type_of(expression.value, depth + 1), expression.attr)
        elif isinstance(expression, ast.Call):
            target = self.resolve(expression.func)
            target = target.function if isinstance(target, Node) else target
            if isinstance(target, type):
                found = target
            elif isinstance(target, FunctionType):
                found = hints(target).get("return", NO_TYPE)
        return without_metadata(found)

    def capability(self, expression: ast.expr) -> Capability | None:
        """The capability that an expression denotes."""
        found = self.type_of(expression)
        declared = capability_type(found)
        if declared is None or not isinstance(found, type):
            return None
        return Capability(self.root(expression) or ast.unparse(expression), declared, found)

    def _type_of_name(self, name: str, depth: int) -> object:
        if name in self._types:
            return self._types[name]
        values = self.assigned.get(name, [])
        if name in self.locals and len(values) == 1 and values[0] is not None:
            return self.type_of(values[0], depth + 1)
        return NO_TYPE

    def _remember(self, part: ast.AST) -> None:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            self._types.setdefault(part.target.id, evaluated(ast.unparse(part.annotation), self.outer))
        values: list[tuple[ast.expr, ast.expr | None]] = []
        if isinstance(part, ast.Assign):
            values = [(target, part.value) for target in part.targets]
        elif isinstance(part, ast.AnnAssign | ast.NamedExpr):
            values = [(part.target, part.value)]
        elif isinstance(part, ast.For | ast.AsyncFor | ast.comprehension):
            values = [(part.target, None)]
        elif isinstance(part, ast.withitem) and part.optional_vars is not None:
            values = [(part.optional_vars, None)]
        elif isinstance(part, ast.AugAssign):
            values = [(part.target, None)]
        for target, value in values:
            if isinstance(target, ast.Name):
                self.assigned.setdefault(target.id, []).append(value)
            else:
                for name in (inner for inner in ast.walk(target) if isinstance(inner, ast.Name)):
                    self.assigned.setdefault(name.id, []).append(None)


def field_type(owner: object, attribute: str) -> object:
    """The declared type of a class's field, or `NO_TYPE`."""
    if not isinstance(owner, type):
        return NO_TYPE
    fields = getattr(owner, "model_fields", None)
    if isinstance(fields, dict) and attribute in fields:
        return without_metadata(fields[attribute].annotation)
    for base in owner.__mro__:
        annotations = vars(base).get("__annotations__", {})
        if attribute in annotations:
            return evaluated(annotations[attribute], vars(_module(base)))
    return NO_TYPE


def _module(kind: type) -> ModuleType:
    return sys.modules.get(kind.__module__, builtins)


_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def _bound_names(syntax: FunctionSyntax) -> Iterator[str]:
    """Names that the function or something inside it binds."""
    global_names = {name for part in ast.walk(syntax) if isinstance(part, ast.Global) for name in part.names}
    for part in ast.walk(syntax):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            if part.id not in global_names:
                yield part.id
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if part is not syntax:
                yield part.name
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            if part.name:
                yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest


def _all_lambdas(values: list[ast.expr | None]) -> bool:
    return all(isinstance(value, ast.Lambda) for value in values)
