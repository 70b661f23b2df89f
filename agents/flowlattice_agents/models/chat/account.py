"""The clause-by-clause account of a brief: which of its words no clause covers."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_GAP = 3
"""So many words in a row may be in no clause: they are punctuation in words ("and then", "thanks a lot")."""

_WORD = re.compile(r"[^\W_]+")


def uncovered(brief: str, clauses: Sequence[str]) -> list[str]:
    """The pieces of a brief, longer than `LONGEST_GAP` words, that are in no clause, word for word."""
    found = list(_WORD.finditer(brief))
    words = [match[0].lower() for match in found]
    covered = [False] * len(words)
    for clause in clauses:
        wanted = [match[0].lower() for match in _WORD.finditer(clause)]
        start = _place(words, wanted, covered)
        if start is not None:
            covered[start : start + len(wanted)] = [True] * len(wanted)
    gaps, begin = [], 0
    for place in range(len(words) + 1):
        if place == len(words) or covered[place]:
            if place - begin > LONGEST_GAP:
                gaps.append(" ".join(brief[found[begin].start() : found[place - 1].end()].split()))
            begin = place + 1
    return gaps


def _place(words: Sequence[str], wanted: Sequence[str], covered: Sequence[bool]) -> int | None:
    """Where the words stand: preferably where nothing is covered yet."""
    if not wanted:
        return None
    places = [at for at in range(len(words) - len(wanted) + 1) if words[at : at + len(wanted)] == wanted]
    return next((at for at in places if not any(covered[at : at + len(wanted)])), places[0] if places else None)
