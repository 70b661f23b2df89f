"""Rules for what a flow's code defines and captures: the names it gives, and how classes are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowlattice.language.admission import _lists
from flowlattice.language.admission._context import Context
from flowlattice.language.admission._problem import Problem

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Capture = ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping

_PLAIN_NAME = "choose a name without two underscores in front"


def function(node: Definition, context: Context) -> Iterator[Problem]:
    """Special methods are allowed one by one, in classes only."""
    in_class = isinstance(context.file.scopes.parent(node), ast.ClassDef)
    if not (in_class and node.name in _lists.SPECIAL_METHODS):
        yield from identifier(node, node.name)
    if node.returns is not None:
        yield from context.annotations.check(node.returns)


def class_(node: ast.ClassDef, context: Context) -> Iterator[Problem]:
    """Bases are annotations in disguise: generic ones are evaluated."""
    yield from identifier(node, node.name)
    for base in node.bases:
        yield from context.annotations.check(base)
    for keyword in node.keywords:
        if keyword.arg in ("metaclass", None):
            yield Problem(keyword, "a class of a flow has no metaclass", "derive it from Record, or from nothing")


def parameter(node: ast.arg, context: Context) -> Iterator[Problem]:
    """Parameters have plain names and types."""
    yield from identifier(node, node.arg)
    if node.annotation is not None:
        yield from context.annotations.check(node.annotation)


def declaration(node: ast.AnnAssign, context: Context) -> Iterator[Problem]:
    """Fields and variables have types."""
    yield from context.annotations.check(node.annotation)


def keyword(node: ast.keyword, _: Context) -> Iterator[Problem]:
    """Arguments have plain names."""
    yield from identifier(node, node.arg)


def capture(node: Capture, _: Context) -> Iterator[Problem]:
    """What is caught or matched gets plain names."""
    yield from identifier(node, node.rest if isinstance(node, ast.MatchMapping) else node.name)


def outer(node: ast.Global | ast.Nonlocal, _: Context) -> Iterator[Problem]:
    """Names of outer scopes are plain."""
    for name in node.names:
        yield from identifier(node, name)


def identifier(node: ast.AST, name: str | None) -> Iterator[Problem]:
    """A name that code may give."""
    if name is not None and name.startswith("__") and name not in _lists.ASSIGNABLE_SPECIAL_NAMES:
        yield Problem(node, f"{name} is a name of the interpreter's own", _PLAIN_NAME)
