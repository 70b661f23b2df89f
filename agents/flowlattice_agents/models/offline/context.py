"""What in a brief is only context: titles, purposes and motives from which nothing is to be built.

The rules are conservative: numbers, quotes, paths, names of fields, and words that limit or describe behaviour are
never context. What does not live here: greetings and thanks, which the grammar knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.names import Names, word_lists
from flowlattice_agents.models.offline.terms import Term, term

_LONGEST_CONTEXT = 20
_LONGEST_TITLE = 12
_MARKS = frozenset(",;:!-'()")
_STATING = frozenset(
    "is are was were be been becomes become means mean counts count has have must should may can shall "
    "will would could might if when whenever where : equals stands belongs includes include contains "
    "contain costs cost gets get".split()
)
_PEOPLE = frozenset(
    "i we our us my me they their them you your people everyone everybody somebody someone users customers clients "
    "colleagues team boss manager kids children students teachers visitors guests friends staff hi hello thanks".split()
)
_LABELS = frozenset("title story subject background purpose summary goal".split())
_ACRONYMS = frozenset("API JSON HTTP URL CRM UI ID PDF HR IT CEO CTO DIY FAQ TV PC".split())


def is_plain_word(token: Token, names: Names) -> bool:
    """Whether a token says nothing about behaviour."""
    lists = word_lists()
    if token.kind != "WORD":
        return token.kind == "SYM" and token.norm in _MARKS
    return (
        token.norm not in lists.restrictive and token.norm not in lists.behaviour and not names.exact(token.value.text)
    )


def is_title_word(token: Token) -> bool:
    """Whether a token may stand in a title, which what follows makes precise."""
    lists = word_lists()
    if token.kind != "WORD":
        return token.kind == "SYM" and token.norm in _MARKS
    return token.norm not in lists.restrictive and (token.norm not in lists.behaviour or token.norm in lists.title)


def is_leading(tokens: Sequence[Token], names: Names) -> bool:
    """Whether a sentence before the first route only leads up to it."""
    named = any(names.exact(token.value.text) and token.norm not in word_lists().title for token in tokens)
    return not named and all(map(is_title_word, tokens))


def title_length(tokens: Sequence[Token]) -> int:
    """How many tokens of the first sentence are a title: all of them, or those up to a colon; 0 where there is none."""
    labelled = len(tokens) > 2 and tokens[0].norm in _LABELS and tokens[1].norm == ":"
    if labelled:
        return len(tokens) if all(map(is_title_word, tokens)) else 0
    colon = next((index for index, token in enumerate(tokens) if token.norm == ":"), None)
    length = len(tokens) if colon is None else colon
    plain = length <= _LONGEST_TITLE and all(is_title_word(token) for token in tokens[:length])
    return (length if colon is None else length + 1) if plain and length else 0


def is_context(tokens: Sequence[Token], names: Names) -> bool:
    """Whether a whole sentence says nothing about behaviour: no rule, no definition, no name, no code."""
    told = any(token.norm in _PEOPLE for token in tokens)
    plain = (is_plain_word(token, names) and token.norm not in _STATING and not _is_code(token) for token in tokens)
    return told and all(plain)


def _is_code(token: Token) -> bool:
    text = token.value.text
    return len(text) > 1 and text.isupper() and text not in _ACRONYMS


def context_ends(tokens: Sequence[Token], start: int, names: Names) -> list[tuple[int, Term]]:
    """The stretches of context words from a place on."""
    ends: list[tuple[int, Term]] = []
    for position in range(start, min(start + _LONGEST_CONTEXT, len(tokens))):
        token = tokens[position]
        if token.kind != "WORD" or not is_plain_word(token, names):
            break
        ends.append((position + 1, term("context")))
    return ends


def title_ends(tokens: Sequence[Token], start: int) -> list[tuple[int, Term]]:
    """The whole rest of a sentence, where it may be a title."""
    rest = tokens[start:]
    return [(len(tokens), term("title"))] if len(rest) <= _LONGEST_TITLE and all(map(is_title_word, rest)) else []


def title_words(tokens: Sequence[Token], start: int) -> list[tuple[int, Term]]:
    """The stretches from a place on that a title may hold."""
    ends: list[tuple[int, Term]] = []
    for position in range(start, min(start + _LONGEST_CONTEXT, len(tokens))):
        if tokens[position].kind != "WORD" or not is_title_word(tokens[position]):
            break
        ends.append((position + 1, term("title")))
    return ends
