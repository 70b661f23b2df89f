"""Making diagnostics: one way to do it, so that all look alike and none carries what a terminal would obey."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from flowlattice.diagnostics import Applicability, Diagnostic, Fix, Severity
from flowlattice.ir.model import Edge, FlowIR, Source


def finding(  # noqa: PLR0913 - the parts of a diagnostic
    code: str,
    message: str,
    source: Source,
    *,
    severity: Severity = "error",
    node: str | None = None,
    edge: str | None = None,
    help: str | None = None,
    fix: Fix | None = None,
) -> Diagnostic:
    """A diagnostic at a place of a flow's source.

    Args:
        code: The rule's code.
        message: What is wrong, in one line, without a full stop.
        source: Where.
        severity: How bad it is.
        node: The node's name.
        edge: The edge, as `edge_name` spells it.
        help: What to do about it.
        fix: What can be done automatically; its edits are computed by `with_edits`.
    """
    return Diagnostic(
        code=code,
        severity=severity,
        message=printable(message),
        file=source.file,
        line=source.line,
        column=source.column,
        end_line=source.end_line,
        end_column=source.end_column,
        node=None if node is None else printable(node),
        edge=None if edge is None else printable(edge),
        help=None if help is None else printable(help),
        fix=fix,
    )


def offer(applicability: Applicability, title: str) -> Fix:
    """A fix whose edits are computed when they are asked for."""
    return Fix(applicability=applicability, title=printable(title))


def edge_name(flow: FlowIR, edge: Edge) -> str:
    """An edge in words: `check[yes] -> charge`."""
    case = "" if edge.case is None else f"[{edge.case}]"
    return f"{flow.node(edge.source_id).name}{case} -> {flow.node(edge.target_id).name}"


def edge_source(flow: FlowIR, edge: Edge) -> Source:
    """Where an edge is written, or else where its first node is."""
    return edge.source or flow.node(edge.source_id).source


def nearest(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where something known is close."""
    found = difflib.get_close_matches(wrong, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them: `a, b and c`."""
    items = list(names)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def printable(text: str) -> str:
    """A text in one line without control characters: what a flow names itself is not to be obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
