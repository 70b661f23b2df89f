"""Search/replace edits: how a model changes a text. An edit is applied exactly or rejected with the reason."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from flowlattice_agents.errors import EditRejected


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Replace a piece of a file's text, which must be found exactly once."""

    file: str
    search: str
    replace: str


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text after all edits, applied in order.

    Raises:
        EditRejected: An edit's text is not found, or found more than once; nothing is applied then.
    """
    for number, edit in enumerate(edits, 1):
        found = text.count(edit.search) if edit.search else 0
        if found != 1:
            raise EditRejected(f"edit {number} of {edit.file}: {_why(text, edit.search, found)}")
        text = text.replace(edit.search, edit.replace)
    return text


def _why(text: str, search: str, found: int) -> str:
    if not search:
        return "`search` is empty"
    if found:
        return f"{_short(search)} is found {found} times; search for more of the text around it"
    first = next((line.strip() for line in search.splitlines() if line.strip()), "")
    near = difflib.get_close_matches(first, [line.strip() for line in text.splitlines()], n=1)
    hint = f"; the nearest line is {_short(near[0])}" if near else ""
    return f"{_short(search)} is not found{hint}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"`{line[:80]}{'...' if len(line) > 80 else ''}`"
