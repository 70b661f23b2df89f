"""What admission says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a file may not be loaded, at one place.

    Attributes:
        message: What is wrong.
        file: The file's name, relative to the flow's folder.
        line: From 1.
        column: From 1, in characters.
        end_line: Where it ends; None where the whole line, or the whole file, is meant.
        end_column: As `column`, exclusive.
        help: What to do instead.
    """

    message: str
    file: str
    line: int
    column: int
    end_line: int | None = None
    end_column: int | None = None
    help: str | None = None
