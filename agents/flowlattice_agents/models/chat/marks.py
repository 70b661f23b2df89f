"""Marks stand around what a request quotes (`<brief>`, `<file>`); a quoted text holds none, or it could end itself."""

from __future__ import annotations

import re

_MARK = re.compile(r"<(?=\s*/?\s*(?:brief|request|file|spec)(?:[\s/>]|$))", re.IGNORECASE)


def unmarked(text: str) -> str:
    """A text whose marks are none any more, which people and models still read: `</brief>` is `< /brief>`."""
    return _MARK.sub("< ", text)
