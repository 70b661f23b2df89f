"""Which global names of a file stand for objects that its functions change; what only loading fills is a constant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowlattice.language import purity
from flowlattice.language._names import FunctionSyntax, names_of


def changed_names(tree: ast.Module) -> frozenset[str]:
    """The names whose objects some function of a file changes in place or rebinds."""
    functions = (part for part in ast.walk(tree) if isinstance(part, FunctionSyntax))
    return frozenset(name for function in functions for name in _changed_in(function))


def _changed_in(function: FunctionSyntax) -> Iterator[str]:
    """The names from outside one function whose objects it changes, by that name or by another."""
    parts = list(ast.walk(function))
    yield from (name for part in parts if isinstance(part, ast.Global) for name in part.names)
    roots = [root for part in parts if (root := _root(_changed(part))) is not None]
    if not roots:
        return
    outside = names_of(function).outside
    aliases = {
        target.id: part.value
        for part in parts
        if isinstance(part, ast.Assign)
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    for root in roots:
        named = root if root in outside else _root(aliases.get(root.id))
        if named in outside:
            yield named.id


def _changed(part: ast.AST) -> ast.expr | None:
    """The expression whose object one piece of syntax changes."""
    if isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
        return part
    is_method = isinstance(part, ast.Attribute) and part.attr in purity.MUTATORS
    return part.value if isinstance(part, ast.Attribute) and is_method else None


def _root(part: ast.expr | None) -> ast.Name | None:
    while isinstance(part, ast.Subscript | ast.Attribute):
        part = part.value
    return part if isinstance(part, ast.Name) else None
