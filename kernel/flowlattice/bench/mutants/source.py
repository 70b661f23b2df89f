"""One file of a flow, as mutation operators look at it and change it: found by syntax, changed in its text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

N = TypeVar("N", bound=ast.AST)
FunctionSyntax = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A file that an operator changed.

    Attributes:
        file: Its name in the flow's folder.
        text: Its new text.
        line: The line that was changed, from 1.
        what: What was done, in a few words.
    """

    file: str
    text: str
    line: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Module:
    """A file of a flow: the flow file itself (`is_flow`), or one that it imports."""

    name: str
    text: str
    is_flow: bool

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @cached_property
    def functions(self) -> tuple[FunctionSyntax, ...]:
        """The functions at its top level."""
        return tuple(part for part in self.tree.body if isinstance(part, FunctionSyntax))

    @property
    def nodes(self) -> tuple[FunctionSyntax, ...]:
        """Those that are nodes."""
        return tuple(function for function in self.functions if decorator(function) is not None)

    @property
    def ports(self) -> tuple[FunctionSyntax, ...]:
        """Nodes, and functions that combinators are made of: those whose types the graph goes by."""
        given = {
            value.id
            for call in self.calls("If", "Switch", "Filter", "Map", "ForEach", "Join", "Zip")
            for value in call.args
            if isinstance(value, ast.Name)
        }
        return tuple(one for one in self.functions if decorator(one) is not None or one.name in given)

    @property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        """The classes at its top level."""
        return tuple(part for part in self.tree.body if isinstance(part, ast.ClassDef))

    def calls(self, *names: str) -> tuple[ast.Call, ...]:
        """The calls of functions or methods of these names, in the order they are written."""
        found = [part for part in ast.walk(self.tree) if isinstance(part, ast.Call) and called(part) in names]
        return tuple(sorted(found, key=lambda call: (call.lineno, call.col_offset)))

    def statements(self, *names: str) -> tuple[tuple[ast.stmt, ast.Call], ...]:
        """The statements that are, or assign, a call of one of these names, wherever they stand."""
        found = []
        for part in ast.walk(self.tree):
            if isinstance(part, ast.Expr | ast.Assign) and isinstance(part.value, ast.Call):
                innermost = part.value
                if called(innermost) in names:
                    found.append((part, innermost))
        return tuple(sorted(found, key=lambda pair: pair[0].lineno))

    def put(self, part: ast.AST, text: str, what: str, *, needs: tuple[str, ...] = ()) -> Mutation:
        """Another text in place of a piece of syntax; `needs` are names that it takes from flowlattice."""
        start, end = self._span(part)
        data = self.text.encode()
        changed = (data[:start] + text.encode() + data[end:]).decode()
        return self._mutation(changed, getattr(part, "lineno", 1), what, needs)

    def change(self, part: N, edit: Callable[[N], object], what: str, *, needs: tuple[str, ...] = ()) -> Mutation:
        """A piece of syntax with a change that is made to a copy of it."""
        copy = deepcopy(part)
        edit(copy)
        return self.put(part, ast.unparse(copy), what, needs=needs)

    def delete(self, statement: ast.stmt, what: str) -> Mutation:
        """The file without a statement."""
        return self.put(statement, "pass", what)

    def after(self, statement: ast.stmt, text: str, what: str, *, needs: tuple[str, ...] = ()) -> Mutation:
        """The file with another statement behind one."""
        own = ast.get_source_segment(self.text, statement) or ""
        return self.put(statement, f"{own}\n{' ' * statement.col_offset}{text}", what, needs=needs)

    def at_end(self, text: str, what: str, *, needs: tuple[str, ...] = ()) -> Mutation:
        """The file with another statement at its end."""
        line = self.text.count("\n") + 1
        return self._mutation(f"{self.text.rstrip()}\n{text}\n", line, what, needs)

    def first_in(self, function: FunctionSyntax, text: str, what: str, *, needs: tuple[str, ...] = ()) -> Mutation:
        """The file with a statement before the others of a function."""
        body = next(part for part in function.body if not _is_text(part))
        own = ast.get_source_segment(self.text, body) or ""
        return self.put(body, f"{text}\n{' ' * body.col_offset}{own}", what, needs=needs)

    def _mutation(self, text: str, line: int, what: str, needs: tuple[str, ...]) -> Mutation:
        plain = tuple(name for name in needs if "." not in name)
        lines = [f"import {name.removeprefix('.')}" for name in needs if name.startswith(".")]
        lines += [f"from flowlattice import {', '.join(plain)}"] if plain else []
        if lines:
            text = _with_imports(text, lines)
        return Mutation(file=self.name, text=text, line=line, what=what)

    def _span(self, part: ast.AST) -> tuple[int, int]:
        starts = [0]
        for line in self.text.encode().splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        own = _Placed.of(part)
        first = min([own.lineno, *(one.lineno for one in getattr(part, "decorator_list", []))])
        return starts[first - 1] + own.col_offset, starts[own.end_lineno - 1] + own.end_col_offset


@dataclass(frozen=True)
class _Placed:
    """Where a piece of syntax is; all of those that are changed have a place."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int

    @classmethod
    def of(cls, part: ast.AST) -> _Placed:
        return cls(*(int(getattr(part, name)) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")))


def called(call: ast.Call) -> str:
    """The last name of what is called: `connect` of `flow.connect(...)`."""
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def argument(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword; none where it is not given."""
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def without(name: str) -> Callable[[ast.Call], None]:
    """Take a keyword away."""

    def edit(call: ast.Call) -> None:
        call.keywords = [keyword for keyword in call.keywords if keyword.arg != name]

    return edit


def giving(name: str, text: str) -> Callable[[ast.Call], None]:
    """Give a keyword a value, in place of what it had."""

    def edit(call: ast.Call) -> None:
        without(name)(call)
        call.keywords.append(ast.keyword(arg=name, value=expression(text)))

    return edit


def expression(text: str) -> ast.expr:
    """The syntax of an expression."""
    return ast.parse(text, mode="eval").body


def decorator(function: FunctionSyntax) -> ast.expr | None:
    """`@node` or `@node(...)` of a function; none where it has none."""
    for found in function.decorator_list:
        name = found.func if isinstance(found, ast.Call) else found
        if isinstance(name, ast.Name) and name.id == "node":
            return found
    return None


def options(function: FunctionSyntax) -> ast.Call:
    """`node(...)` of a node, whether or not it has options."""
    found = decorator(function)
    return found if isinstance(found, ast.Call) else ast.Call(ast.Name("node", ast.Load()), [], [])


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _with_imports(text: str, lines: list[str]) -> str:
    tree = ast.parse(text)
    first = next(part for part in tree.body if not _is_text(part))
    rows = text.split("\n")
    return "\n".join([*rows[: first.lineno - 1], *lines, *rows[first.lineno - 1 :]])


def modules(sources: Mapping[str, str], flow_file: str) -> Iterator[Module]:
    """The files of a flow that are Python, the flow file first."""
    for name in [flow_file, *(name for name in sources if name != flow_file)]:
        yield Module(name=name, text=sources[name], is_flow=name == flow_file)
