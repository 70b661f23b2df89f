"""Which global names of a file stand for objects that its functions change; what only loading fills is a constant."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from flowlattice.language import purity
from flowlattice.language._bindings import argument_of
from flowlattice.language._names import FUNCTIONS, FunctionSyntax, arguments_of, is_rebound, names_of, returned
from flowlattice.language._passing import called_name, passed

_PARTS: Final = frozenset({"get", "setdefault", "values", "items", "pop"})


def changed_names(tree: ast.Module, functions: Iterable[Sequence[ast.AST]]) -> frozenset[str]:
    """The names whose objects some function of a file changes in place or rebinds.

    Args:
        tree: The file.
        functions: Its functions, each with all that is in it, itself first.
    """
    file = _File(
        given={part.name: list(returned(part)) for part in tree.body if isinstance(part, FUNCTIONS)},
        parameters={part.name: _parameters(part) for part in tree.body if isinstance(part, FUNCTIONS)},
    )
    read = [_Function(parts[0], parts, file) for parts in functions if isinstance(parts[0], FunctionSyntax)]
    while any([function.learn() for function in read]):  # noqa: C419 - each of them, each time
        pass
    return frozenset(name for function in read for name in function.outer_names())


@dataclass
class _File:
    """What a file's functions return, what their parameters are, and which of these they are known to change."""

    given: dict[str, list[ast.expr]]
    parameters: dict[str, list[str]]
    changed: dict[str, set[str]] = field(default_factory=dict)

    def handed(self, call: ast.Call) -> Iterator[ast.expr]:
        """The arguments of a call that the function changes, be it called or handed on to one of the library."""
        if isinstance(call.func, ast.Name):
            names = self.parameters.get(call.func.id, [])
            for name in self.changed.get(call.func.id, ()):
                argument = argument_of(call, names.index(name), name)
                yield from () if argument is None else (argument,)
            if self.changed.get(call.func.id):
                yield from (part.value for part in call.args if isinstance(part, ast.Starred))
        for each in passed(call, called_name(call)):
            name = each.function.id if isinstance(each.function, ast.Name) else ""
            known = [
                (at, one) for at, one in enumerate(self.parameters.get(name, ())) if one in self.changed.get(name, ())
            ]
            if any(each.parameter in (None, *one) for one in known):
                yield each.source


class _Function:
    """One function: which objects it changes, by their names or by other ones.

    Args:
        syntax: The function.
        parts: All that is in it.
        file: What is known of the file's functions.
    """

    def __init__(self, syntax: FunctionSyntax, parts: Sequence[ast.AST], file: _File) -> None:
        self._syntax = syntax
        self._file = file
        self._parts = parts
        self._aliases: dict[str, list[ast.expr]] = {}
        for name, value in (pair for part in self._parts for pair in _named(part)):
            self._aliases.setdefault(name, []).append(value)

    def outer_names(self) -> Iterator[str]:
        """The names from outside whose objects it changes, or that it rebinds."""
        yield from (name for part in self._parts if isinstance(part, ast.Global) for name in part.names)
        roots = self._changed()
        if not roots:
            return
        outside = names_of(self._syntax).outside
        own = {part for part in self._parts if isinstance(part, ast.Name)} - outside
        for root in roots:
            for value in self._aliases.get(root.id, []) if root in own else [root]:
                yield from (name.id for name in self._roots(value) if name not in own)

    def learn(self) -> bool:
        """Note the parameters that it changes; whether there is one that was not known."""
        if isinstance(self._syntax, ast.Lambda) or self._syntax.name not in self._file.parameters:
            return False
        known = self._file.changed.setdefault(self._syntax.name, set())
        named = {root.id for root in self._changed() if not is_rebound(root, self._syntax)}
        aliased = [value for root in self._changed() for value in self._aliases.get(root.id, ())]
        named |= {each.id for value in aliased for each in self._roots(value)}
        found = named & set(self._file.parameters[self._syntax.name])
        is_new = not found <= known
        known |= found
        return is_new

    def _changed(self) -> list[ast.Name]:
        """The names at the start of what it changes."""
        found = [changed for part in self._parts if (changed := _changed(part)) is not None]
        found += [each for part in self._parts if isinstance(part, ast.Call) for each in self._file.handed(part)]
        return [root for each in found for root in self._roots(each)]

    def _roots(self, part: ast.expr) -> Iterator[ast.Name]:
        """The names at the start of `name.a[0].b`, of an expression's branches, and of what a function returns."""
        match part:
            case ast.Name():
                yield part
                return
            case ast.Subscript(_, ast.Slice()):
                return  # a copy
            case ast.Subscript(value) | ast.Attribute(value) | ast.NamedExpr(_, value):
                inner = [value]
            case ast.IfExp(_, body, orelse):
                inner = [body, orelse]
            case ast.BoolOp(_, values) | ast.List(values) | ast.Tuple(values):
                inner = values
            case ast.Call(ast.Name(function)):
                yield from (each for each in self._file.given.get(function, []) if isinstance(each, ast.Name))
                return
            case ast.Call(ast.Attribute(value, method)) if method in _PARTS:
                inner = [value]
            case _:
                return
        for each in inner:
            yield from self._roots(each)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [argument.arg for argument in arguments_of(function)]


def _named(part: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a piece of syntax gives to objects, with what stands for these."""
    match part:
        case ast.Assign(targets, value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.NamedExpr(ast.Name(name), value):
            yield name, value
        case ast.For(target, value) | ast.comprehension(target, value):
            yield from ((each.id, value) for each in ast.walk(target) if isinstance(each, ast.Name))


def _changed(part: ast.AST) -> ast.expr | None:
    """The expression whose object one piece of syntax changes."""
    if isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
        return part.value
    is_method = isinstance(part, ast.Attribute) and part.attr in purity.MUTATORS
    return part.value if isinstance(part, ast.Attribute) and is_method else None
