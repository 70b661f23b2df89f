"""Which operators a prompt shows: the names of all, and those with their types that a text seems to need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from math import log

from flowlattice.operators import Operator, catalogue
from flowlattice_agents.expressions import signature_text

MOST_SHOWN = 36
_PHRASE_WEIGHT = 6.0
_WORD = re.compile(r"[a-z]+")
_GENERAL = (
    "text.trim", "text.lower", "text.length", "lists.length", "aggregation.total", "numbers.round_half_up",
    "numbers.floor_divide", "lookups.get_or", "selection.coalesce",
)  # fmt: skip


def all_names() -> str:
    """The names of all operators, a line for each family."""
    families: dict[str, list[str]] = {}
    for operator in catalogue().values():
        families.setdefault(operator.family, []).append(operator.name)
    return "\n".join(f"{family}: {' '.join(names)}" for family, names in families.items())


def likely(text: str) -> str:
    """The operators that a text seems to need, with their types and meanings, a line each."""
    lowered = " ".join(text.lower().split())
    words = set(_stems(lowered))
    scores = {name: _score(operator, lowered, words) for name, operator in catalogue().items()}
    best = sorted((name for name in scores if scores[name] > 0), key=lambda name: (-scores[name], name))
    chosen = dict.fromkeys([*best[: MOST_SHOWN - len(_GENERAL)], *_GENERAL])
    return "\n".join(f"{signature_text(name)}: {catalogue()[name].meaning}" for name in chosen)


def _score(operator: Operator, text: str, words: set[str]) -> float:
    phrases = sum(_PHRASE_WEIGHT for phrase in operator.phrases if re.search(rf"\b{re.escape(phrase)}\b", text))
    rarity = _rarity()
    return min(phrases, 2 * _PHRASE_WEIGHT) + sum(rarity[word] for word in _words_of(operator) & words)


@cache
def _rarity() -> dict[str, float]:
    counts = Counter(word for operator in catalogue().values() for word in _words_of(operator))
    return {word: max(0.0, log(len(catalogue()) / count) - 1.5) for word, count in counts.items()}


def _words_of(operator: Operator) -> set[str]:
    return set(_stems(" ".join([operator.name.replace("_", " "), *operator.phrases])))


def _stems(text: str) -> Iterable[str]:
    for word in _WORD.findall(text):
        stem = re.sub(r"(ing|ed|es|s)$", "", word) if len(word) > 4 else word
        if len(stem) > 2:
            yield stem
