"""Which global names of a file stand for objects that its functions change; what only loading fills is a constant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from flowlattice.language import purity

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def changed_names(tree: ast.Module) -> frozenset[str]:
    """The names whose objects some function of a file changes in place or rebinds."""
    functions = [part for part in ast.walk(tree) if isinstance(part, _FUNCTIONS)]
    inner = {id(part) for function in functions for part in ast.walk(function) if part is not function}
    outermost = [function for function in functions if id(function) not in inner]
    return frozenset(name for function in outermost for part in ast.walk(function) for name in _changed(part))


def _changed(part: ast.AST) -> Iterator[str]:
    """The names that stand for objects that one piece of syntax changes."""
    if isinstance(part, ast.Global):
        yield from part.names
    elif isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
        yield from _root(part)
    elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in purity.MUTATORS:
        yield from _root(part.func)


def _root(part: ast.expr) -> Iterator[str]:
    while isinstance(part, ast.Subscript | ast.Attribute):
        part = part.value
    if isinstance(part, ast.Name):
        yield part.id
