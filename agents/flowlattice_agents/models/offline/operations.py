"""What the grammar's heads mean in operators (`grammar/operations.txt`), and the catalogue's own phrases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from flowlattice.operators import Operator, catalogue
from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.names import word_lists
from flowlattice_agents.models.offline.terms import Term, term

_LONGEST_PHRASE = 8
_NOT_NOUNS = frozenset("in as with without to from by at of is are has have for on into than if contains".split())
_LINE = re.compile(r"(?P<head>\w+) (?P<args>[\w ]+?) (?P<open>\?)?= (?P<templates>.+)")


@dataclass(frozen=True)
class Operation:
    """A head with so many arguments: templates over `$a`, `$b`; with `open` all that fit are readings."""

    parameters: tuple[str, ...]
    templates: tuple[str, ...]
    open: bool

    def fill(self, arguments: tuple[str, ...]) -> list[str]:
        """The templates with these expressions as arguments."""
        values = dict(zip(self.parameters, arguments, strict=True))
        return [re.sub(r"\$(\w)", lambda match: f"({values[match[1]]})", template) for template in self.templates]


@cache
def operations() -> Mapping[str, tuple[Operation, ...]]:
    """The operations of each head."""
    found: dict[str, tuple[Operation, ...]] = {}
    text = (resources.files(__package__) / "grammar" / "operations.txt").read_text("utf-8")
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is not None and not line.startswith("#"):
            operation = Operation(
                tuple(match["args"].split()),
                tuple(part.strip() for part in match["templates"].split(" ; ")),
                bool(match["open"]),
            )
            found[match["head"]] = (*found.get(match["head"], ()), operation)
    return found


def operation(head: str, count: int) -> Operation | None:
    """The operation of a head with so many arguments."""
    return next((found for found in operations().get(head, ()) if len(found.parameters) == count), None)


def operators_at(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
    """The operators whose phrases stand at a place."""
    known, starts = phrases()
    if tokens[at].norm not in starts:
        return []
    found: list[tuple[int, Term]] = []
    words: list[str] = []
    for end in range(at, min(at + _LONGEST_PHRASE, len(tokens))):
        if tokens[end].kind != "WORD":
            break
        words.append(tokens[end].norm)
        operators = known.get(tuple(words), ())
        if operators and not set(words) <= word_lists().reserved:
            found.append((end + 1, term("ops", " ".join(operator.qualified_name for operator in operators))))
    return found


def noun_operators_at(tokens: Sequence[Token], at: int) -> list[tuple[int, Term]]:
    """The operators whose phrases, being nouns, can be a value by themselves: not "in upper case"."""
    word = tokens[at].norm
    return [] if word in _NOT_NOUNS or word.endswith(("ed", "ing")) else operators_at(tokens, at)


@cache
def phrases() -> tuple[Mapping[tuple[str, ...], tuple[Operator, ...]], frozenset[str]]:
    """The catalogue's operators by the words that name them, and the first of these words."""
    found: dict[tuple[str, ...], tuple[Operator, ...]] = {}
    for named in catalogue().values():
        for phrase in named.phrases:
            words = tuple(re.findall(r"[^\W_]+", phrase.lower()))
            if words and named not in found.get(words, ()):
                found[words] = (*found.get(words, ()), named)
    return found, frozenset(words[0] for words in found)
