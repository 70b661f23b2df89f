"""Text of others on a terminal: what would move the cursor, colour or reorder it is shown as an escape."""

from __future__ import annotations

import re

# Control characters but line feed and tab, lone surrogates, and the marks that reorder text (bidi).
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The same text with what a terminal would obey written as an escape of Python."""
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def has_invisible(text: str) -> bool:
    """Whether a text holds what a person would not see."""
    return _INVISIBLE.search(text) is not None
