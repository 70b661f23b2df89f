"""Sentences of a brief, and their division into statements: every word belongs to one, or is left over and asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flowlattice_agents.models.offline.context import context_ends, title_ends, title_words
from flowlattice_agents.models.offline.grammar import Chart, Grammar, Recogniser
from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.names import Names, is_name, word_lists
from flowlattice_agents.models.offline.operations import operators_at
from flowlattice_agents.models.offline.terms import Term, term

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
_SHORT_NAMES = frozenset("a i from to at by in on for of".split())


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
        elif token.newline and found[-1] and _starts_entry(tokens, index):
            found.append([token])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


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


def recognisers(names: Names) -> dict[str, Recogniser]:
    """What the grammar's capital names recognise, and fields by the known names."""
    lists = word_lists()

    def kind(wanted: str) -> Recogniser:
        return lambda tokens, at: [(at + 1, tokens[at].value)] if tokens[at].kind == wanted else []

    def status(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        number = tokens[at].value.text if tokens[at].kind == "NUM" else ""
        return [(at + 1, tokens[at].value)] if re.fullmatch(r"[2-5]\d\d", number) else []

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
        named = token.kind in {"NAME", "STR"} and is_name(token.value.text)
        return [(at + 1, term("name", token.value.text))] if named else []

    def free_name(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        beside = {tokens[other].norm for other in (at - 1, at + 1) if 0 <= other < len(tokens)}
        letter = token.norm in _SHORT_NAMES and bool(
            beside & {"and", "or"} or (at + 1 < len(tokens) and tokens[at + 1].norm == ",")
        )
        free = token.kind == "WORD" and (letter or token.norm not in lists.reserved) and is_name(token.value.text)
        return new_name(tokens, at) or ([(at + 1, term("name", token.value.text))] if free else [])

    def code_word(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        fits = token.kind == "WORD" and re.fullmatch(r"[A-Z][A-Z0-9]+", token.value.text)
        return [(at + 1, term("str", token.value.text))] if fits else []

    def line(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        end = next((index for index in range(at + 1, len(tokens)) if tokens[index].newline), len(tokens))
        pieces = [tokens[at].value.text]
        for before, token in zip(tokens[at:end], tokens[at + 1 : end], strict=False):
            pieces.append((" " if token.start > before.end else "") + token.value.text)
        return [(end, term("str", "".join(pieces)))]

    def proper(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        ends = []
        words: list[str] = []
        for end in range(at, min(at + 3, len(tokens))):
            if tokens[end].kind != "WORD" or not tokens[end].value.text[:1].isupper():
                break
            words.append(tokens[end].value.text)
            ends.append((end + 1, term("str", " ".join(words))))
        return ends

    def capital(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        return (
            [(at + 1, term("str", token.value.text))]
            if re.fullmatch(r"[A-Z]", token.value.text) and token.kind == "WORD"
            else []
        )

    def low_code(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        follows = at + 1 < len(tokens) and tokens[at + 1].value.text[:1].isupper()
        fits = token.kind == "WORD" and follows and re.fullmatch(r"[a-z]{2,3}", token.value.text)
        return [(at + 1, term("str", token.value.text))] if fits else []

    def glued(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        end = at + 1
        while end < len(tokens) and tokens[end].start == tokens[end - 1].end and tokens[end].norm not in {":", ","}:
            end += 1
        return [(end, term("glued"))]

    def word_choice(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        token = tokens[at]
        fits = token.kind in {"WORD", "NAME", "STR"} and (len(token.norm) == 1 or token.norm not in lists.reserved)
        return [(at + 1, term("str", token.value.text))] if fits else []

    def percentile(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
        match = re.fullmatch(r"p(\d{2,3})", tokens[at].norm)
        return [(at + 1, term("num", match[1]))] if match else []

    builtins: dict[str, Recogniser] = {
        name: kind(name) for name in ("NUM", "STR", "JSON", "PATH", "URL", "METHOD", "DATE")
    }
    builtins |= {"NAME": kind("NAME"), "WORD": kind("WORD"), "TIME": kind("TIME")}
    builtins |= {
        "LINE": line,
        "PROPER": proper,
        "LOWCODE": low_code,
        "wordchoice": word_choice,
        "GLUED": glued,
        "CAPITAL": capital,
    }
    builtins["op"] = operators_at
    builtins["title"] = title_ends
    builtins["title_words"] = title_words
    builtins["context"] = lambda tokens, at: context_ends(tokens, at, names)
    builtins |= {
        "STATUS": status,
        "noun": noun,
        "nounword": noun,
        "newname": new_name,
        "freename": free_name,
        "field": names.field,
    }
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
