"""Rewriting an expression in a body."""

from __future__ import annotations

import libcst as cst

from flowlattice.check.codemods._places import covering, rewritten
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


def place_of(found: Diagnostic) -> Source:
    """Where a diagnostic is."""
    return Source(
        file=found.file, line=found.line, column=found.column, end_line=found.end_line, end_column=found.end_column
    )
