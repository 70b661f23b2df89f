"""A change request as it is read: its statements, and the new routes that it tells in the brief language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flowlattice_agents.models.offline.grammar import load_grammar
from flowlattice_agents.models.offline.lexer import Token, lex
from flowlattice_agents.models.offline.names import Names, evident_names
from flowlattice_agents.models.offline.sentences import read_sentence, sentences
from flowlattice_agents.models.offline.synonyms import rewritten
from flowlattice_agents.models.offline.terms import Term
from flowlattice_agents.spec import FlowSpec

_ADDING = re.compile(
    r"(?i)^\s*(?:please |also |and |now |then |we need |we want |i need |i want )*"
    r"(?:add|create|build|offer|provide|introduce|there should be|have)?\s*"
    r"(?:also |too )?(?:a |an |another |one more |the )?(?:new |second |third |further )?"
    r"(?:route|endpoint|path)?\s*(?:at |under |: ?)?\s*(?=GET|POST|PUT|PATCH|DELETE|/)"
)
_REMOVING = re.compile(r"(?i)\b(remove|removed|delete|deleted|drop|dropped|get rid of|retire|no longer|go away|goes)\b")


@dataclass
class ChangeRequest:
    """What a request asks for.

    Attributes:
        statements: Each with its own words.
        unclear: What is not understood, word for word.
        routes: New routes, as a brief of their own.
    """

    statements: list[tuple[Term, str]] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    routes: str = ""


def read_request(text: str, spec: FlowSpec) -> ChangeRequest:
    """Read a request about a flow; sentences from one that names a new path on are the brief of new routes."""
    tokens = rewritten(lex(text))
    names = Names(dict.fromkeys((*_names_of(spec), *evident_names(tokens))))
    paths = {route.path for route in spec.routes}
    found = ChangeRequest()
    new: list[str] = []
    for sentence in sentences(tokens):
        words = text[sentence[0].start : sentence[-1].end]
        if new and not _is_kept(sentence, names):
            new.append(words)
        elif _names_new_route(sentence, paths) and not _REMOVING.search(words):
            new.append(_ADDING.sub("", words))
        else:
            _read(sentence, names, text, found)
    found.routes = ".\n".join(new)
    return found


def _read(sentence: Sequence[Token], names: Names, text: str, found: ChangeRequest) -> None:
    reading = read_sentence(sentence, load_grammar(), names, what="change_statement")[0]
    for part in reading.statements:
        words = re.sub(r"\s+", " ", text[sentence[part.start].start : sentence[part.end - 1].end])
        found.statements.append((part.meaning, words))
    if reading.leftovers:
        found.unclear.append(re.sub(r"\s+", " ", text[sentence[0].start : sentence[-1].end]))


def _is_kept(sentence: Sequence[Token], names: Names) -> bool:
    """Whether a sentence only says that the rest stays as it is."""
    reading = read_sentence(sentence, load_grammar(), names, what="change_statement")[0]
    kept = all(part.meaning.head == "courtesy" for part in reading.statements)
    return bool(reading.statements) and not reading.leftovers and kept


def _names_new_route(sentence: Sequence[Token], known: set[str]) -> bool:
    paths = [token.value.text.partition("?")[0] for token in sentence if token.kind == "PATH"]
    return bool(paths) and not any(path in known for path in paths)


def _names_of(spec: FlowSpec) -> Iterator[str]:
    """The names of a flow's fields and of the members of its replies."""
    for record in spec.records:
        for one in record.fields:
            yield one.wire_name
    for route in spec.routes:
        for reply in (route.reply, *(case.reply for case in route.cases)):
            yield from re.findall(r"[{,]\s*'(\w+)':", reply.body or "")
