"""What a function binds its local names to, whatever the order of its statements and the conditions around them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from flowlattice.language._names import FUNCTIONS, FunctionSyntax, arguments_of
from flowlattice.language._passing import called_name, passed

_BINDING: Final = (
    ast.AnnAssign,
    ast.Assign,
    ast.AsyncFor,
    ast.AugAssign,
    ast.Call,
    ast.For,
    ast.Match,
    ast.NamedExpr,
    ast.comprehension,
    ast.withitem,
)
_FILLING: Final = frozenset({"append", "appendleft", "add", "insert", "setdefault", "extend", "update"})


class Bindings:
    """The bindings of one function's names, those of functions inside it among them.

    Args:
        function: The function and all that is in it, from the outside in.

    Attributes:
        assigned: The values of each name; none stands for a value that is not written out.
        iterated: What each name iterates over.
        unpacked: The same with the positions at which each name stands in what is iterated over; what is assigned to
            several names is the element of a list, what a `with` gives that of what its function yields.
        filled: What is put into the object of each name, or into what its attribute stands for (`self.words`): how
            many subscripts below it, by which method, and what; `=` is the assignment of an attribute.
        taken: What each name is a part of, by an assignment to several names or a pattern, or is given by a `with`.
        annotated: The annotations of variables.
        nested: Names that only ever stand for functions written inside, with these.
    """

    def __init__(self, function: Sequence[ast.AST]) -> None:
        self.assigned: dict[str, list[ast.expr | None]] = {}
        self.iterated: dict[str, list[ast.expr]] = {}
        self.unpacked: dict[str, list[tuple[ast.expr, tuple[int, ...]]]] = {}
        self.filled: dict[str, list[tuple[int, str, ast.expr]]] = {}
        self.taken: dict[str, list[ast.expr]] = {}
        self.annotated: dict[str, ast.expr] = {}
        inner: dict[str, FunctionSyntax] = {}
        parts = function[1:]
        for part in parts:
            if isinstance(part, FUNCTIONS):
                inner[part.name] = part
            elif isinstance(part, _BINDING):
                self._remember(part)
                self._remember_filling(part)
        lambdas = {name: values[-1] for name, values in self.assigned.items() if _all_lambdas(values)}
        inner |= {name: value for name, value in lambdas.items() if isinstance(value, ast.Lambda)}
        self.nested = inner
        self._hand_over(parts, inner)

    def _remember(self, part: ast.AST) -> None:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            self.annotated.setdefault(part.target.id, part.annotation)
        if isinstance(part, ast.Assign):
            for target in part.targets:
                self._assign(target, part.value)
        elif isinstance(part, ast.AnnAssign | ast.NamedExpr):
            if part.value is not None:
                self._assign(part.target, part.value)
        elif isinstance(part, ast.For | ast.AsyncFor | ast.comprehension):
            for name in _names(part.target):
                self.iterated.setdefault(name, []).append(part.iter)
            for name, positions in _positions(part.target):
                self.unpacked.setdefault(name, []).append((part.iter, positions))
        elif isinstance(part, ast.withitem) and part.optional_vars is not None:
            self._assign(part.optional_vars, None)
            for name in _names(part.optional_vars):
                self.taken.setdefault(name, []).append(part.context_expr)
            for name, positions in _positions(part.optional_vars):
                self.unpacked.setdefault(name, []).append((part.context_expr, positions))
        elif isinstance(part, ast.AugAssign):
            self._assign(part.target, None)

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.assigned.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for each, of_it in zip(target.elts, value.elts, strict=True):
                self._assign(each, None if isinstance(of_it, ast.Starred) else of_it)
        elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
            for name in _names(target):
                self.assigned.setdefault(name, []).append(None)
            if value is not None:
                whole = ast.List(elts=[value], ctx=ast.Load())
                for name, positions in _positions(target):
                    self.unpacked.setdefault(name, []).append((whole, positions))

    def _remember_filling(self, part: ast.AST) -> None:
        if isinstance(part, ast.Assign):
            for target in part.targets:
                if isinstance(target, ast.Subscript):
                    self._fill(target.value, "", part.value)
                elif isinstance(target, ast.Attribute):
                    self._fill(target, "=", part.value)
                elif isinstance(target, ast.Tuple | ast.List):
                    for name in _names(target):
                        self.taken.setdefault(name, []).append(part.value)
            return
        match part:
            case ast.AnnAssign(ast.Attribute() as target, _, ast.expr() as value) | ast.AugAssign(
                ast.Attribute() as target, _, value
            ):
                self._fill(target, "=", value)
            case ast.Match(subject, cases):
                for pattern in (each for one in cases for each in ast.walk(one.pattern)):
                    if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
                        self.taken.setdefault(pattern.name, []).append(subject)
            case ast.Call(ast.Attribute(value, method), [*_, given]) if method in _FILLING:
                self._fill(value, method, given)

    def _fill(self, into: ast.expr, method: str, value: ast.expr) -> None:
        levels = 0
        while (inner := _container(into)) is not None:
            into, levels = inner, levels + 1
        if isinstance(into, ast.Attribute) and isinstance(into.value, ast.Name):
            self.filled.setdefault(f"{into.value.id}.{into.attr}", []).append((levels, method, value))
        elif isinstance(into, ast.Name):
            self.filled.setdefault(into.id, []).append((levels, method, value))

    def _hand_over(self, parts: Sequence[ast.AST], inner: dict[str, FunctionSyntax]) -> None:
        """The parameters of functions inside get what they are called with, if they are only ever called."""
        calls = [part for part in parts if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)]
        called = {id(call.func) for call in calls}
        handed_on = {
            part.id
            for part in parts
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and id(part) not in called
        }
        named = {id(function): name for name, function in inner.items()}
        for function in parts:
            if not isinstance(function, FunctionSyntax):
                continue
            name = named.get(id(function), "")
            own = [call for call in calls if name and isinstance(call.func, ast.Name) and call.func.id == name]
            is_known = bool(own) and name not in handed_on
            defaults = dict(defaults_of(function))
            for number, argument in enumerate(arguments_of(function)):
                values = [argument_of(call, number, argument.arg) for call in own] if is_known else [None]
                default = defaults.get(argument.arg)
                found = [default if value is None else value for value in values]
                self.assigned.setdefault(argument.arg, []).extend(found)
        self._pass_on(parts, inner)

    def _pass_on(self, parts: Sequence[ast.AST], inner: dict[str, FunctionSyntax]) -> None:
        """The same by way of functions of the library."""
        for each in (each for part in parts if isinstance(part, ast.Call) for each in passed(part, called_name(part))):
            name = each.function.id if isinstance(each.function, ast.Name) else ""
            function = each.function if isinstance(each.function, ast.Lambda) else inner.get(name)
            for number, argument in enumerate(() if function is None else arguments_of(function)):
                if each.parameter not in (None, number, argument.arg):
                    continue
                if each.is_element:
                    self.iterated.setdefault(argument.arg, []).append(each.source)
                    self.unpacked.setdefault(argument.arg, []).append((each.source, ()))
                else:
                    self.assigned.setdefault(argument.arg, []).append(each.source)


def _names(target: ast.expr) -> Iterator[str]:
    yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _positions(target: ast.expr) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names in a target with the positions at which they stand; those after a star have none."""
    if isinstance(target, ast.Name):
        yield target.id, ()
    elif isinstance(target, ast.Tuple | ast.List):
        for number, part in enumerate(target.elts):
            if isinstance(part, ast.Starred):
                return
            yield from ((name, (number, *rest)) for name, rest in _positions(part))


def _container(part: ast.expr) -> ast.expr | None:
    """What `table[key]` and `table.setdefault(key, ...)` are a part of."""
    match part:
        case ast.Subscript(value) | ast.Call(ast.Attribute(value, "setdefault" | "get")):
            return value
    return None


def _all_lambdas(values: list[ast.expr | None]) -> bool:
    return all(isinstance(value, ast.Lambda) for value in values)


def argument_of(call: ast.Call, number: int, name: str) -> ast.expr | None:
    """The argument that a call gives for a parameter; none if it gives none that can be seen."""
    if any(isinstance(argument, ast.Starred) for argument in call.args[: number + 1]):
        return None
    if number < len(call.args):
        return call.args[number]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def defaults_of(syntax: FunctionSyntax) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that have defaults, with these."""
    arguments = syntax.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield argument.arg, default
    for argument, keyword in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword is not None:
            yield argument.arg, keyword
