"""Names in flow files: what a file calls its flow, read without running it, and what rendered files may import."""

from __future__ import annotations

import ast
import re
from typing import Final

from flowlattice.language.sources import parsed

IMPORTED: Final = frozenset(
    "Buffer Clock Context DataClass DedupeStore Determinism Effects Empty Filter Flow HttpRead HttpResponse HttpWrite "
    "If InvalidInput KvRead KvWrite Map Merge Profile Record Rng Switch by days field hours http minutes ms node "
    "require require_all seconds".split()
)
"""What web flows import from `flowlattice`, which no record or function of theirs may be called. It is less than what
`flowlattice` exports, so that a brief may speak of a `Mail` or a `Window`."""


def name_in(source: str) -> str | None:
    """The name that the file's `Flow("name", ...)` is given; none if it cannot be told or is no name."""
    try:
        tree = parsed(source.encode(), "flow.py")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for part in ast.walk(tree):
        if isinstance(part, ast.Call) and _called(part.func) == "Flow":
            named = [*part.args[:1], *(keyword.value for keyword in part.keywords if keyword.arg == "name")]
            for value in named:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    return value.value if re.fullmatch(r"[a-z][a-z0-9_]{0,99}", value.value) else None
    return None


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
