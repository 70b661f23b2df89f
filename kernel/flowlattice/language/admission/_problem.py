"""One finding of a rule, before it has a position."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong with a node, and what to do instead."""

    node: ast.AST
    message: str
    help: str | None = None
