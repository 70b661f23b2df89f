"""Rewriting an expression in a body."""

from __future__ import annotations

import libcst as cst
from libcst import matchers as m

from flowlattice.check.codemods._places import at, called_path, covering, function_at, holds, rewritten
from flowlattice.check.imports import bound_names
from flowlattice.check.rewrite import Rewrite
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.model import Source


def sort_at(module: cst.Module, found: Diagnostic) -> Rewrite | None:
    """Sort the set that is written at a place, unless the file gives `sorted` another meaning."""
    expression = next((e for e in covering(module, place_of(found)) if isinstance(e, cst.BaseExpression)), None)
    if expression is None or "sorted" in bound_names(module):
        return None
    return rewritten(module, expression, cst.Call(cst.Name("sorted"), [cst.Arg(expression)]))


_CLOCKS = {"now": "{}", "utcnow": "{}", "today": "{}", "time": "{}.timestamp()"}
"""How the calls of a clock are written with a `datetime`, by the method's name."""


def replace_clock(module: cst.Module, place: Source, definition: Source, parameter: str, value: str) -> Rewrite | None:
    """Write a value, a `datetime`, instead of a call that reads the clock in a function's own body.

    Args:
        module: The file.
        place: The span of the call.
        definition: Where the function's name stands.
        parameter: The name in the value, which must mean the parameter there.
        value: The `datetime`, as code.
    """
    call, function = at(module, place, cst.Call), function_at(module, definition)
    path = None if call is None else called_path(call)
    if call is None or function is None or path is None or path[-1] not in _CLOCKS or not holds(function.body, call):
        return None
    if any(holds(inner, call) for inner in m.findall(function.body, m.FunctionDef() | m.Lambda())):
        return None
    if m.findall(function.body, m.AssignTarget(target=m.Name(parameter))):
        return None
    written = _CLOCKS[path[-1]].format(value)
    if path[-2:] == ["date", "today"]:
        written = f"{value}.date()"
    return rewritten(module, call, cst.parse_expression(written))


def place_of(found: Diagnostic) -> Source:
    """Where a diagnostic is."""
    return Source(
        file=found.file, line=found.line, column=found.column, end_line=found.end_line, end_column=found.end_column
    )
