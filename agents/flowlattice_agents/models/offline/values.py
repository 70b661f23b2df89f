"""From value and condition terms to typed expressions.

Every method gives the readings that type-check, each an expression with its type; none where the term cannot be
understood here. What a term refers to ("it", "the two", "the text") is asked of the scope.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from flowlattice.operators import catalogue
from flowlattice_agents.expressions import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    ListType,
)
from flowlattice_agents.models.offline.operations import operation
from flowlattice_agents.models.offline.references import MOST_READINGS, References
from flowlattice_agents.models.offline.scope import Typed
from flowlattice_agents.models.offline.terms import Term, term

_CASED = frozenset({"palindrome", "contains", "starts", "ends_with", "eq", "ne", "occurrences", "same_all"})
_IDENTITY = frozenset({"same", "allowed"})
_RANKS = (("upper", "lower", "trim", "text."), ("drop_empty", "drop_blank"), ("unique",), ("sort",))


def _in_order(told: Term) -> Term:
    """Properties told together as steps: what is done to single items comes before what compares them."""
    steps = list(_steps(told))
    ranks = [
        next((rank for rank, names in enumerate(_RANKS) if any(n in str(one) for n in names)), -1) for one in steps
    ]
    if -1 not in ranks:
        steps = [one for _, one in sorted(zip(ranks, steps, strict=True), key=lambda pair: pair[0])]
    first, *rest = steps
    for one in rest:
        first = term("chain", first, one)
    return first


def _steps(told: Term) -> Iterator[Term]:
    """The single operations of those told together."""
    if told.head == "together":
        for part in told.terms:
            yield from _steps(part)
    else:
        yield told


class Values(References):
    """Reads value terms in a scope; conditions are read by what is built on this."""

    # Operators

    def _operation(self, value: Term) -> list[Typed]:
        """A head of `operations.txt`; where it has one argument too few, the subject is the first."""
        expanded = self._expand(value.terms)
        for arguments in expanded:
            found = self._apply(value.head, arguments)
            if found:
                return found
        if operation(value.head, len(value.terms) + 1) is None:
            return []
        return [
            typed
            for subject in self._it(value)
            for arguments in self._expand(value.terms)
            for typed in self._apply(value.head, (subject, *arguments))
        ]

    def _expand(self, terms: Sequence[Term]) -> list[tuple[Typed, ...]]:
        """The combinations of the arguments' readings; "both" stands for two arguments."""
        pair = next((index for index, part in enumerate(terms) if part.head == "both"), None)
        if pair is not None and self.scope.item is None:
            subjects = self._subjects()
            if len(subjects) >= 2:
                rest = [self.values(part) for index, part in enumerate(terms) if index != pair]
                return [(*subjects, *others) for others in itertools.islice(itertools.product(*rest), MOST_READINGS)]
        return list(itertools.islice(itertools.product(*(self.values(part) for part in terms)), MOST_READINGS))

    def _apply(self, head: str, arguments: tuple[Typed, ...]) -> list[Typed]:
        known = operation(head, len(arguments))
        if known is None:
            return []
        texts = tuple(self._argument(head, argument) for argument in arguments)
        found = [self.scope.typed(text) for text in known.fill(texts)]
        fitting = [typed for typed in found if typed is not None]
        return fitting if known.open else fitting[:1]

    def _argument(self, head: str, argument: Typed) -> str:
        """An argument in lower case where case does not matter."""
        if head not in _CASED or argument.type != STRING:
            return argument.text
        literal = _literal_text(argument.text)
        text = argument.text
        if self.scope.any_space:
            text = repr("".join(literal.split())) if literal is not None else f"text.without_spaces({text})"
        if self.scope.any_case:
            text = text.lower() if literal is not None else f"text.lower({text})"
        return text

    def _of(self, value: Term) -> list[Typed]:
        """An operation on a value: `of(upper(), name)`."""
        what, subject = value.terms
        return self.operation_on(what, subject)

    def operation_on(self, what: Term, subject: Term) -> list[Typed]:
        """The readings of an operation applied to a value."""
        if what.head in _IDENTITY:
            return self.values(subject)
        if what.head == "each":
            return self._each(term("each", subject, what.terms[0]))
        if what.head == "together":
            return self.operation_on(_in_order(what), subject)
        if what.head == "chain":
            return self.operation_on(what.terms[1], term("of", what.terms[0], subject))
        if what.head in {"round", "ceil", "floor"}:
            return self._rounded(what, subject)
        return self.values(Term(what.head, (subject, *what.args)))

    def _palindrome(self, value: Term) -> list[Typed]:
        """The same backwards; without what the brief says does not count."""
        if not self.scope.any_case:
            return self._operation(value)
        subjects = self.values(value.terms[0]) if value.terms else self._it(value)
        texts = [typed.text for typed in subjects if typed.type == STRING]
        folded = [f"text.lower({f'text.without_spaces({one})' if self.scope.any_space else one})" for one in texts]
        return [typed for text in folded for typed in self._typed(f"text.reads_same_backwards({text})")]

    def _rounded(self, what: Term, subject: Term) -> list[Typed]:
        places = what.terms[0]
        amount = places.terms[0] if places.head == "places" and places.terms else term("num", "0")
        if amount.head == "cent":
            amount = term("num", "0" if self.scope.in_cents else "2")
        even = what.get("half_even") is not None
        name = "round_even" if even else f"{what.head}_{'0' if amount == term('num', '0') else 'n'}"
        arguments = (amount,) if even or name.endswith("_n") else ()
        return self._operation(Term(name, (subject, *arguments)))

    def _apply_phrase(self, value: Term) -> list[Typed]:
        """Operators of the catalogue named by one of their own phrases."""
        names = next(part.text for part in value.terms if part.head == "ops")
        terms = [part for part in value.terms if part.head != "ops"]
        found: list[Typed] = []
        for name in names.split():
            missing = len(catalogue()[name].parameters) - len(terms)
            subjects: list[tuple[Typed, ...]] = [(typed,) for typed in self._it(value)] if missing == 1 else [()]
            for subject in subjects if missing in {0, 1} else []:
                for arguments in self._expand(terms):
                    call = f"{name}({', '.join(part.text for part in (*subject, *arguments))})"
                    found.extend(self._typed(call))
        return found

    def _round(self, value: Term) -> list[Typed]:
        return self._rounded(value, term("it"))

    def _concat(self, value: Term) -> list[Typed]:
        parts: list[str] = []
        lists = [self._lists(part) for part in value.terms]
        if all(lists):
            return self._typed(" + ".join(found[0].text for found in lists))
        for part in value.terms:
            found = [typed for typed in self.values(part) if typed.type in (STRING, INTEGER, NUMBER, DATE)]
            if not found:
                return []
            literal = _literal_text(found[0].text)
            parts.append(_braced(literal) if literal is not None else f"{{{found[0].text}}}")
        return self._typed("f" + repr("".join(parts)))

    def _concat_both(self, value: Term) -> list[Typed]:
        """All texts of the request in a row, each after an operation where one is told."""
        texts = [typed for typed in self._subjects() if typed.type == STRING]
        parts: list[str] = []
        for typed in texts if len(texts) > 1 else []:
            inner = type(self)(replace(self.scope, subjects=(), results=(typed,)))
            found = inner.operation_on(value.terms[0], term("result")) if value.terms else [typed]
            parts += [f"({one.text})" for one in found[:1]]
        return self._typed(" + ".join(parts)) if len(parts) == len(texts) and parts else []

    def _truth(self, value: Term) -> list[Typed]:
        """A field that is true or false by itself."""
        return [typed for typed in self.values(value.terms[0]) if typed.type == BOOLEAN]

    def _sum_over(self, value: Term) -> list[Typed]:
        """The sum of something worked out for each item of a list of objects."""
        what, *lists = value.terms
        found: list[Typed] = []
        for walked in self._lists(lists[0] if lists else term("thing", "list")):
            inner = type(self)(self.scope.walking(self._item_of(walked)))
            for typed in inner.values(what):
                if re.search(r"\bitem\b", typed.text):
                    found.extend(self._typed(f"aggregation.total([{typed.text} for item in {walked.text}])"))
        return found

    def _spaced(self, value: Term) -> list[Typed]:
        """Values in a row with the same text between each two."""
        between, *parts = value.terms
        joined = [part for index, one in enumerate(parts) for part in ([between, one] if index else [one])]
        return self._concat(Term("concat", tuple(joined)))

    def _cond(self, value: Term) -> list[Typed]:
        test, yes, no = value.terms
        return self._choice([(test, yes)], no)

    def _conds(self, value: Term) -> list[Typed]:
        cases = [(part.terms[0], part.terms[1]) for part in value.terms if part.head == "case"]
        default = value.get("else")
        return self._choice(cases, default.terms[0]) if default else []

    def _choice(self, cases: Sequence[tuple[Term, Term]], default: Term) -> list[Typed]:
        tests = [self.conditions(test) for test, _ in cases]
        results = [self.values(result) for _, result in cases]
        present = {
            match[1] for found in tests for typed in found if (match := re.fullmatch(r"(\w+) is None", typed.text))
        }
        last = type(self)(self.scope.knowing(present)).values(default)
        if not last or not all(tests) or not all(results):
            return []
        text = last[0].text
        for test, result in reversed(list(zip(tests, results, strict=True))):
            text = f"({result[0].text}) if ({test[0].text}) else ({text})"
        return self._typed(text)

    # Lists

    def _each(self, value: Term) -> list[Typed]:
        lists, what = value.terms
        found: list[Typed] = []
        for walked in self._lists(lists):
            inner = type(self)(self.scope.walking(self._item_of(walked)))
            for typed in inner.operation_on(what, term("it")):
                found.extend(self._typed(f"[{typed.text} for item in {walked.text}]"))
        return found

    def _filter(self, value: Term) -> list[Typed]:
        lists, predicate = value.terms
        found: list[Typed] = []
        for walked in self._lists(lists):
            inner = type(self)(self.scope.walking(self._item_of(walked)))
            for test in inner.conditions(term("holds", Term("list", (term("it"),)), predicate)):
                found.extend(self._typed(f"[item for item in {walked.text} if {test.text}]"))
        return found

    def _lists(self, lists: Term) -> list[Typed]:
        return [typed for typed in self.values(lists) if isinstance(typed.type, ListType)]

    def _item_of(self, walked: Typed) -> Typed:
        assert isinstance(walked.type, ListType)
        return Typed("item", walked.type.item)


def _literal_text(expression: str) -> str | None:
    try:
        value = ast.literal_eval(expression)
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
