"""What the grammar names without a rule for it: numbers, quoted text, names of fields, codes, context, operators."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowlattice_agents.models.offline.context import context_ends, title_ends, title_words
from flowlattice_agents.models.offline.grammar import Recogniser
from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.names import Names, is_name, word_lists
from flowlattice_agents.models.offline.operations import noun_operators_at, operators_at
from flowlattice_agents.models.offline.terms import Term, term

Found = list[tuple[int, Term]]
_SHORT_NAMES = frozenset("first last second third min max a i from to at by in on for of".split())
_KINDS = ("NUM", "STR", "JSON", "PATH", "URL", "METHOD", "DATE", "NAME", "WORD")
_MOST_PROPER = 3
_MEANS = frozenset({"is", "=", "means", "->", ":"})
_MOST_PLAIN = 4


def recognisers(names: Names) -> dict[str, Recogniser]:
    """The recognisers by name; fields are those of the known names."""
    return {
        **{kind: _of_kind(kind) for kind in _KINDS},
        "CODE": _of_kind("NAME"),
        "ONE": _one_thing,
        "STATUS": _status,
        "PERCENTILE": _percentile,
        "CODEWORD": _code_word,
        "CAPWORD": _code_word,
        "LOWCODE": _low_code,
        "CAPITAL": _capital,
        "PROPER": _proper,
        "LINE": _line,
        "PLAIN": _plain_words,
        "GLUED": _glued,
        "DOTTED": _dotted,
        "wordchoice": _word_choice,
        "noun": _noun,
        "nounword": _noun,
        "labelword": _label,
        "field": names.field,
        "newname": lambda tokens, at: _new_name(tokens, at, names),
        "outname": lambda tokens, at: _out_name(tokens, at, names),
        "freename": lambda tokens, at: _free_name(tokens, at, names),
        "context": lambda tokens, at: context_ends(tokens, at, names),
        "title": title_ends,
        "title_words": title_words,
        "op": operators_at,
        "nounop": noun_operators_at,
    }


def _of_kind(kind: str) -> Recogniser:
    return lambda tokens, at: [(at + 1, tokens[at].value)] if tokens[at].kind == kind else []


def _one(at: int, value: Term, fits: object) -> Found:
    return [(at + 1, value)] if fits else []


def _text(token: Token) -> Term:
    return term("str", token.value.text)


def _status(tokens: Sequence[Token], at: int) -> Found:
    token = tokens[at]
    return _one(at, token.value, token.kind == "NUM" and re.fullmatch(r"[2-5]\d\d", token.value.text))


def _one_thing(tokens: Sequence[Token], at: int) -> Found:
    return _one(at, tokens[at].value, tokens[at].kind == "NUM" and tokens[at].value.text == "1")


def _percentile(tokens: Sequence[Token], at: int) -> Found:
    match = re.fullmatch(r"p(\d{2,3})", tokens[at].norm)
    return [(at + 1, term("num", match[1]))] if match else []


def _noun(tokens: Sequence[Token], at: int) -> Found:
    token = tokens[at]
    plain = token.norm not in word_lists().reserved and not token.norm.startswith("'")
    return _one(at, token.value, token.kind == "WORD" and plain)


def _label(tokens: Sequence[Token], at: int) -> Found:
    """A word that may be the label of a range: no type and nothing that a title speaks of."""
    return [] if tokens[at].norm in word_lists().title | word_lists().behaviour else _noun(tokens, at)


def _new_name(tokens: Sequence[Token], at: int, names: Names) -> Found:
    token = tokens[at]
    known: Found = [(end, term("name", value.text)) for end, value in names.field(tokens, at)]
    own = token.value.text
    if at and token.kind == "WORD" and own[:1].isupper() and own.lower() in {value.text for _, value in known}:
        return [(at + 1, term("name", own))]
    quoted = token.kind in {"NAME", "STR"} and is_name(token.value.text)
    return known or _one(at, term("name", token.value.text), quoted)


def _free_name(tokens: Sequence[Token], at: int, names: Names) -> Found:
    """Any word that may be a name; `a` and `from` only where they stand in a list of names."""
    token = tokens[at]
    beside = {tokens[other].norm for other in (at - 1, at + 1) if 0 <= other < len(tokens)}
    listed = bool(beside & {"and", "or"}) or (at + 1 < len(tokens) and tokens[at + 1].norm == ",")
    possible = token.norm not in word_lists().reserved or (token.norm in _SHORT_NAMES and listed)
    free = token.kind == "WORD" and possible and is_name(token.value.text)
    return _new_name(tokens, at, names) or _one(at, term("name", token.value.text), free)


def _out_name(tokens: Sequence[Token], at: int, names: Names) -> Found:
    """The name of a field of the reply: as it is written, where a field of the request differs in capitals."""
    token = tokens[at]
    found = _free_name(tokens, at, names)
    own = token.value.text
    if token.kind == "WORD" and any(own != one.text and own.lower() == one.text.lower() for _, one in found):
        return [(at + 1, term("name", own))]
    return found


def _code_word(tokens: Sequence[Token], at: int) -> Found:
    token = tokens[at]
    return _one(at, _text(token), token.kind == "WORD" and re.fullmatch(r"[A-Z][A-Z0-9]+", token.value.text))


def _low_code(tokens: Sequence[Token], at: int) -> Found:
    token = tokens[at]
    after = at + 2 if at + 1 < len(tokens) and tokens[at + 1].norm in _MEANS else at + 1
    follows = after < len(tokens) and tokens[after].value.text[:1].isupper()
    return _one(at, _text(token), token.kind == "WORD" and follows and re.fullmatch(r"[a-z]{2,3}", token.value.text))


def _capital(tokens: Sequence[Token], at: int) -> Found:
    token = tokens[at]
    return _one(at, _text(token), token.kind == "WORD" and re.fullmatch(r"[A-Z]", token.value.text))


def _proper(tokens: Sequence[Token], at: int) -> Found:
    ends: Found = []
    words: list[str] = []
    for end in range(at, min(at + _MOST_PROPER, len(tokens))):
        if tokens[end].kind != "WORD" or not tokens[end].value.text[:1].isupper():
            break
        words.append(tokens[end].value.text)
        ends.append((end + 1, term("str", " ".join(words))))
    return ends


def _line(tokens: Sequence[Token], at: int) -> Found:
    """The rest of the line as text."""
    end = next((index for index in range(at + 1, len(tokens)) if tokens[index].newline), len(tokens))
    pieces = [tokens[at].value.text]
    for before, token in zip(tokens[at:end], tokens[at + 1 : end], strict=False):
        pieces.append((" " if token.start > before.end else "") + token.value.text)
    return [(end, term("str", "".join(pieces)))]


def _plain_words(tokens: Sequence[Token], at: int) -> Found:
    """A few words up to the end of the sentence or line."""
    (end, text), *_ = _line(tokens, at)
    return [(end, text)] if end - at <= _MOST_PLAIN and all(token.kind == "WORD" for token in tokens[at:end]) else []


def _glued(tokens: Sequence[Token], at: int) -> Found:
    """What stands without a space between: `BX-1234`."""
    end = at + 1
    while end < len(tokens) and tokens[end].start == tokens[end - 1].end and tokens[end].norm not in {":", ","}:
        end += 1
    return [(end, term("glued"))]


def _dotted(tokens: Sequence[Token], at: int) -> Found:
    """A file's ending: `.pdf`."""
    if tokens[at].norm != "." or at + 1 >= len(tokens) or tokens[at + 1].start != tokens[at].end:
        return []
    return _one(at + 1, term("str", "." + tokens[at + 1].value.text), tokens[at + 1].kind == "WORD")


def _word_choice(tokens: Sequence[Token], at: int) -> Found:
    token = tokens[at]
    word = len(token.norm) == 1 or token.norm not in word_lists().reserved
    return _one(at, _text(token), token.kind in {"WORD", "NAME", "STR"} and word)
