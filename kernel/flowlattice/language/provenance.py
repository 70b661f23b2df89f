"""Where the fields of a node's output come from: which fields of its input, and whether a clock or randomness.

The analysis follows assignments inside one function and ignores the order of statements and the conditions around
them; it errs towards more sources. It is what the checker uses to find key fields that change from run to run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Final, get_args

from pydantic import BaseModel

from flowlattice.language._objects import knowledge, unwrapped
from flowlattice.language._scope import UNRESOLVED, Scope
from flowlattice.language.annotations import hints, without_metadata
from flowlattice.language.reading import read
from flowlattice.language.sources import SourceFiles
from flowlattice.lattice import Determinism

UNSTABLE: Final = "!"
"""A clock or a random source."""
WHOLE: Final = "*"
"""The whole input, not one field of it."""

_DEEPEST: Final = 8


def derivations(
    function: Callable[..., object], sources: SourceFiles, *, parameter: int = 0, items: bool = False
) -> dict[str, tuple[str, ...]]:
    """The sources of each output field, by its name on the wire; empty where the output is no record of the flow.

    Args:
        function: The function.
        sources: The flow's files.
        parameter: Which of its parameters is the input.
        items: Whether the output is each item of what it returns.
    """
    target = unwrapped(function)
    syntax = sources.function(target) if isinstance(target, FunctionType) else None
    if syntax is None or not isinstance(target, FunctionType):
        return {}
    returned = without_metadata(hints(target).get("return"))
    if items:
        returned = next(iter(get_args(returned)), returned)
    if not (isinstance(returned, type) and issubclass(returned, BaseModel)):
        return {}
    trace = _Trace(Scope(target, syntax, sources), sources, parameter)
    found: dict[str, set[str]] = {name: set() for name in returned.model_fields}
    for result in _results(sources.parts(syntax)):
        for value in trace.items(result) if items else [result]:
            for name, origins in trace.fields(value, tuple(returned.model_fields)).items():
                found.setdefault(name, set()).update(origins)
    wire = {name: info.alias or name for name, info in returned.model_fields.items()}
    return {wire.get(name, name): tuple(sorted(origins)) for name, origins in found.items()}


class _Trace:
    """The sources of expressions in one function."""

    def __init__(self, scope: Scope, sources: SourceFiles, parameter: int) -> None:
        self._scope = scope
        self._sources = sources
        self._input = scope.parameters[parameter] if parameter < len(scope.parameters) else ""
        taken = scope.type_of(ast.Name(self._input, ast.Load()))
        fields = taken.model_fields if isinstance(taken, type) and issubclass(taken, BaseModel) else {}
        self._wire = {name: info.alias or name for name, info in fields.items()}
        self._assigned: dict[str, list[ast.expr]] = {}
        parts = sources.parts(scope.syntax)
        for part in parts:
            for target, value in _assignments(part):
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        self._assigned.setdefault(name.id, []).append(value)
        self._added = list(_additions(parts))
        self._unstable = sources.unstable
        self._of_name: dict[str, set[str]] = {name: set() for name in self._assigned}
        while self._follow():
            pass

    def fields(self, value: ast.expr, names: Sequence[str], depth: int = 0) -> dict[str, set[str]]:
        """The sources of the fields of a record that an expression makes."""
        if self._is_input(value):
            return {name: {self._wire.get(name, name)} for name in names}
        if isinstance(value, ast.IfExp):
            ways = [self.fields(way, names, depth) for way in (value.body, value.orelse)]
            asked = self.origins(value.test)
            return {name: asked.union(*(way.get(name, set()) for way in ways)) for name in names}
        if isinstance(value, ast.Name) and len(self._assigned.get(value.id, ())) == 1 and depth < _DEEPEST:
            return self.fields(self._assigned[value.id][0], names, depth + 1)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "model_copy":
            changed = next((keyword.value for keyword in value.keywords if keyword.arg == "update"), ast.Dict([], []))
            return self._overlaid(self.fields(value.func.value, names, depth), changed)
        if isinstance(value, ast.Call) and isinstance(self._scope.resolve(value.func), type) and not value.args:
            return self._made(value, names, depth)
        whole = self.origins(value)
        return dict.fromkeys(names, whole)

    def items(self, value: ast.expr, depth: int = 0) -> list[ast.expr]:
        """The expressions that make the items of a sequence; the sequence itself where they cannot be told apart."""
        if isinstance(value, ast.ListComp | ast.GeneratorExp):
            return [value.elt]
        if isinstance(value, ast.List | ast.Tuple):
            return list(value.elts)
        if isinstance(value, ast.IfExp):
            return self.items(value.body, depth) + self.items(value.orelse, depth)
        if isinstance(value, ast.Call) and self._scope.resolve(value.func) in (list, tuple) and len(value.args) == 1:
            return self.items(value.args[0], depth)
        if isinstance(value, ast.Name) and value.id in self._assigned and depth < _DEEPEST:
            begun = [item for made in self._assigned[value.id] for item in self.items(made, depth + 1)]
            return begun + [added for name, added in self._added if name == value.id]
        return [value]

    def _follow(self) -> bool:
        """Follow every assignment once; whether that added a source to a name."""
        before = sum(map(len, self._of_name.values()))
        for name, values in self._assigned.items():
            self._of_name[name].update(*(self.origins(value) for value in values))
        return sum(map(len, self._of_name.values())) > before

    def _made(self, call: ast.Call, names: Sequence[str], depth: int) -> dict[str, set[str]]:
        """The fields of `Record(a=..., **rest)`."""
        found: dict[str, set[str]] = {name: set() for name in names}
        for keyword in call.keywords:
            if keyword.arg is not None:
                continue
            rest = keyword.value
            if isinstance(rest, ast.Call) and isinstance(rest.func, ast.Attribute) and rest.func.attr == "model_dump":
                found |= self.fields(rest.func.value, names, depth)
            else:
                found = self._overlaid(found, rest)
        return found | {str(k.arg): self.origins(k.value) for k in call.keywords if k.arg is not None}

    def _overlaid(self, fields: dict[str, set[str]], changed: ast.expr) -> dict[str, set[str]]:
        """The fields after those of a mapping were put over them."""
        if isinstance(changed, ast.Dict) and all(isinstance(key, ast.Constant) for key in changed.keys):
            keys = [str(key.value) for key in changed.keys if isinstance(key, ast.Constant)]
            return fields | {key: self.origins(value) for key, value in zip(keys, changed.values, strict=True)}
        anything = self.origins(changed)
        return {name: origins | anything for name, origins in fields.items()}

    def origins(self, expression: ast.AST) -> set[str]:
        """The sources of an expression."""
        if isinstance(expression, ast.Attribute) and self._is_input(expression.value):
            return {self._wire.get(expression.attr, expression.attr)}
        if isinstance(expression, ast.Name):
            return {WHOLE} if self._is_input(expression) else set(self._of_name.get(expression.id, ()))
        parts: list[ast.AST] = list(ast.iter_child_nodes(expression))
        found: set[str] = set()
        if isinstance(expression, ast.Call):
            found = {UNSTABLE} if self._is_unstable(expression) else set()
            if isinstance(expression.func, ast.Attribute) and self._is_input(expression.func.value):
                found.add(WHOLE)  # a method of the input sees all of it
                parts.remove(expression.func)
        return found.union(*(self.origins(part) for part in parts))

    def _is_input(self, expression: ast.expr) -> bool:
        return isinstance(expression, ast.Name) and expression.id == self._input

    def _is_unstable(self, call: ast.Call) -> bool:
        if isinstance(call.func, ast.Attribute):
            used = self._scope.capability(call.func.value)
            if used is not None:
                return used.declared.determinism is Determinism.NONDETERMINISTIC
        target = unwrapped(self._scope.resolve(call.func))
        if isinstance(target, FunctionType) and self._sources.owns(target.__code__.co_filename):
            if target not in self._unstable:
                place = self._sources.place(self._scope.filename, call)
                found = read(target, self._sources, place=place).determinism
                self._unstable[target] = found is Determinism.NONDETERMINISTIC
            return self._unstable[target]
        known = None if target is UNRESOLVED else knowledge(target)
        return known is not None and known.determinism is Determinism.NONDETERMINISTIC


def _results(parts: Sequence[ast.AST]) -> Iterator[ast.expr]:
    if isinstance(parts[0], ast.Lambda):
        yield parts[0].body
    for part in parts:
        if isinstance(part, (ast.Return, ast.Yield)) and part.value is not None:
            yield part.value


def _additions(parts: Sequence[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """What is appended to lists, by their names."""
    for part in parts:
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[added]):
                yield name, added


def _assignments(part: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(part, ast.Assign):
        yield from ((target, part.value) for target in part.targets)
    elif isinstance(part, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and part.value is not None:
        yield part.target, part.value
    elif isinstance(part, ast.For | ast.AsyncFor | ast.comprehension):
        yield part.target, part.iter
    elif isinstance(part, ast.withitem) and part.optional_vars is not None:
        yield part.optional_vars, part.context_expr
