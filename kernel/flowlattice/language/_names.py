"""Which names of a function are its own: scopes as Python nests them, comprehensions and functions inside included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

FunctionSyntax = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Names:
    """The names of one function.

    Attributes:
        outside: Where it writes names that neither it nor anything around the place inside it binds.
        bound: Names that it binds, or something inside it.
    """

    outside: frozenset[ast.Name]
    bound: frozenset[str]


def names_of(syntax: FunctionSyntax) -> Names:
    """The names of a function, found in one walk over it."""
    block = _Block(set())
    block.function(syntax)
    return Names(frozenset(block.names), frozenset(block.every))


def parts_of(syntax: ast.AST) -> list[ast.AST]:
    """A piece of syntax and all that is in it, from the outside in: `ast.walk` as a list, in half the time."""
    found = [syntax]
    for part in found:  # grows while it is read
        for name in part._fields:
            value = getattr(part, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
    return found


def arguments_of(syntax: FunctionSyntax) -> list[ast.arg]:
    """The parameters of a function, in order."""
    arguments = syntax.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return named + [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]


def returned(syntax: ast.AST) -> Iterator[ast.expr]:
    """What a function returns, not what functions inside it do."""
    if isinstance(syntax, ast.Lambda):
        yield syntax.body
        return
    for child in ast.iter_child_nodes(syntax):
        if isinstance(child, ast.Return) and child.value is not None:
            yield child.value
        elif not isinstance(child, FunctionSyntax):
            yield from returned(child)


def is_rebound(name: ast.Name, syntax: FunctionSyntax) -> bool:
    """Whether a parameter's name stands for something else where it is written: `words = list(words)` is before it."""
    body = [] if isinstance(syntax, ast.Lambda) else syntax.body
    return any(
        isinstance(each, ast.Assign)
        and (each.end_lineno or each.lineno) < name.lineno
        and any(isinstance(target, ast.Name) and target.id == name.id for target in each.targets)
        for each in body
    )


def yielded(syntax: ast.AST) -> Iterator[ast.Yield | ast.YieldFrom]:
    """Where a function yields, not where functions inside it do."""
    for child in ast.iter_child_nodes(syntax):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            yield child
        if not isinstance(child, FunctionSyntax):
            yield from yielded(child)


@dataclass
class _Block:
    """What is written in one function, comprehension or class, as far as something around it has to know.

    Attributes:
        every: All names that are bound anywhere, shared by the blocks of one walk.
        names: Where names are written here, and where blocks inside write names that they do not bind.
        bound: Names that are bound here.
        elsewhere: Names that are said to be bound elsewhere, by `global` or `nonlocal`.
        around: The block that `:=` binds in, where that is not this one.
    """

    every: set[str]
    names: list[ast.Name] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    around: _Block | None = None

    def visit(self, part: ast.AST) -> None:
        """Take in a piece of syntax."""
        if isinstance(part, ast.Name):
            self.names.append(part)
            if not isinstance(part.ctx, ast.Load):
                self.bind(part.id)
        elif isinstance(part, FunctionSyntax):
            self.function(part)
        elif isinstance(part, _COMPREHENSIONS):
            self._comprehension(part)
        elif isinstance(part, ast.ClassDef):
            self._class(part)
        else:
            self._other(part)

    def bind(self, name: str) -> None:
        """Take in that a name is bound here."""
        self.bound.add(name)
        self.every.add(name)

    def function(self, syntax: FunctionSyntax) -> None:
        """Take in a function: what stands in its head is evaluated here, its body is a block of its own."""
        for head in _head(syntax):
            self.visit(head)
        inner = _Block(self.every)
        for argument in arguments_of(syntax):
            inner.bind(argument.arg)
        for part in syntax.body if isinstance(syntax.body, list) else [syntax.body]:
            inner.visit(part)
        self._take(inner)
        if not isinstance(syntax, ast.Lambda):
            self.bind(syntax.name)

    def _comprehension(self, part: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first = part.generators[0]
        self.visit(first.iter)
        inner = _Block(self.every, around=self.around or self)
        for child in ast.iter_child_nodes(part):
            if child is not first:
                inner.visit(child)
        for rest in (first.target, *first.ifs):
            inner.visit(rest)
        self._take(inner)

    def _class(self, part: ast.ClassDef) -> None:
        for child in (*part.decorator_list, *part.bases, *part.keywords):
            self.visit(child)
        inner = _Block(self.every)
        for statement in part.body:
            inner.visit(statement)
        self._take(inner)
        self.bind(part.name)

    def _take(self, inner: _Block) -> None:
        own = inner.bound - inner.elsewhere
        self.names += [name for name in inner.names if name.id not in own]

    def _other(self, part: ast.AST) -> None:
        if isinstance(part, ast.NamedExpr) and self.around is not None:
            self.around.bind(part.target.id)
            self.around.names.append(part.target)
            self.visit(part.value)
            return
        if isinstance(part, ast.Global | ast.Nonlocal):
            self.elsewhere.update(part.names)
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            self.bind(part.name)
        elif isinstance(part, ast.MatchMapping) and part.rest:
            self.bind(part.rest)
        for child in ast.iter_child_nodes(part):
            self.visit(child)


def _head(syntax: FunctionSyntax) -> Iterator[ast.expr]:
    yield from syntax.args.defaults
    yield from (default for default in syntax.args.kw_defaults if default is not None)
    yield from (argument.annotation for argument in arguments_of(syntax) if argument.annotation is not None)
    if not isinstance(syntax, ast.Lambda):
        yield from syntax.decorator_list
        yield from (() if syntax.returns is None else (syntax.returns,))
