"""Keys kept out of everything that is written or shown: errors, notes and records."""

from __future__ import annotations

import re

HIDDEN = "[key hidden]"

# OpenAI's and its imitators' keys, and what stands in an Authorization header. Words of a brief that merely begin with
# sk- are shorter, or have no digit.
_KEYS = re.compile(r"\bsk-(?=[\w*-]*[\d*])[\w*-]{12,}|\b[Bb]earer\s+[\w.~+/*-]{12,}=*")
_SHORTEST = 8


def redact(text: str, keys: tuple[str, ...] = ()) -> str:
    """The text without keys.

    Args:
        text: Any text.
        keys: Keys that are known. One under 8 characters ("desk", "none") is a stand-in, not a secret.
    """
    for key in keys:
        if len(key) >= _SHORTEST:
            text = text.replace(key, HIDDEN)
    return _KEYS.sub(HIDDEN, text)
