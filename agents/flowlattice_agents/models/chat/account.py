"""The clause-by-clause account of a brief: which of its words no clause covers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LONGEST_GAP = 3
"""So many words in a row may be in no clause, if they are no sentence: they are punctuation in words ("and then")."""

# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana, Han. Each character is a word there.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U000323af"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")

# A line that ends in a colon goes on in the next one.
_END = re.compile(r"(?<![:\s])[ \t\r]*\n|(?<![.!?;])[.!?;]+[\"')\]]*(?=\s|$)|[\u3002\uff01\uff1f\uff1b]")
_MARK = re.compile(r"\W{0,10}(\d{1,3}|[A-Za-z])[.)]|\W{0,10}[`~]{3}\w{0,20}")
"""What begins a clause and is none: the number in a list, the fence above a block."""

_COURTESY = frozenset({"thanks", "thank", "please", "hi", "hello", "hey", "cheers", "regards", "greetings"})
_WITH_COURTESY = _COURTESY | frozenset(
    "a advance afternoon again all best day dear evening everyone folks for good help in kind lot many morning much of "
    "so team the there very warm with you your".split()
)


def uncovered(brief: str, clauses: Sequence[str]) -> list[str]:
    """The pieces of a brief that are in no clause, word for word: longer than `LONGEST_GAP`, or with a whole sentence.

    Courtesy alone ("Thanks a lot!") may be left out.
    """
    found = list(_WORD.finditer(brief))
    words = [match[0].lower() for match in found]
    covered = [False] * len(words)
    for clause in clauses:
        wanted = [match[0].lower() for match in _WORD.finditer(clause)]
        start = _place(words, wanted, covered)
        if start is not None:
            covered[start : start + len(wanted)] = [True] * len(wanted)
    sentences = list(_sentences(brief, found))
    return [
        " ".join(brief[found[begin].start() : found[end - 1].end()].split())
        for begin, end in _gaps(covered)
        if not _is_courtesy(words[begin:end])
        and (
            end - begin > LONGEST_GAP
            or any(begin <= first and last <= end and not _is_courtesy(words[first:last]) for first, last in sentences)
        )
    ]


def _gaps(covered: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where words that nothing covers begin and end."""
    begin = 0
    for place in range(len(covered) + 1):
        if place == len(covered) or covered[place]:
            if place > begin:
                yield begin, place
            begin = place + 1


def _sentences(brief: str, found: Sequence[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Where the words of each sentence, or of a line that is one, begin and end."""
    first = start = 0
    for end in [*(match.end() for match in _END.finditer(brief)), len(brief)]:
        if _MARK.fullmatch(brief[start:end].strip().rpartition("\n")[2]):
            continue
        last = first
        while last < len(found) and found[last].start() < end:
            last += 1
        if last > first:
            yield first, last
        first, start = last, end


def _is_courtesy(words: Sequence[str]) -> bool:
    return not _COURTESY.isdisjoint(words) and _WITH_COURTESY.issuperset(words)


def _place(words: Sequence[str], wanted: Sequence[str], covered: Sequence[bool]) -> int | None:
    """Where the words stand: preferably where nothing is covered yet."""
    if not wanted:
        return None
    places = [at for at in range(len(words) - len(wanted) + 1) if words[at : at + len(wanted)] == wanted]
    return next((at for at in places if not any(covered[at : at + len(wanted)])), places[0] if places else None)
