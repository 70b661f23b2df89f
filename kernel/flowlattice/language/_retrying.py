"""Loops that make a call again until it succeeds: retries that a body makes by hand.

Such a loop goes on after an exception and is left after the call (`return`, `break`, what a `while` asks for), or it is
left by what the call gave. A loop over distinct items is none, whatever it does when one of them fails: there, what the
call is given depends on the item. So is a loop from page to page.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from flowlattice.language import purity
from flowlattice.language._names import FunctionSyntax
from flowlattice.language._passing import called_name

Loop = ast.For | ast.AsyncFor | ast.While
_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_LEAVING: Final = (ast.Return, ast.Break)
_COUNTING: Final = frozenset({"range", "count", "repeat"})


def retried(loop: Loop) -> Iterator[ast.Call]:
    """The calls that a loop makes again until they succeed, whatever is called."""
    written = _Written(loop)
    yield from (part for part in written.parts if isinstance(part, ast.Call) and written.retries(part))


class _Written:
    """What is written in a loop, but not in functions inside of it.

    Attributes:
        parts: All of it.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.parts = [*_within([loop.test, *loop.body] if isinstance(loop, ast.While) else loop.body)]
        self._given = [*_given(self.parts)]
        self._varying = self._reached({*self._targets(), *_changed(self.parts)}, by_waiting=True)

    def retries(self, call: ast.Call) -> bool:
        """Whether a call is made again until it succeeds."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        is_same = not any(_names(each) & self._varying for each in given)
        around = [part for part in self.parts if isinstance(part, ast.Try | ast.With) and _goes_on_after(part, call)]
        if not around:
            return is_same and self._is_left_by(call)
        blocks = [self._loop.body, *(block for part in around for block in _passed(part))]
        if self._asks({name for block in blocks[1:] for name, _ in _given([*_within(block)])}):
            return True
        if is_same:
            return any(_is_behind(part, call) for block in blocks for part in self._leaving(block, around))
        return self._counts() and any(isinstance(part, _LEAVING) for block in blocks for part in block)

    def _is_left_by(self, call: ast.Call) -> bool:
        """Whether the loop is left by what a call gives."""
        results = self._reached({name for name, value in self._given if call in ast.walk(value)})
        if self._asks(results) or (isinstance(self._loop, ast.While) and call in ast.walk(self._loop.test)):
            return True
        asking = [part for part in self.parts if isinstance(part, ast.If)]
        asking = [part for part in asking if _names(part.test) & results or call in ast.walk(part.test)]
        decides = any(
            isinstance(inner, (*_LEAVING, ast.Continue))
            for part in asking
            for inner in _within([*part.body, *part.orelse])
        )
        return decides and any(_is_behind(part, call) for part in self._leaving(self._loop.body, []))

    def _asks(self, names: set[str]) -> bool:
        """Whether a `while` asks for one of these names."""
        return isinstance(self._loop, ast.While) and bool(_names(self._loop.test) & names)

    def _counts(self) -> bool:
        """Whether what differs from one time to the next is no more than a number."""
        if isinstance(self._loop, ast.While):
            return True
        return isinstance(self._loop.iter, ast.Call) and called_name(self._loop.iter) in _COUNTING

    def _targets(self) -> set[str]:
        return set() if isinstance(self._loop, ast.While) else _names(self._loop.target)

    def _leaving(self, block: list[ast.stmt], around: list[ast.Try | ast.With]) -> Iterator[ast.stmt]:
        """What leaves the loop, but not where an exception is handled."""
        handled = {part for each in around if isinstance(each, ast.Try) for part in _within(each.handlers)}
        inner = {part for each in self.parts if isinstance(each, _LOOPS) for part in _within(each.body)}
        for part in _within(block):
            is_own = isinstance(part, ast.Return) or part not in inner
            if isinstance(part, _LEAVING) and is_own and part not in handled:
                yield part

    def _reached(self, names: set[str], *, by_waiting: bool = False) -> set[str]:
        """Names, and those whose values are made of them; what was waited for is another one each time."""
        found = set(names)
        while True:
            more = {
                name
                for name, value in self._given
                if name not in found
                and (_names(value) & found or (by_waiting and any(isinstance(p, ast.Await) for p in ast.walk(value))))
            }
            if not more:
                return found
            found |= more


def _within(block: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for part in block:
        yield part
        if not isinstance(part, FunctionSyntax | ast.ClassDef):
            yield from _within(ast.iter_child_nodes(part))


def _names(part: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(part) if isinstance(each, ast.Name)}


def _given(parts: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """The names that get values, with these, or with what these are elements of."""
    for part in parts:
        match part:
            case ast.Assign(targets, value):
                yield from ((name, value) for target in targets for name in _names(target))
            case ast.AnnAssign(target, _, ast.expr() as value) | ast.NamedExpr(target, value):
                yield from ((name, value) for name in _names(target))
            case ast.For(target, value) | ast.AsyncFor(target, value) | ast.comprehension(target, value):
                yield from ((name, value) for name in _names(target))


def _changed(parts: Iterable[ast.AST]) -> Iterator[str]:
    """The names of what is changed in place."""
    for part in parts:
        match part:
            case ast.AugAssign(target):
                yield from _names(target)
            case ast.Call(ast.Attribute(value, method)) if method in purity.MUTATORS:
                yield from _names(value)
            case ast.Call(ast.Name(function), [first, *_]) if function in purity.MUTATING_FUNCTIONS:
                yield from _names(first)


def _goes_on_after(part: ast.Try | ast.With, call: ast.Call) -> bool:
    """Whether the loop goes on after an exception in a call."""
    if call not in _within(part.body):
        return False
    if isinstance(part, ast.With):
        return any(
            isinstance(e.context_expr, ast.Call) and called_name(e.context_expr) == "suppress" for e in part.items
        )
    return any(not isinstance(each.body[-1], (ast.Raise, *_LEAVING)) for each in part.handlers)


def _passed(part: ast.Try | ast.With) -> Iterator[list[ast.stmt]]:
    """What is run unless there is an exception."""
    yield part.body
    if isinstance(part, ast.Try):
        yield part.orelse


def _is_behind(part: ast.stmt, call: ast.Call) -> bool:
    return (part.lineno, part.col_offset) >= (call.lineno, call.col_offset) or call in ast.walk(part)
