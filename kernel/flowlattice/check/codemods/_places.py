"""Finding in a parsed file what the IR names by its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider

from flowlattice.check.imports import from_flowlattice, prefixes
from flowlattice.check.rewrite import Rewrite
from flowlattice.ir.model import Source

N = TypeVar("N", bound=cst.CSTNode)


def covering(module: cst.Module, source: Source) -> Iterator[cst.CSTNode]:
    """What covers exactly a span, the outermost first; where it has no end, what starts there."""
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    for node, span in spans.items():
        starts = (span.start.line, span.start.column + 1) == (source.line, source.column)
        ends = (span.end.line, span.end.column + 1) == (source.end_line, source.end_column)
        if starts and (ends or source.end_line is None):
            yield node


def at(module: cst.Module, source: Source, kind: type[N]) -> N | None:
    """What covers exactly a span, of one kind."""
    return next((node for node in covering(module, source) if isinstance(node, kind)), None)


def function_at(module: cst.Module, definition: Source) -> cst.FunctionDef | None:
    """The function whose name stands at a place."""
    name = at(module, definition, cst.Name)
    functions = (part for part in m.findall(module, m.FunctionDef()) if isinstance(part, cst.FunctionDef))
    return next((function for function in functions if function.name is name), None)


def parameter_at(module: cst.Module, source: Source) -> cst.Param | None:
    """The parameter that starts at a place; LibCST takes only its name for its span."""
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    place = (source.line, source.column - 1)
    return next(
        (n for n, s in spans.items() if isinstance(n, cst.Param) and (s.start.line, s.start.column) == place), None
    )


def top_level(module: cst.Module, part: cst.CSTNode) -> int | None:
    """The number of the statement at the top of a file that holds a part of it."""
    return next((number for number, statement in enumerate(module.body) if holds(statement, part)), None)


def holds(whole: cst.CSTNode, part: cst.CSTNode) -> bool:
    """Whether a part lies in a whole."""
    waiting = [whole]
    while waiting:
        current = waiting.pop()
        if current is part:
            return True
        waiting += current.children
    return False


def variable_of(module: cst.Module, source: Source) -> str | None:
    """How the file calls the element that is written at a place: its function, or the variable it is assigned to."""
    function = function_at(module, source)
    if function is not None:
        return function.name.value if function in module.body else None
    call = at(module, source, cst.Call)
    for statement in m.findall(module, m.Assign()):
        if isinstance(statement, cst.Assign) and statement.value is call and len(statement.targets) == 1:
            target = statement.targets[0].target
            return target.value if isinstance(target, cst.Name) else None
    return None


def flow_variable(module: cst.Module) -> str | None:
    """What the file calls its flow; none where that is not certain."""
    names = {alias for name, alias in from_flowlattice(module) if name == "Flow"} or {"Flow"}
    found = []
    for statement in m.findall(module, m.Assign(value=m.Call())):
        if isinstance(statement, cst.Assign) and called(statement.value) in names | {
            f"{prefix}.Flow" for prefix in prefixes(module)
        }:
            target = statement.targets[0].target
            found += [target.value] if isinstance(target, cst.Name) else []
    return found[0] if len(found) == 1 else None


def called(expression: cst.BaseExpression | None) -> str | None:
    """What a call calls: `f`, `fl.f`."""
    function = expression.func if isinstance(expression, cst.Call) else None
    if isinstance(function, cst.Attribute) and isinstance(function.value, cst.Name):
        return f"{function.value.value}.{function.attr.value}"
    return function.value if isinstance(function, cst.Name) else None


def called_path(call: cst.Call) -> list[str] | None:
    """What a call calls, as the names between its dots; none where it is no plain name."""
    path: list[str] = []
    function: cst.BaseExpression = call.func
    while isinstance(function, cst.Attribute):
        path.insert(0, function.attr.value)
        function = function.value
    return [function.value, *path] if isinstance(function, cst.Name) else None


def text_of(expression: cst.BaseExpression) -> str | None:
    """The text that an expression is; none if it is no plain text."""
    value = expression.evaluated_value if isinstance(expression, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def keyword_of(argument: cst.Arg) -> str | None:
    """The name by which an argument is given."""
    return None if argument.keyword is None else argument.keyword.value


def replaced(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    """The file with a part of it replaced."""
    done = module.deep_replace(old, new)
    return done if isinstance(done, cst.Module) else module


def rewritten(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode, title: str | None = None) -> Rewrite:
    """The file with a part of it replaced, as a fix gives it."""
    return Rewrite(text=replaced(module, old, new).code, title=title)
