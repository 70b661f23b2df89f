"""Sentences of a brief, and their division into statements: every word belongs to one, or is left over and asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flowlattice_agents.models.offline.grammar import Chart, Grammar, Recogniser
from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.names import Names, is_name, word_lists
from flowlattice_agents.models.offline.terms import Term, term

_LONGEST = 220
_LEFT_OVER = 60
_STATEMENT = 4
_UNJOINED = 2
_CONNECTORS = frozenset(
    {",", ";", "-", ":", "and", "but", "also", "so", "then", "(", ")", "plus", "too", "?", "...", "|", "&"}
)
_READINGS_KEPT = 4


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
    for index, token in enumerate(tokens):
        if token.kind == "STOP" and token.norm == "?" and index + 1 < len(tokens) and _goes_on(tokens[index + 1]):
            found[-1].append(Token("SYM", "?", token.start, token.end, token.value))
        elif token.sentence_end:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _goes_on(token: Token) -> bool:
    return token.norm in {"then", "->"} or (
        token.kind == "NUM" and re.fullmatch(r"[1-5]\d\d", token.value.text) is not None
    )


def recognisers(names: Names) -> dict[str, Recogniser]:
    """What the grammar's capital names recognise, and fields by the known names."""
    lists = word_lists()

    def kind(wanted: str) -> Recogniser:
        return lambda tokens, at: [(at + 1, tokens[at].value)] if tokens[at].kind == wanted else []

    def status(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        number = tokens[at].value.text if tokens[at].kind == "NUM" else ""
        return [(at + 1, tokens[at].value)] if re.fullmatch(r"[1-5]\d\d", number) else []

    def noun(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        plain = (
            tokens[at].kind == "WORD" and tokens[at].norm not in lists.reserved and not tokens[at].norm.startswith("'")
        )
        return [(at + 1, tokens[at].value)] if plain else []

    def new_name(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        known = names.field(tokens, at)
        if known:
            return [(end, term("name", value.text)) for end, value in known]
        named = token.kind in {"NAME", "STR"} and is_name(token.value.text) and " " not in token.value.text
        article = token.norm == "a" and at + 1 < len(tokens) and tokens[at + 1].norm in {"and", ",", "or"}
        free = token.kind == "WORD" and (article or token.norm not in lists.reserved) and is_name(token.value.text)
        return [(at + 1, term("name", token.value.text))] if named or free else []

    def code_word(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        fits = token.kind == "WORD" and re.fullmatch(r"[A-Z][A-Z0-9]+", token.value.text)
        return [(at + 1, term("str", token.value.text))] if fits else []

    def percentile(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        match = re.fullmatch(r"p(\d{2,3})", tokens[at].norm)
        return [(at + 1, term("num", match[1]))] if match else []

    builtins: dict[str, Recogniser] = {
        name: kind(name) for name in ("NUM", "STR", "JSON", "PATH", "URL", "METHOD", "DATE")
    }
    builtins |= {"NAME": kind("NAME"), "WORD": kind("WORD"), "TIME": kind("TIME")}
    builtins |= {"STATUS": status, "noun": noun, "nounword": noun, "newname": new_name, "field": names.field}
    builtins |= {"CODEWORD": code_word, "CAPWORD": code_word, "PERCENTILE": percentile, "CODE": kind("NAME")}
    return builtins


def read_sentence(tokens: Sequence[Token], grammar: Grammar, names: Names) -> list[Reading]:
    """The cheapest divisions of a sentence into statements; several only where they cost the same."""
    if len(tokens) > _LONGEST:
        return [Reading((), ((0, len(tokens)),), _LEFT_OVER * len(tokens))]
    chart = Chart(grammar, tokens, recognisers(names), word_lists().fillers)
    best: list[list[Reading]] = [[] for _ in range(len(tokens) + 1)]
    best[len(tokens)] = [Reading((), (), 0)]
    for start in range(len(tokens) - 1, -1, -1):
        found = [_skip(tokens, start, rest) for rest in best[start + 1]]
        for end, meaning, cost in chart.parse("statement", start):
            end = max(end, start + 1)
            for rest in best[end]:
                joined = _STATEMENT + (_UNJOINED if rest.statements and rest.statements[0].start == end else 0)
                statements = (Statement(meaning, start, end), *rest.statements)
                found.append(Reading(statements, rest.leftovers, rest.cost + cost + joined))
        best[start] = _cheapest(found)
    return best[0]


def _skip(tokens: Sequence[Token], start: int, rest: Reading) -> Reading:
    token = tokens[start]
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
