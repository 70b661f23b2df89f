"""Names in a brief: which words name a field, and how loosely one is spoken of ("the weight" for `weight_g`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.terms import Term, term

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-.]{0,59}\Z")
_TECHNICAL = re.compile(r"[A-Za-z]+_\w+\Z|[a-z]+[A-Z]\w*\Z|[A-Z][a-z]+[A-Z]\w*\Z|[A-Za-z]+\d+\Z")
_MOST_WORDS = 4


_RATES = frozenset({"percent", "pct", "percentage", "rate"})


@dataclass(frozen=True)
class WordLists:
    """The word lists of the grammar."""

    fillers: frozenset[str]
    light: frozenset[str]
    soft: frozenset[str]
    reserved: frozenset[str]
    common: frozenset[str]
    units: frozenset[str]
    restrictive: frozenset[str]
    behaviour: frozenset[str]
    title: frozenset[str]
    acknowledging: frozenset[str]
    textual: frozenset[str]
    numeric: frozenset[str]
    aliases: tuple[tuple[str, ...], ...]


@cache
def word_lists() -> WordLists:
    """Read `grammar/words.txt`."""
    found: dict[str, list[str]] = {}
    aliases: list[tuple[str, ...]] = []
    for line in (resources.files(__package__) / "grammar" / "words.txt").read_text("utf-8").splitlines():
        name, colon, words = line.partition(":")
        if not colon or name.startswith("#"):
            continue
        if name == "alias":
            aliases.append(tuple(words.split()))
        else:
            found.setdefault(name, []).extend(words.split())
    sets = {name: frozenset(words) for name, words in found.items()}
    return WordLists(**sets, aliases=tuple(aliases))


def is_name(text: str) -> bool:
    """Whether a text can be the name of a field."""
    return _NAME.match(text) is not None


def parts_of(name: str) -> tuple[str, ...]:
    """The words of a name, lower case: `FirstName` and `first_name` are first, name."""
    return tuple(part.lower() for part in _PARTS.findall(name)) or (name.lower(),)


def likely_type(name: str) -> str | None:
    """What a field of that name most likely holds, in a word: text, a number; none where the name says nothing."""
    parts = set(parts_of(name))
    if parts & word_lists().numeric:
        return "a number"
    return "text" if parts & word_lists().textual else None


def evident_names(tokens: Iterable[Token]) -> dict[str, None]:
    """What the spelling of a brief shows to be names: JSON keys, query and path parameters, backticks, snake_case."""
    found: dict[str, None] = {}
    for token in tokens:
        if token.kind == "JSON":
            found.update((part.text, None) for part in token.value.walk() if part.head == "pair")
            for part in token.value.walk():
                found.update((name, None) for name in _names_in_formula(part.text) if part.head == "raw")
        elif token.kind == "PATH":
            path, _, query = token.value.text.partition("?")
            found.update((name, None) for name in re.findall(r"\{(\w+)\}", path))
            found.update((pair.partition("=")[0], None) for pair in query.split("&") if is_name(pair.partition("=")[0]))
        elif token.kind == "NAME" or (token.kind == "WORD" and _TECHNICAL.match(token.value.text)):
            found[token.value.text] = None
    return found


def _names_in_formula(text: str) -> list[str]:
    """`a + b` names a and b, and so does `n` alone; a phrase in words names nothing for sure."""
    words = re.findall(r"[A-Za-z_]\w*", text)
    if is_name(text):
        return words if len(text) <= 2 or _TECHNICAL.match(text) else []
    formula = re.fullmatch(r"[\w\s.+*/()%-]+", text) is not None and re.search(r"[+*/%-]", text) is not None
    operands = re.split(r"[^\w.]+", text.strip())
    plain = formula and not re.search(r"[A-Za-z_]\w*\s+[A-Za-z_]", text)
    return [word for word in operands if is_name(word)] if plain else []


class Names:
    """The names known in a brief, found in its tokens."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._spoken = _spoken_forms(self.names)

    def exact(self, text: str) -> bool:
        """Whether a word is a known name as it is written."""
        return text in self.names

    def field(self, tokens: Sequence[Token], position: int) -> list[tuple[int, Term]]:
        """The known names that stand at a place, and where each ends."""
        token = tokens[position]
        found: dict[tuple[int, Term], None] = {}
        if token.kind in {"NAME", "STR"}:
            if token.value.text in self.names:
                found[position + 1, term("ref", token.value.text)] = None
            return list(found)
        if token.kind not in {"WORD", "METHOD"}:
            return []
        if token.value.text in self.names:
            found[position + 1, term("ref", token.value.text)] = None
        words: list[str] = []
        for end in range(position, min(position + _MOST_WORDS, len(tokens))):
            if tokens[end].kind != "WORD":
                break
            words.append(_stem(tokens[end].norm))
            if end == position and found:
                continue
            for name in self._spoken.get(tuple(words), ()):
                found[end + 1, term("ref", name)] = None
        return list(found)


def _stem(word: str) -> str:
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("ages", "age"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2 and not word.endswith("ss"):
            return word[: -len(ending)] + kept
    return word


def _spoken_forms(names: Sequence[str]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """How names are spoken of: all their words first; then, where that is unique, without the unit or by an alias."""
    exact: dict[tuple[str, ...], list[str]] = {}
    loose: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        parts = tuple(_stem(part) for part in parts_of(name))
        exact.setdefault(parts, []).append(name)
        for form in _loose_forms(parts):
            if form and form != parts and name not in loose.setdefault(form, []):
                loose[form].append(name)
    forms = {form: tuple(found) for form, found in exact.items()}
    for form, found in loose.items():
        amounts = [name for name in found if parts_of(name)[-1] not in _RATES] if len(found) > 1 else found
        if form not in forms and len(amounts) == 1:
            forms[form] = (amounts[0],)
    return forms


def _loose_forms(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    lists = word_lists()
    units = {_stem(unit) for unit in lists.units}
    forms = [parts]
    if len(parts) > 1 and parts[-1] in units:
        forms.append(parts[:-1])
    if len(parts) == 2 and parts[0] in {"to", "unit", "the", "is", "total", "number"}:
        forms.append(parts[1:])
    for form in list(forms):
        for short, *longer in lists.aliases:
            if short in form:
                forms.extend(tuple(_stem(word) if part == short else part for part in form) for word in longer)
    return forms
