"""The grammar of briefs: rules as data, and the chart that applies them.

A rule file (`grammar/*.rules`) lists alternatives under the name of what they recognise:

    condition
      | <value:a> (is | are) below <value:b>   => lt($a, $b)

`<name:label>` is what another name recognises, `word~` any regular form of a word, `[...]` optional, `(... | ...)`
a choice; `=> head($label, 'text')` builds the term, `{2}` adds to the cost. Among readings of the same words the
cheapest wins. What the terms mean is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.terms import Term

Recogniser = Callable[[Sequence[Token], int], list[tuple[int, Term]]]
_LEXEME = re.compile(
    r"\s+|(?P<nt><\w+(?::\w+)?>)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<bar>\|)|(?P<word>\\[()\[\]|]|->|[^\s<>()\[\]|\\]+|<=?|>=?)"
)
_ACTION = re.compile(
    r"\s*(?:(?P<call>[\w.]+)\(|(?P<splice>\*)?\$(?P<label>\w+)|'(?P<text>[^']*)'|(?P<end>\))|(?P<comma>,))"
)


@dataclass(frozen=True)
class Literal:
    """One word of a set."""

    words: frozenset[str]


@dataclass(frozen=True)
class Part:
    """What another name recognises, kept under a label where the action uses it."""

    name: str
    label: str | None


@dataclass(frozen=True)
class Choice:
    """One of several sequences, one of which may be empty."""

    options: tuple[tuple[Element, ...], ...]


Element = Literal | Part | Choice


@dataclass(frozen=True)
class Action:
    """What to build: a head over labels, texts and nested actions."""

    head: str
    args: tuple[Action | str | tuple[str, bool], ...]


@dataclass(frozen=True)
class Rule:
    """One alternative of a name."""

    name: str
    elements: tuple[Element, ...]
    action: Action | str | None
    cost: int
    source: str


@dataclass(frozen=True)
class Grammar:
    """All rules by name; `growing` are those that begin with the name itself."""

    rules: Mapping[str, tuple[Rule, ...]]
    growing: Mapping[str, tuple[Rule, ...]]
    starts: Mapping[str, tuple[frozenset[str], ...]]
    firsts: Mapping[str, frozenset[str]]

    @property
    def words(self) -> frozenset[str]:
        """Every literal word of the grammar."""
        return frozenset(
            word
            for group in (*self.rules.values(), *self.growing.values())
            for rule in group
            for word in _literals(rule.elements)
        )


@cache
def load_grammar() -> Grammar:
    """The rules of the package's `grammar` folder."""
    folder = resources.files(__package__) / "grammar"
    texts = sorted(
        (entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".rules")
    )
    return compile_grammar([text for _, text in texts])


def compile_grammar(texts: Sequence[str]) -> Grammar:
    """Read rule texts.

    Raises:
        ValueError: A rule that cannot be read, with the rule.
    """
    rules: dict[str, list[Rule]] = {}
    growing: dict[str, list[Rule]] = {}
    for text in texts:
        for name, source in _sources(text):
            rule = _read_rule(name, source)
            first = rule.elements[0]
            group = growing if isinstance(first, Part) and first.name == name else rules
            group.setdefault(name, []).append(rule)
    frozen = {name: tuple(group) for name, group in rules.items()}
    firsts = _firsts(frozen)
    starts = {name: tuple(_first(rule.elements, firsts)[0] for rule in group) for name, group in frozen.items()}
    return Grammar(
        frozen,
        {name: tuple(group) for name, group in growing.items()},
        starts,
        {name: frozenset(first) for name, first in firsts.items()},
    )


def _firsts(rules: Mapping[str, tuple[Rule, ...]]) -> dict[str, set[str]]:
    """What each name may start with: words, and the names of recognisers with `@` in front."""
    firsts: dict[str, set[str]] = {name: set() for name in rules}
    changed = True
    while changed:
        changed = False
        for name, group in rules.items():
            size = len(firsts[name])
            for rule in group:
                firsts[name] |= _first(rule.elements, firsts)[0]
            changed = changed or len(firsts[name]) > size
    return firsts


def _first(elements: Sequence[Element], firsts: Mapping[str, set[str]]) -> tuple[frozenset[str], bool]:
    """What a sequence may start with, and whether it may be empty."""
    found: set[str] = set()
    for element in elements:
        if isinstance(element, Literal):
            return frozenset(found | element.words), False
        if isinstance(element, Part):
            return frozenset(found | firsts.get(element.name, {"@" + element.name})), False
        options = [_first(option, firsts) for option in element.options]
        found.update(word for first, _ in options for word in first)
        if not any(empty for _, empty in options):
            return frozenset(found), False
    return frozenset(found), True


def _sources(text: str) -> Iterator[tuple[str, str]]:
    name = ""
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("| "):
            yield name, stripped[2:]
        else:
            name = stripped


def _read_rule(name: str, source: str) -> Rule:
    body, _, action = source.partition(" => ")
    cost = re.search(r"\{(-?\d+)\}\s*$", source)
    if cost:
        body, action = (re.sub(r"\{-?\d+\}\s*$", "", part) for part in (body, action))
    tokens = [(m.lastgroup, m.group()) for m in _LEXEME.finditer(body) if m.lastgroup]
    elements, rest = _read_sequence(tokens, 0)
    if rest != len(tokens) or _first(elements, {})[1]:
        raise ValueError(f"cannot read the rule `{name} | {source}`")
    return Rule(name, elements, _read_action(action.strip()), 1 + int(cost[1]) if cost else 1, source)


def _read_sequence(tokens: Sequence[tuple[str, str]], position: int) -> tuple[tuple[Element, ...], int]:
    elements: list[Element] = []
    while position < len(tokens) and tokens[position][0] not in {"close", "bar"}:
        kind, text = tokens[position]
        if kind == "open":
            options: list[tuple[Element, ...]] = [()] if text == "[" else []
            position += 1
            while True:
                option, position = _read_sequence(tokens, position)
                options.append(option)
                if tokens[position][0] != "bar":
                    break
                position += 1
            elements.append(Choice(tuple(options)))
        elif kind == "nt":
            name, _, label = text[1:-1].partition(":")
            elements.append(Part(name, label or None))
        else:
            elements.append(Literal(_forms(text.removeprefix("\\"))))
        position += 1
    return tuple(elements), position


def _forms(word: str) -> frozenset[str]:
    """The word, or with `~` its regular forms: send, sends, sending, sended."""
    word = word.lower()
    if not word.endswith("~") or len(word) < 2:
        return frozenset((word,))
    word = word[:-1]
    stem = word[:-1] if word.endswith("e") else word
    forms = {word, word + "s", stem + "ed", stem + "ing", stem + "ied" if stem.endswith("y") else word}
    if word.endswith(("s", "x", "sh", "ch", "z")):
        forms.add(word + "es")
    if word.endswith("y"):
        forms |= {word[:-1] + "ies", word[:-1] + "ied"}
    if re.search(r"[aeiou][bdgmnprt]$", word):
        forms |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return frozenset(forms)


def _read_action(text: str) -> Action | str | None:
    if not text:
        return None
    if text.startswith("$"):
        return text[1:]
    stack: list[tuple[str, list[Action | str | tuple[str, bool]]]] = []
    position = 0
    while match := _ACTION.match(text, position):
        position = match.end()
        if match["call"]:
            stack.append((match["call"], []))
        elif match["label"]:
            stack[-1][1].append((match["label"], bool(match["splice"])))
        elif match["text"] is not None:
            stack[-1][1].append(match["text"])
        elif match["end"]:
            head, args = stack.pop()
            done = Action(head, tuple(args))
            if not stack:
                return done
            stack[-1][1].append(done)
    raise ValueError(f"cannot read the action `{text}`")


def _literals(elements: Sequence[Element]) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Literal):
            yield from element.words
        elif isinstance(element, Choice):
            for option in element.options:
                yield from _literals(option)
