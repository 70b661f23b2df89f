"""Choosing operators by example: those of the catalogue whose names the brief hints at and that give what it shows.

An operator is only taken where a word of the brief (a path, a key, a verb) names it. Arithmetic on all numbers of a
request is also taken without such a word, where an example with enough digits leaves one reading.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import JsonValue

from flowlattice.operators import Operator, catalogue
from flowlattice_agents.expressions import INTEGER, NUMBER, ListType
from flowlattice_agents.models.offline.evaluation import equivalent, gives, run
from flowlattice_agents.models.offline.lowering import Lowering
from flowlattice_agents.models.offline.operations import operations
from flowlattice_agents.models.offline.routes import Route, Sample
from flowlattice_agents.models.offline.scope import Scope, Typed
from flowlattice_agents.models.offline.terms import Term

_JOINING = frozenset("between of to on in is count number from".split())
_CONSTANTS = ('""',)
_MOST_ARGUMENTS = 3
_MOST_CONSTANTS = 6
_ENOUGH_DIGITS = 3
_LONG_PHRASE = 3
_TOO_COMMON = frozenset(
    "the a an of to from in is and or with by for value text number list as at it its be take takes first last drop "
    "get same fixed page steps before after contains where remove replace left right most least".split()
)


def synthesised(
    scope: Scope,
    route: Route,
    wanted: Sequence[tuple[Sample, JsonValue]],
    words: frozenset[str],
    numbers: Sequence[str] = (),
) -> list[Typed]:
    """The calls of hinted operators on the route's fields that give every wanted value, one for each behaviour."""
    found: list[Typed] = []
    numbers = _given(numbers, wanted)
    subjects = [scope.paths[name] for name in scope.subjects if name in scope.paths]
    for operator in catalogue().values():
        if not hinted(operator, words) or not 1 <= len(operator.parameters) <= _MOST_ARGUMENTS:
            continue
        for call in _calls(operator, subjects, (*_CONSTANTS, *dict.fromkeys(numbers))[:_MOST_CONSTANTS]):
            typed = scope.typed(call)
            if typed and all(gives(typed.text, sample.inputs, route, value) for sample, value in wanted):
                found.append(typed)
    found += _item_by_item(scope, route, wanted, words)
    for head in operations():
        if _stem(head) in words and head not in _TOO_COMMON:
            reader = Lowering(replace(scope, results=()))
            for typed in (*reader.values(Term(head)), *reader.values(Term(head, (Term("both"),)))):
                if all(gives(typed.text, sample.inputs, route, value) for sample, value in wanted):
                    found.append(typed)
    return _distinct(found, route)[:4]


def _given(numbers: Sequence[str], wanted: Sequence[tuple[Sample, JsonValue]]) -> list[str]:
    """The numbers of the brief without those that are what an example must give."""
    results = {str(float(value)) for _, value in wanted if isinstance(value, int | float)}
    return [number for number in numbers if str(float(number)) not in results]


def _item_by_item(
    scope: Scope, route: Route, wanted: Sequence[tuple[Sample, JsonValue]], words: frozenset[str]
) -> list[Typed]:
    """A hinted operator on each item of a list, or the items of which it is true."""
    lists = [typed for name in scope.subjects if (typed := scope.typed(scope.paths[name]))]
    found: list[Typed] = []
    for walked in (typed.text for typed in lists if isinstance(typed.type, ListType)):
        for operator in catalogue().values():
            if len(operator.parameters) == 1 and hinted(operator, words):
                call = f"{operator.qualified_name}(item)"
                texts = (f"[{call} for item in {walked}]", f"[item for item in {walked} if {call}]")
                for typed in filter(None, map(scope.typed, texts)):
                    if all(gives(typed.text, sample.inputs, route, value) for sample, value in wanted):
                        found.append(typed)
    return found


def arithmetic(
    scope: Scope, route: Route, wanted: Sequence[tuple[Sample, JsonValue]], numbers: Sequence[str]
) -> list[Typed]:
    """The shortest formulas over all numbers of the request that give every wanted value, one for each behaviour."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for _, value in wanted):
        return []
    if sum(_digits(value) for _, value in wanted) < _ENOUGH_DIGITS:
        return []
    fields = [scope.paths[name] for name in scope.subjects if name in scope.paths]
    typed_fields = [field for field in fields if (one := scope.typed(field)) and one.type in (INTEGER, NUMBER)]
    if not 1 <= len(typed_fields) <= 3 or len(typed_fields) != len(fields):
        return []
    numbers = _given(numbers, wanted)
    places = max(_places(value) for _, value in wanted)
    for formulas in _formulas(typed_fields, numbers):
        found = _distinct([one for text in formulas for one in _fitting(scope, route, wanted, text, places)], route)
        if found:
            return found
    return []


def _formulas(fields: Sequence[str], numbers: Sequence[str]) -> Iterator[list[str]]:
    """Formulas by size: the fields alone, then with one number of the brief."""
    plain = [text for order in itertools.permutations(fields) for text in _combined(order)]
    if len(fields) > 1:
        yield plain
    constants = [number for number in dict.fromkeys(numbers) if number not in {"0", "1"}][:_MOST_CONSTANTS]
    yield [f"({text}) {sign} {constant}" for text in plain for sign in "+-*/" for constant in constants]


def _combined(order: Sequence[str]) -> list[str]:
    texts = [order[0]]
    for field in order[1:]:
        texts = [f"({text}) {sign} {field}" for text in texts for sign in "+-*/"]
    return texts


def _fitting(
    scope: Scope, route: Route, wanted: Sequence[tuple[Sample, JsonValue]], text: str, places: int
) -> list[Typed]:
    for candidate in (text, f"numbers.round_half_up({text}, {places})"):
        typed = scope.typed(candidate)
        if typed and all(gives(typed.text, sample.inputs, route, value) for sample, value in wanted):
            return [typed]
    return []


def _distinct(found: Sequence[Typed], route: Route) -> list[Typed]:
    kept: list[Typed] = []
    for typed in found:
        if not any(equivalent(typed.text, known.text, route) for known in kept):
            kept.append(typed)
    return kept


def _digits(value: JsonValue) -> int:
    return len(str(value).replace(".", "").replace("-", "").strip("0"))


def _places(value: JsonValue) -> int:
    return len(str(value).partition(".")[2]) if isinstance(value, float) and not value.is_integer() else 0


def framed(
    scope: Scope, route: Route, wanted: Sequence[tuple[Sample, JsonValue]], words: frozenset[str]
) -> list[Typed]:
    """A hinted operator's text with signs around it that every wanted text has: `#` and the words run together."""
    texts = [value for _, value in wanted if isinstance(value, str)]
    if len(texts) != len(wanted):
        return []
    found: list[Typed] = []
    for operator in catalogue().values():
        if hinted(operator, words) and len(operator.parameters) == 1:
            for name in scope.subjects:
                found += _frame(scope, route, wanted, f"{operator.qualified_name}({scope.paths[name]})")
    return _distinct(found, route)


def _frame(scope: Scope, route: Route, wanted: Sequence[tuple[Sample, JsonValue]], call: str) -> list[Typed]:
    frames = set()
    for sample, value in wanted:
        known, inner = run(call, sample.inputs, route)
        if not known or not isinstance(inner, str) or not isinstance(value, str) or len(inner) < 2:
            return []
        before, found, after = value.partition(inner)
        if not found or re.search(r"\w", before + after):
            return []
        frames.add((before, after))
    if len(frames) != 1 or frames == {("", "")}:
        return []
    before, after = frames.pop()
    typed = scope.typed(
        " + ".join(part for part in (repr(before) if before else "", call, repr(after) if after else "") if part)
    )
    return [typed] if typed else []


def hinted(operator: Operator, words: frozenset[str]) -> bool:
    """Whether the brief holds a word that is the operator's name or a one-word phrase of it."""
    parts = [part for part in operator.name.split("_") if part not in _JOINING]
    if "_" in operator.name and parts and all(_stem(part) in words for part in parts):
        return True
    said = (phrase.split() for phrase in operator.phrases if " " in phrase)
    if any(len(parts) >= _LONG_PHRASE and all(_stem(part) in words for part in parts) for parts in said):
        return True
    names = {operator.name, *(phrase for phrase in operator.phrases if " " not in phrase)}
    if any(_stem(name) in words for name in names if name not in _TOO_COMMON):
        return True
    told = ([word for word in phrase.lower().split() if word not in _JOINING] for phrase in operator.phrases)
    return any(len(parts) > 1 and all(_stem(part) in words for part in parts) for parts in told)


def stems(text_words: Sequence[str]) -> frozenset[str]:
    """The words of a brief as `hinted` compares them."""
    return frozenset(_stem(word) for word in text_words)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "d"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word.rstrip("e") if len(word) > 4 else word


def _calls(operator: Operator, subjects: Sequence[str], known: Sequence[str]) -> list[str]:
    count = len(operator.parameters)
    fields = min(count, len(subjects))
    calls = []
    for used in range(fields, 0, -1):
        for arguments in itertools.permutations(subjects, used):
            if used < len(subjects) or count < used:
                continue
            for constants in itertools.product(known, repeat=count - used):
                calls.append(f"{operator.qualified_name}({', '.join((*arguments, *constants))})")
    return calls
