"""Sentences of a brief and their statements: every word belongs to one, or is left over and asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flowlattice_agents.models.offline.chart import Chart
from flowlattice_agents.models.offline.grammar import Grammar
from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.names import Names, word_lists
from flowlattice_agents.models.offline.recognisers import recognisers
from flowlattice_agents.models.offline.terms import Term

_LONGEST = 220
_LEFT_OVER = 60
_LIGHT = 14
_STATEMENT = 4
_UNJOINED = 2
_CONNECTORS = frozenset(
    {",", ";", "-", ":", "and", "but", "also", "so", "then", "(", ")", "plus", "too", "?", "...", "|", "&"}
)
_READINGS_KEPT = 4
_LEADS_TO_PATH = frozenset(
    "after before not than from by as if when to at on path route url with is under and or for a an the".split()
)


@dataclass(frozen=True)
class Statement:
    """A stretch of a sentence and what it says."""

    meaning: Term
    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    """One way to divide a sentence: its statements, and the places of words that belong to none."""

    statements: tuple[Statement, ...]
    leftovers: tuple[tuple[int, int], ...]
    cost: int


def sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    """The sentences: what stands between full stops, bullets and blank lines."""
    found: list[list[Token]] = [[]]
    bulleted = False
    for index, token in enumerate(tokens):
        if token.kind == "STOP" and token.norm == "?" and index + 1 < len(tokens) and _goes_on(tokens[index + 1]):
            found[-1].append(Token("SYM", "?", token.start, token.end, token.value))
        elif token.sentence_end:
            found.append([])
            bulleted = token.kind == "BULLET"
        elif bulleted and found[-1] and _starts_anew(tokens, index):
            found.append([token])
            bulleted = False
        elif token.newline and found[-1] and _starts_entry(tokens, index):
            found.append([token])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _starts_anew(tokens: Sequence[Token], index: int) -> bool:
    """Whether a line after a bullet is no longer part of it: it begins as a sentence does."""
    token, before = tokens[index], tokens[index - 1]
    capital = token.newline and token.kind == "WORD" and token.value.text[:1].isupper()
    return capital and before.norm not in _LEADS_TO_PATH | {",", "-", "("}


def _starts_entry(tokens: Sequence[Token], index: int) -> bool:
    """Whether a line is an entry of its own: `In: ...`, `404: ...`, `GET /path ...`."""
    following = [token.norm or token.kind for token in tokens[index : index + 3]]
    first = tokens[index]
    if first.kind in {"METHOD", "PATH"} and len(following) > 1:
        wrapped = index > 0 and (tokens[index - 1].kind == "METHOD" or tokens[index - 1].norm in _LEADS_TO_PATH)
        return not wrapped and (first.kind == "PATH" or following[1] == "PATH")
    broken = index > 0 and (tokens[index - 1].norm in _LEADS_TO_PATH or tokens[index - 1].norm in {",", "-"})
    entry = not broken and first.kind in {"WORD", "NUM", "STR", "NAME"} and ":" in following[1:3]
    return entry and not any(token.newline for token in tokens[index + 1 : index + following.index(":")])


def _goes_on(token: Token) -> bool:
    return token.norm in {"then", "->"} or (
        token.kind == "NUM" and re.fullmatch(r"[1-5]\d\d", token.value.text) is not None
    )


def read_sentence(tokens: Sequence[Token], grammar: Grammar, names: Names, *, what: str = "statement") -> list[Reading]:
    """The cheapest divisions of a sentence into statements; several only where they cost the same."""
    if len(tokens) > _LONGEST:
        return [Reading((), ((0, len(tokens)),), _LEFT_OVER * len(tokens))]
    chart = Chart(grammar, tokens, recognisers(names), word_lists().fillers, word_lists().soft)
    best: list[list[Reading]] = [[] for _ in range(len(tokens) + 1)]
    best[len(tokens)] = [Reading((), (), 0)]
    for start in range(len(tokens) - 1, -1, -1):
        found = [_skip(tokens, start, rest) for rest in best[start + 1]]
        for stop, meaning, cost in chart.parse(what, start):
            end = max(stop, start + 1)
            for rest in best[end]:
                joined = _STATEMENT + (_UNJOINED if rest.statements and rest.statements[0].start == end else 0)
                statements = (Statement(meaning, start, end), *rest.statements)
                found.append(Reading(statements, rest.leftovers, rest.cost + cost + joined))
        best[start] = _cheapest(found)
    return best[0]


def _skip(tokens: Sequence[Token], start: int, rest: Reading) -> Reading:
    token = tokens[start]
    if token.kind == "WORD" and token.norm in word_lists().light:
        return Reading(rest.statements, rest.leftovers, rest.cost + _LIGHT)
    if token.norm in _CONNECTORS or token.norm in word_lists().fillers:
        return rest
    left = rest.leftovers
    if left and left[0][0] == start + 1:
        return Reading(rest.statements, ((start, left[0][1]), *left[1:]), rest.cost + _LEFT_OVER)
    return Reading(rest.statements, ((start, start + 1), *left), rest.cost + _LEFT_OVER + 1)


def _cheapest(found: list[Reading]) -> list[Reading]:
    least = min(reading.cost for reading in found)
    kept = {(reading.statements, reading.leftovers): reading for reading in found if reading.cost == least}
    return list(kept.values())[:_READINGS_KEPT]
