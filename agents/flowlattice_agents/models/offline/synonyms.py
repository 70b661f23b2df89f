"""Other words for what the grammar knows (`grammar/synonyms.txt`), replaced before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import cache
from importlib import resources

from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.terms import term

_LONGEST = 6


def rewritten(tokens: Sequence[Token], names: Set[str] = frozenset()) -> list[Token]:
    """The tokens with every such phrase as the grammar has it; each keeps the place of the whole phrase."""
    known, starts = synonyms()
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        length = _length_at(tokens, at, known, names) if tokens[at].norm in starts else 0
        if not length:
            found.append(tokens[at])
            at += 1
            continue
        first, last = tokens[at], tokens[at + length - 1]
        words = known[tuple(token.norm for token in tokens[at : at + length])]
        for place, word in enumerate(words):
            newline = first.newline and place == 0
            found.append(Token("WORD", word, first.start, last.end, term("word", word), newline))
        at += length
    return found


def _length_at(
    tokens: Sequence[Token], at: int, known: Mapping[tuple[str, ...], tuple[str, ...]], names: Set[str]
) -> int:
    """How many tokens the longest phrase at a place has."""
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        piece = tokens[at : at + length]
        if tuple(token.norm for token in piece) in known and not any(one.value.text in names for one in piece):
            return length
    return 0


@cache
def synonyms() -> tuple[Mapping[tuple[str, ...], tuple[str, ...]], frozenset[str]]:
    """The phrases with what each is read as, and their first words."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    text = (resources.files(__package__) / "grammar" / "synonyms.txt").read_text("utf-8")
    for line in text.splitlines():
        meaning, equals, phrases = line.partition(" = ")
        if equals and not line.startswith("#"):
            for phrase in phrases.split(","):
                found[tuple(phrase.split())] = tuple(meaning.split())
    return found, frozenset(phrase[0] for phrase in found)
