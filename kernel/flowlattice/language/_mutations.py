"""Which global names of a file stand for objects that its functions change; what only loading fills is a constant."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from flowlattice.language import purity
from flowlattice.language._names import FUNCTIONS, FunctionSyntax, names_of, returned


def changed_names(tree: ast.Module, functions: Iterable[Sequence[ast.AST]]) -> frozenset[str]:
    """The names whose objects some function of a file changes in place or rebinds.

    Args:
        tree: The file.
        functions: Its functions, each with all that is in it.
    """
    given = {part.name: list(returned(part)) for part in tree.body if isinstance(part, FUNCTIONS)}
    return frozenset(name for parts in functions for name in _changed_in(parts, given))


def _changed_in(parts: Sequence[ast.AST], given: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The names from outside one function whose objects it changes, by that name or by another.

    Args:
        parts: The function and all that is in it.
        given: What the functions of its file return.
    """
    yield from (name for part in parts if isinstance(part, ast.Global) for name in part.names)
    roots = [root for part in parts if (changed := _changed(part)) is not None for root in _roots(changed, given)]
    if not roots:
        return
    function = parts[0]
    outside = names_of(function).outside if isinstance(function, FunctionSyntax) else frozenset()
    aliases: dict[str, list[ast.expr]] = {}
    for name, value in (pair for part in parts for pair in _named(part)):
        aliases.setdefault(name, []).append(value)
    own = {part for part in parts if isinstance(part, ast.Name)} - outside
    for root in roots:
        for value in aliases.get(root.id, []) if root in own else [root]:
            yield from (name.id for name in _roots(value, given) if name not in own)


def _named(part: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a piece of syntax gives to objects, with what stands for these."""
    match part:
        case ast.Assign(targets, value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.NamedExpr(ast.Name(name), value) | ast.For(ast.Name(name), value):
            yield name, value


def _changed(part: ast.AST) -> ast.expr | None:
    """The expression whose object one piece of syntax changes."""
    if isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
        return part.value
    is_method = isinstance(part, ast.Attribute) and part.attr in purity.MUTATORS
    return part.value if isinstance(part, ast.Attribute) and is_method else None


def _roots(part: ast.expr, given: dict[str, list[ast.expr]]) -> Iterator[ast.Name]:
    """The names at the start of `name.a[0].b`, of the branches of an expression, and of what a function returns."""
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
            yield from (each for each in given.get(function, []) if isinstance(each, ast.Name))
            return
        case _:
            return
    for each in inner:
        yield from _roots(each, given)
