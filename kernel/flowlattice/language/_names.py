"""Which names of a function are its own: scopes as Python nests them, comprehensions and functions inside included."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

FunctionSyntax = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BLOCKS: Final = (*FUNCTIONS, ast.Lambda, ast.ClassDef)


def arguments_of(syntax: FunctionSyntax) -> list[ast.arg]:
    """The parameters of a function, in order."""
    arguments = syntax.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return named + [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]


def outside_names(syntax: FunctionSyntax) -> frozenset[ast.Name]:
    """Where a function writes names that neither it nor anything around the place inside it binds."""
    found: set[ast.Name] = set()
    _function(syntax, frozenset(), found)
    return frozenset(found)


def bound_names(syntax: ast.AST) -> Iterator[str]:
    """Names that a function binds, or something inside it."""
    for block in ast.walk(syntax):
        if isinstance(block, FunctionSyntax):
            yield from _bound_in_function(block)
        elif isinstance(block, _COMPREHENSIONS):
            yield from _targets(block)


def _function(syntax: FunctionSyntax, around: frozenset[str], found: set[ast.Name]) -> None:
    header = [*getattr(syntax, "decorator_list", ()), *syntax.args.defaults, *filter(None, syntax.args.kw_defaults)]
    header += [argument.annotation for argument in arguments_of(syntax) if argument.annotation is not None]
    if not isinstance(syntax, ast.Lambda) and syntax.returns is not None:
        header.append(syntax.returns)
    for part in header:
        _visit(part, around, found)
    inner = (around - _global_names(syntax)) | frozenset(_bound_in_function(syntax))
    for part in syntax.body if isinstance(syntax.body, list) else [syntax.body]:
        _visit(part, inner, found)


def _visit(part: ast.AST, bound: frozenset[str], found: set[ast.Name]) -> None:
    if isinstance(part, ast.Name):
        if part.id not in bound:
            found.add(part)
    elif isinstance(part, FunctionSyntax):
        _function(part, bound, found)
    elif isinstance(part, _COMPREHENSIONS):
        _visit(part.generators[0].iter, bound, found)
        inner = bound | frozenset(_targets(part))
        for child in ast.iter_child_nodes(part):
            _visit(child, inner, found)
    else:
        inner = bound | frozenset(_bound_in(part.body)) if isinstance(part, ast.ClassDef) else bound
        for child in ast.iter_child_nodes(part):
            _visit(child, inner, found)


def _targets(part: ast.AST) -> Iterator[str]:
    for generator in getattr(part, "generators", ()):
        yield from (name.id for name in ast.walk(generator.target) if isinstance(name, ast.Name))


def _bound_in_function(syntax: FunctionSyntax) -> Iterator[str]:
    yield from (argument.arg for argument in arguments_of(syntax))
    hidden = _global_names(syntax)
    body = syntax.body if isinstance(syntax.body, list) else [syntax.body]
    yield from (name for name in _bound_in(body) if name not in hidden)


def _global_names(syntax: FunctionSyntax) -> frozenset[str]:
    return frozenset(name for part in _own_parts(syntax) if isinstance(part, ast.Global) for name in part.names)


def _own_parts(part: ast.AST) -> Iterator[ast.AST]:
    """All parts of a block but those of the blocks inside it."""
    for child in ast.iter_child_nodes(part):
        yield child
        if not isinstance(child, _BLOCKS):
            yield from _own_parts(child)


def _bound_in(body: Iterable[ast.AST]) -> Iterator[str]:
    """Names that statements bind where they stand; a comprehension's own do not count, `:=` inside one does."""
    for part in body:
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, (*FUNCTIONS, ast.ClassDef)):
            yield part.name
            continue
        elif isinstance(part, ast.Lambda):
            continue
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest
        if isinstance(part, ast.comprehension):
            yield from _bound_in([part.iter, *part.ifs])
        else:
            yield from _bound_in(ast.iter_child_nodes(part))
