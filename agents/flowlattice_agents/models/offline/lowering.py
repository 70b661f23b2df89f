"""From condition terms to typed expressions: subjects, and what is said of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from flowlattice_agents.expressions import (
    INTEGER,
    NUMBER,
    STRING,
    ListType,
    OptionalType,
    Type,
)
from flowlattice_agents.models.offline.records import RecordLists
from flowlattice_agents.models.offline.references import MOST_READINGS
from flowlattice_agents.models.offline.scope import Typed
from flowlattice_agents.models.offline.terms import Term, term


class Lowering(RecordLists):
    """Reads value and condition terms in a scope."""

    def _holds(self, value: Term) -> list[Typed]:
        """Subjects of which all (or, joined by "or", any) have the property."""
        subjects, predicate = value.terms
        word = " or " if subjects.head == "any" else " and "
        if predicate.head == "same_all":
            return self._apply("same_all", tuple(found[0] for found in self._spread(subjects.terms) if found))
        several = [self._has_property(subject, predicate) for subject in self._spread(subjects.terms)]
        if not several or not all(several):
            return []
        combined = (word.join(f"({part.text})" for part in parts) for parts in itertools.product(*several))
        return [typed for text in itertools.islice(combined, MOST_READINGS) for typed in self._typed(text)]

    def _spread(self, subjects: Sequence[Term]) -> list[list[Typed]]:
        found: list[list[Typed]] = []
        for subject in subjects:
            if subject.head in {"both", "every"}:
                found.extend([typed] for typed in self._subjects())
            else:
                found.append(self.values(subject))
        return found

    def _has_property(self, readings: list[Typed], predicate: Term) -> list[Typed]:
        return [typed for subject in readings for typed in self._property(subject, predicate)]

    def _property(self, subject: Typed, predicate: Term) -> list[Typed]:
        """A property of one subject."""
        if predicate.head in {"or", "and", "also"}:
            sides = [self._property(subject, part) for part in predicate.terms]
            word = " and " if predicate.head == "and" else " or "
            combined = (word.join(f"({part.text})" for part in parts) for parts in itertools.product(*sides))
            return [typed for text in combined for typed in self._typed(text)]
        if predicate.head == "not":
            return [
                typed
                for part in self._property(subject, predicate.terms[0])
                for typed in self._typed(f"not ({part.text})")
            ]
        if predicate.head == "missing":
            return self._typed(f"{subject.text} is None") if isinstance(subject.type, OptionalType) else []
        if predicate.head == "apply_phrase":
            inner = Lowering(replace(self.scope, subjects=(), results=(subject,), item=None))
            return inner.conditions(predicate)
        if predicate.head in {"between", "outside"}:
            return self._bounded(subject, predicate)
        if predicate.head == "oneof":
            return self._one_of(subject, predicate)
        if predicate.head == "size" and subject.type == STRING and "digits" in str(predicate):
            return self._digits_in(subject, predicate.terms[0])
        if predicate.head == "size":
            return [typed for size in self._sizes(subject) for typed in self._property(size, predicate.terms[0])]
        return self._compared(subject, predicate)

    def _compared(self, subject: Typed, predicate: Term) -> list[Typed]:
        unit = next((part.text for part in predicate.walk() if part.head == "unit"), "")
        if unit == "digits" and subject.type == STRING:
            return self._digits_only(subject, predicate)
        subjects = [subject] if unit in {"", "plain"} or not _is_sized(subject.type) else self._sizes(subject, unit)
        arguments = self._expand(predicate.terms)
        return [typed for one in subjects for rest in arguments for typed in self._apply(predicate.head, (one, *rest))]

    def _digits_only(self, subject: Typed, predicate: Term) -> list[Typed]:
        """So many digits and nothing else."""
        length = self._apply("length", (subject,))
        return [
            typed
            for one in length
            for rest in self._expand(predicate.terms)
            for compared in self._apply(predicate.head, (one, *rest))
            for typed in self._typed(f"validation.is_digits({subject.text}) and {compared.text}")
        ]

    def _digits_in(self, subject: Typed, bound: Term) -> list[Typed]:
        """A text that "has" digits: exactly so many means nothing else; at least or at most so many counts them."""
        if bound.head in {"eq", "between"}:
            return self._property(subject, bound)
        plain = Term(bound.head, tuple(part for one in bound.terms for part in one.walk() if part.head == "num"))
        return [typed for size in self._sizes(subject, "digits") for typed in self._property(size, plain)]

    def _exceeds(self, value: Term) -> list[Typed]:
        """The bigger (or smaller) one of two numbers."""
        sign, named = value.terms
        mine = self.values(named)
        others = (
            [one for one in self._subjects() if one.type in (INTEGER, NUMBER) and [one.text] != [mine[0].text]]
            if mine
            else []
        )
        return self._apply(sign.head, (mine[0], others[0])) if len(others) == 1 else []

    def _sizes(self, subject: Typed, unit: str = "") -> list[Typed]:
        head = {"words": "word_count", "digits": "digit_count"}.get(unit, "length")
        return self._apply(head, (subject,))

    def _bounded(self, subject: Typed, predicate: Term) -> list[Typed]:
        low, high = predicate.terms
        unit = high.get("unit")
        if unit is not None and low.get("unit") is None:
            low = Term(low.head, (*low.args, unit))
        inside = [
            typed
            for one in self._compared(subject, term("ge", low))
            for other in self._compared(subject, term("le", high))
            for typed in self._typed(f"({one.text}) and ({other.text})")
        ]
        if predicate.head == "between":
            return inside
        return [typed for part in inside for typed in self._typed(f"not ({part.text})")]

    def _one_of(self, subject: Typed, predicate: Term) -> list[Typed]:
        choices = [self.values(part) for part in predicate.terms]
        if not all(choices):
            return []
        return self._typed(f"{subject.text} in [{', '.join(found[0].text for found in choices)}]")

    def _compare(self, value: Term) -> list[Typed]:
        sign, left, right = value.terms
        pairs = itertools.product(self.values(left), self.values(right))
        return [typed for one, other in pairs for typed in self._apply(sign.head, (one, other))]

    def _folded(self, value: Term) -> list[Typed]:
        """A condition in which the case of texts does not matter."""
        return type(self)(replace(self.scope, any_case=True)).conditions(value.terms[0])

    def _or(self, value: Term) -> list[Typed]:
        return self._joined(" or ", value.terms)

    def _and(self, value: Term) -> list[Typed]:
        return self._joined(" and ", value.terms)

    _also = _and

    def _implies(self, value: Term) -> list[Typed]:
        given, then = value.terms
        return self._joined(" or ", (term("not", given), then))

    def _not(self, value: Term) -> list[Typed]:
        return [typed for part in self.conditions(value.terms[0]) for typed in self._typed(f"not ({part.text})")]

    def _joined(self, word: str, parts: Iterable[Term]) -> list[Typed]:
        sides = [self.conditions(part) for part in parts]
        combined = (word.join(f"({part.text})" for part in found) for found in itertools.product(*sides))
        return [typed for text in itertools.islice(combined, MOST_READINGS) for typed in self._typed(text)]


def _is_sized(found: Type) -> bool:
    return found == STRING or isinstance(found, ListType)
