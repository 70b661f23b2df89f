"""Rewriting the definition of a record."""

from __future__ import annotations

import json

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider

from flowlattice.check._sequence import inserted
from flowlattice.check.codemods._places import at, keyword_of, replaced, rewritten
from flowlattice.check.codemods._spelling import Spelling
from flowlattice.check.codemods.wiring import TIGHT, with_keyword
from flowlattice.check.imports import with_import
from flowlattice.check.rewrite import Rewrite
from flowlattice.ir.model import Source


def classify(module: cst.Module, line: int, data_class: str) -> Rewrite | None:
    """Give the record whose definition holds a line a data class."""
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    for record, span in spans.items():
        if not isinstance(record, cst.ClassDef) or not span.start.line <= line <= span.end.line:
            continue
        if not any(keyword_of(argument) == "data" for argument in record.keywords):
            new = cst.Arg(cst.SimpleString(json.dumps(data_class)), cst.Name("data"), equal=TIGHT)
            given = [*record.bases, *record.keywords]
            changed = inserted(given, new, len(given))
            bases, keywords = changed[: len(record.bases)], changed[len(record.bases) :]
            return rewritten(module, record, record.with_changes(bases=bases, keywords=keywords))
    return None


def classify_field(module: cst.Module, source: Source, data_class: str) -> Rewrite | None:
    """Give the field that is written at a place a data class of its own."""
    part = at(module, source, cst.AnnAssign)
    if part is None:
        return None
    spelling = Spelling(module)
    annotation = part.annotation.annotation
    for call in m.findall(annotation, m.Call()):
        if isinstance(call, cst.Call) and spelling.is_name(call.func, "field"):
            return rewritten(module, call, with_keyword(call, "data", cst.SimpleString(json.dumps(data_class))))
    written = module.code_for_node(annotation)
    text = f"Annotated[{written}, field(data={json.dumps(data_class)})]"
    changed = replaced(module, annotation, spelling.expression(text, ["field"]))
    return Rewrite(text=with_import(spelling.imported(changed), "Annotated", package="typing").code)
