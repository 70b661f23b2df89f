"""Choosing operators by example: those of the catalogue whose names the brief hints at and that give what it shows.

Nothing is taken on the strength of an example alone: a word of the brief (a path, a key, a verb) must name the operator.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pydantic import JsonValue

from flowlattice.operators import Operator, catalogue
from flowlattice_agents.models.offline.evaluation import gives
from flowlattice_agents.models.offline.lowering import Scope, Typed
from flowlattice_agents.models.offline.routes import Route, Sample

_CONSTANTS = ('""', "0", "1", "2")
_MOST_ARGUMENTS = 3
_TOO_COMMON = frozenset("the a an of to from in is and or with by for value text number list as at it its be".split())


def synthesised(
    scope: Scope, route: Route, wanted: Sequence[tuple[Sample, JsonValue]], words: frozenset[str]
) -> list[Typed]:
    """The calls of hinted operators on the route's fields that give every wanted value, one for each behaviour."""
    found: list[Typed] = []
    subjects = [scope.paths[name] for name in scope.subjects if name in scope.paths]
    for operator in catalogue().values():
        if not hinted(operator, words) or not 1 <= len(operator.parameters) <= _MOST_ARGUMENTS:
            continue
        for call in _calls(operator, subjects):
            typed = scope.typed(call)
            if typed and all(gives(typed.text, sample.inputs, route, value) for sample, value in wanted):
                found.append(typed)
    return found[:4]


def hinted(operator: Operator, words: frozenset[str]) -> bool:
    """Whether the brief holds a word that is the operator's name or a one-word phrase of it."""
    names = {operator.name, *(phrase for phrase in operator.phrases if " " not in phrase)}
    return any(_stem(name) in words for name in names if name not in _TOO_COMMON)


def stems(text_words: Sequence[str]) -> frozenset[str]:
    """The words of a brief as `hinted` compares them."""
    return frozenset(_stem(word) for word in text_words)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "d"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word.rstrip("e") if len(word) > 4 else word


def _calls(operator: Operator, subjects: Sequence[str]) -> list[str]:
    count = len(operator.parameters)
    fields = min(count, len(subjects))
    calls = []
    for used in range(fields, 0, -1):
        for arguments in itertools.permutations(subjects, used):
            if used < len(subjects) or count < used:
                continue
            for constants in itertools.product(_CONSTANTS, repeat=count - used):
                calls.append(f"{operator.qualified_name}({', '.join((*arguments, *constants))})")
    return calls
