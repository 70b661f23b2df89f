"""The one model of everything that the kernel reports about a flow.

Codes keep their number and meaning for ever. How diagnostics are shown lives in `check.render`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning", "note"]
Applicability = Literal["safe", "unsafe", "display_only"]


class TextEdit(BaseModel):
    """Replace the text from (line, column) up to (end_line, end_column), all from 1, end exclusive."""

    model_config = ConfigDict(frozen=True)

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Fix(BaseModel):
    """A change that answers a diagnostic.

    Attributes:
        applicability: `safe` keeps the meaning or is what the spec states; `unsafe` makes a choice (an identity, a
            data class, a host, a budget, a claim); `display_only` is a hint that is never applied.
        title: What it does, imperative.
        edits: Non-overlapping edits of the diagnostic's file.
    """

    model_config = ConfigDict(frozen=True)

    applicability: Applicability
    title: str
    edits: tuple[TextEdit, ...] = ()


class Diagnostic(BaseModel):
    """One finding. Lines and columns from 1, the end exclusive; `file` is relative to the flow's folder."""

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity = "error"
    message: str
    file: str
    line: int
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None
    node: str | None = None
    edge: str | None = None
    help: str | None = None
    fix: Fix | None = None
