"""From value and condition terms to typed expressions.

Every method gives the readings that type-check, each an expression with its type; none where the term cannot be
understood here. What a term refers to ("it", "the two", "the text") is asked of the scope.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from flowlattice.operators import catalogue
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    ListType,
    OptionalType,
    RecordType,
    Type,
    check,
)
from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.operations import operation
from flowlattice_agents.models.offline.terms import Term, term

MOST_READINGS = 8
_CASED = frozenset({"palindrome", "contains", "starts", "ends_with", "eq", "ne", "occurrences", "same_all"})
_IDENTITY = frozenset({"same", "allowed"})
_FACTORS = {
    ("cm", "m"): "100", ("mm", "m"): "1000", ("m", "m"): "1", ("g", "kg"): "1000", ("kg", "kg"): "1", ("cm", "cm"): "1",
    ("m", "km"): "1000", ("km", "km"): "1", ("g", "g"): "1", ("mm", "cm"): "10", ("ms", "s"): "1000", ("s", "s"): "1",
    ("seconds", "min"): "60", ("minutes", "h"): "60", ("minutes", "min"): "1", ("hours", "h"): "1", ("cents", "euro"): "100",
}  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """An expression and its type."""

    text: str
    type: Type


@dataclass(frozen=True)
class Scope:
    """What names and pronouns stand for.

    Attributes:
        names: The types of the names that expressions may use.
        paths: Where each field of the brief is found: `email` at `customer.email`.
        subjects: What "it" and "both" may be, the likeliest group first.
        results: The values computed so far, the latest last.
        item: The item of the list that is walked through, inside `each` and `filter`.
        parse: Reads a text in the brief as a term of the grammar (`value`, `condition`), the likeliest first.
        defined: Looks up a name that the brief defines.
    """

    names: Mapping[str, Type]
    paths: Mapping[str, str]
    subjects: tuple[str, ...] = ()
    results: tuple[Typed, ...] = ()
    item: Typed | None = None
    any_case: bool = False
    any_space: bool = False
    parse: Callable[[str, str], list[Term]] = lambda _name, _text: []
    defined: Callable[[str], list[Typed]] = lambda _name: []

    def typed(self, text: str) -> Typed | None:
        """An expression with its type, none where its types do not fit."""
        try:
            tidy = ast.unparse(ast.parse(text, mode="eval").body)
            return Typed(tidy, check(tidy, self.names))
        except (SyntaxError, ValueError, RecursionError, MemoryError, ExpressionError):
            return None

    def knowing(self, present: set[str]) -> Scope:
        """The scope where these names are not null."""
        plain = {name: found.item for name, found in self.names.items() if name in present and isinstance(found, OptionalType)}
        return replace(self, names={**self.names, **plain})

    def walking(self, item: Typed) -> Scope:
        """The scope inside a comprehension over a list."""
        return replace(self, names={**self.names, item.text: item.type}, item=item)


class Values:
    """Reads value terms in a scope; conditions are read by the class built on this."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def values(self, value: Term) -> list[Typed]:
        """The readings of a value."""
        handle: Callable[[Term], list[Typed]] | None = getattr(self, f"_{value.head}", None)
        found = handle(value) if handle is not None else self._operation(value)
        return _distinct(found)

    def conditions(self, condition: Term) -> list[Typed]:
        """The readings that are true or false."""
        return [found for found in self.values(condition) if found.type == BOOLEAN]

    # Names and pronouns

    def _ref(self, value: Term) -> list[Typed]:
        name = value.text
        item = self.scope.item
        if item is not None and isinstance(item.type, RecordType) and (part := item.type.field(name)):
            return self._typed(f"{item.text}.{part.name}")
        if name in self.scope.paths:
            return self._typed(self.scope.paths[name])
        return self.scope.defined(name)

    _name = _named = _ref

    def _inside(self, value: Term) -> list[Typed]:
        inner, outer = value.terms
        name = inner.terms[0].text if inner.head == "ref_of" else inner.text
        found = [self.scope.typed(f"{base.text}.{name}") for base in self.values(outer)]
        return [typed for typed in found if typed is not None]

    def _it(self, _value: Term) -> list[Typed]:
        if self.scope.item is not None:
            return [self.scope.item]
        return [*self._subjects(), *self.scope.results[-1:]]

    def _that(self, _value: Term) -> list[Typed]:
        """What was just worked out, or else the request's list."""
        return list(self.scope.results[-1:]) or [
            typed for typed in self._subjects() if isinstance(typed.type, ListType)
        ]

    def _that_many(self, _value: Term) -> list[Typed]:
        return [typed for typed in self._subjects() if typed.type == INTEGER]

    def _dropped(self, _value: Term) -> list[Typed]:
        """How many items of a list the result has no more."""
        lists = [typed for typed in self._subjects() if isinstance(typed.type, ListType)]
        results = [typed for typed in self.scope.results[-1:] if isinstance(typed.type, ListType)]
        if len(lists) != 1 or not results:
            return []
        return self._typed(f"lists.length({lists[0].text}) - lists.length({results[0].text})")

    def _pattern(self, value: Term) -> list[Typed]:
        """Whether a text has a form that is told part by part."""
        pattern = "".join(_pattern_part(part) for part in value.terms)
        texts = [typed for typed in self._it(value) if typed.type == STRING]
        return [typed for one in texts for typed in self._typed(f"validation.matches({one.text}, {f'^{pattern}$'!r})")]

    def _named_ref(self, value: Term) -> list[Typed]:
        return self._ref(value.terms[0])

    def _ref_of(self, value: Term) -> list[Typed]:
        return self._ref(value.terms[0])

    def _result(self, _value: Term) -> list[Typed]:
        return list(self.scope.results[-1:])

    def subjects(self) -> list[Typed]:
        """The fields that "it" may stand for."""
        return self._subjects()

    def _in_unit(self, value: Term) -> list[Typed]:
        """The field whose name is a unit of the same dimension, converted: "the height in metres" for `cm`."""
        wanted = value.terms[0].text
        found: list[Typed] = []
        for name in self.scope.subjects:
            factor = _FACTORS.get((parts_of(name)[-1], wanted))
            if factor is not None:
                text = self.scope.paths[name]
                found += self._typed(text if factor == "1" else f"numbers.divide({text}, {factor})")
        return found

    def _it_named(self, value: Term) -> list[Typed]:
        return self.values(value.terms[0]) if value.terms[0].head == "ref" else []

    def _subjects(self) -> list[Typed]:
        return [typed for name in self.scope.subjects for typed in self._typed(self.scope.paths[name])]

    def _thing(self, value: Term) -> list[Typed]:
        wanted = value.text
        found = [typed for typed in self._it(value) if wanted == "any" or _is_of(typed.type, wanted)]
        return found

    def _both(self, _value: Term) -> list[Typed]:
        return [typed for typed in self._it(term("it")) if isinstance(typed.type, ListType)]

    # Constants

    def _num(self, value: Term) -> list[Typed]:
        return self._typed(value.text)

    def _str(self, value: Term) -> list[Typed]:
        return [Typed(repr(value.text), STRING)]

    def _str_of(self, value: Term) -> list[Typed]:
        return [Typed(repr(value.terms[0].text), STRING)]

    def _word(self, value: Term) -> list[Typed]:
        return self.scope.defined(value.text)

    def _date(self, value: Term) -> list[Typed]:
        return [Typed(repr(value.text), STRING)]

    def _true(self, _value: Term) -> list[Typed]:
        return [Typed("True", BOOLEAN)]

    def _false(self, _value: Term) -> list[Typed]:
        return [Typed("False", BOOLEAN)]

    def _null(self, _value: Term) -> list[Typed]:
        return self._typed("None")

    def _glue(self, value: Term) -> list[Typed]:
        return [Typed(repr("".join(part.text for part in value.terms)), STRING)]

    def _arr(self, value: Term) -> list[Typed]:
        return self._typed(repr(json_of(value))) if is_concrete(value) else []

    def _obj(self, value: Term) -> list[Typed]:
        return self._typed(repr(json_of(value))) if is_concrete(value) else []

    def _raw(self, value: Term) -> list[Typed]:
        for meaning in ("value", "condition"):
            found = [typed for read in self.scope.parse(meaning, value.text) for typed in self.values(read)]
            if found:
                return found
        return self.scope.defined(value.text)

    def _amount(self, value: Term) -> list[Typed]:
        return self.values(value.terms[0])

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
            subjects = [typed for typed in self._subjects()]
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
        return self._operation_on(what, subject)

    def _operation_on(self, what: Term, subject: Term) -> list[Typed]:
        if what.head in _IDENTITY:
            return self.values(subject)
        if what.head == "each":
            return self._each(term("each", subject, what.terms[0]))
        if what.head == "chain":
            return self._operation_on(what.terms[1], term("of", what.terms[0], subject))
        if what.head in {"round", "ceil", "floor"}:
            return self._rounded(what, subject)
        return self.values(Term(what.head, (subject, *what.args)))

    def _rounded(self, what: Term, subject: Term) -> list[Typed]:
        places = what.terms[0]
        amount = places.terms[0] if places.head == "places" and places.terms else term("num", "0")
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

    def _that_percent(self, _value: Term) -> list[Typed]:
        """The field that is a percentage."""
        named = [name for name in self.scope.subjects if "percent" in name]
        return [typed for name in named for typed in self._typed(self.scope.paths[name])]

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
        present = {match[1] for found in tests for typed in found if (match := re.fullmatch(r"(\w+) is None", typed.text))}
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
            for typed in inner._operation_on(what, term("it")):
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

    def _typed(self, text: str) -> list[Typed]:
        typed = self.scope.typed(text)
        return [] if typed is None else [typed]


def _pattern_part(part: Term) -> str:
    if part.head == "rep":
        count = int(float(part.terms[0].text))
        return f"{part.text}{{{count}}}" if count != 1 else part.text
    return re.escape(
        part.terms[0].text if part.terms[0].head != "glue" else "".join(p.text for p in part.terms[0].terms)
    )


def _is_of(found: Type, wanted: str) -> bool:
    if wanted == "number":
        return found in (INTEGER, NUMBER)
    if wanted == "list":
        return isinstance(found, ListType)
    return found == {"string": STRING, "date": DATE}.get(wanted)


def _literal_text(expression: str) -> str | None:
    try:
        value = ast.literal_eval(expression)
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _distinct(found: list[Typed]) -> list[Typed]:
    return list({typed.text: typed for typed in found}.values())[:MOST_READINGS]


__all__ = ["Scope", "Typed", "Values"]
