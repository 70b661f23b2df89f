"""What a rule's fix gives: the file's new text, and how safe the change is where only the rewriting could tell."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.diagnostics import Applicability


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """A file as a fix leaves it.

    Attributes:
        text: The whole file.
        applicability: How safe the change is, where that differs from what was offered.
        title: What it does, where that differs from what was offered.
    """

    text: str
    applicability: Applicability | None = None
    title: str | None = None
