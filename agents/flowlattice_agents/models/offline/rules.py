"""Conditions on the input that have an error as their outcome: what they demand of fields, and what they answer.

A rule that is about single fields ("a or b missing or not a number: 422") becomes constraints and an entry of the
route's invalid replies. What is about the whole request stays a condition for `replies`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flowlattice_agents.models.offline.fields import Field
from flowlattice_agents.models.offline.routes import Route
from flowlattice_agents.models.offline.shapes import apply_bound, apply_description
from flowlattice_agents.models.offline.terms import Term, term

Problem = str
EVERY_PROBLEM = frozenset({"missing", "type", "value"})
_NAMED = {"lists.is_empty": "empty", "text.is_blank": "blank"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


@dataclass(frozen=True)
class Atom:
    """One thing that can be wrong with one or more fields."""

    fields: tuple[str, ...]
    predicate: Term


@dataclass(frozen=True)
class FieldRule:
    """What is answered for some problems of some fields (none: any field)."""

    fields: tuple[str, ...]
    problems: frozenset[Problem]


def normalised(condition: Term, *, loose: str) -> Term:
    """The condition with every comma read as the "or" or "and" that ends its list, or else as `loose`."""
    if condition.head == "comma":
        first, rest = condition.terms
        inner_subjects = normalised(rest, loose=loose)
        return Term(inner_subjects.head, (first, *inner_subjects.args))
    if condition.head not in {"or", "and", "also", "holds", "not", "implies", "folded"}:
        return condition
    word = loose if condition.head == "also" else condition.head
    inner = condition.head if condition.head in {"or", "and"} else loose
    parts = tuple(normalised(part, loose=inner) if isinstance(part, Term) else part for part in condition.args)
    return Term(word, parts)


class FieldRules:
    """Reads error conditions for one route.

    Args:
        route: The route, whose fields are constrained.
        recent: The names last spoken of, for conditions without a subject.
    """

    def __init__(self, route: Route, recent: Sequence[str]) -> None:
        self._route, self._recent = route, tuple(recent)

    def read(self, condition: Term) -> list[FieldRule] | None:
        """Apply a condition to the fields it is about; none where it is not about single fields."""
        atoms = self._atoms(normalised(condition, loose="or"), ())
        if atoms is None:
            return None
        found: dict[tuple[str, ...], set[Problem]] = {}
        plans: list[Callable[[], frozenset[Problem]]] = []
        for atom in atoms:
            fields = [field for name in atom.fields if (field := self._route.find(name)) is not None]
            if atom.predicate.head == "none":
                atoms_of = ("missing", "empty") if all(one.kind == "list" for one in fields) else ("missing",)
                plans.append(lambda fields=fields, heads=atoms_of: _demand_all(fields, heads))  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
                continue
            if not _can_demand(fields, atom.predicate):
                return None
            plans.append(lambda fields=fields, atom=atom: _demand(fields, atom.predicate))  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
        for atom, plan in zip(atoms, plans, strict=True):
            for name in atom.fields:
                found.setdefault((name,), set()).update(plan())
        return [FieldRule(names, frozenset(problems)) for names, problems in found.items()]

    def _atoms(self, condition: Term, subjects: tuple[str, ...]) -> list[Atom] | None:
        if condition.head == "or":
            atoms: list[Atom] = []
            for part in condition.terms:
                found = self._atoms(part, atoms[-1].fields if atoms else subjects)
                if found is None:
                    return None
                atoms.extend(found)
            return atoms
        if condition.head == "else":
            return [Atom(tuple(self._route.fields), term("invalid", "missing too"))]
        if condition.head != "holds":
            return None
        names = self._names(condition.terms[0], subjects)
        if not names:
            return None
        return [Atom(names, predicate) for predicate in _alternatives(condition.terms[1])]

    def _names(self, subjects: Term, previous: tuple[str, ...]) -> tuple[str, ...]:
        names: list[str] = []
        for subject in subjects.terms:
            found = list(self._of_subject(subject, previous))
            if not found:
                return ()
            names.extend(found)
        return tuple(dict.fromkeys(names))

    def _of_subject(self, subject: Term, previous: tuple[str, ...]) -> Iterator[str]:
        if subject.head in {"ref", "name", "inside", "str", "ref_of"}:
            name = subject.terms[0].text if subject.head in {"inside", "ref_of"} else subject.text
            field = self._route.find(name)
            if field is not None:
                yield name
        elif subject.head in {"every", "both"}:
            yield from self._route.fields
        elif subject.head in {"it", "recent"}:
            yield from previous or self._recent or (list(self._route.fields) if len(self._route.fields) == 1 else ())
        elif subject.head == "item_fields":
            yield from self._item_fields(subject)
        elif subject.head == "thing":
            yield from self._of_kind(subject.text)

    def _item_fields(self, subject: Term) -> list[str]:
        """The fields of the items of the only list of objects, where there are as many as the brief says."""
        lists = [field.item for field in self._route.fields.values() if field.item is not None and field.item.children]
        names = list(lists[0].children) if len(lists) == 1 else []
        told = subject.terms[0].text if subject.terms else str(len(names))
        return names if told == str(len(names)) else []

    def _of_kind(self, wanted: str) -> list[str]:
        kinds = {"string": {"string"}, "number": {"number", "integer"}, "list": {"list"}, "date": {"date"}}
        return [
            n for n, field in self._route.fields.items() if wanted == "any" or field.kind in kinds.get(wanted, set())
        ]


def _alternatives(predicate: Term) -> Iterator[Term]:
    named = predicate.get("ops") if predicate.head == "apply_phrase" else None
    if named is not None:
        predicate = next((term(head) for name, head in _NAMED.items() if name in named.text.split()), predicate)
    if predicate.head in {"or", "also"}:
        for part in predicate.terms:
            yield from _alternatives(part)
    else:
        yield predicate


def _can_demand(fields: Sequence[Field], predicate: Term) -> bool:
    if not fields:
        return False
    if predicate.head in _BOUNDS:
        return not predicate.has("ref", "it", "thing", "result", "both", "name", "add", "sub") and predicate.has("num")
    if predicate.head == "eq":
        return all(_excludes(field, predicate) for field in fields)
    if predicate.head == "not" and predicate.terms[0].head == "contains":
        plain = all(field.kind in {None, "string"} and field.pattern is None for field in fields)
        return plain and predicate.terms[0].terms[0].head == "str"
    if predicate.head == "not":
        return predicate.terms[0].head in {"between", "oneof", "ge", "gt", "le", "lt", "count_is"} and _can_demand(
            fields, Term("lt", predicate.terms[0].args) if predicate.terms[0].has("num") else term("empty")
        )
    if predicate.head in {"out_of_range", "too_big", "too_small"}:
        return True
    if predicate.head == "opposite":
        return all(field.limits for field in fields)
    return predicate.head in {"missing", "not_desc", "wrong_type", "invalid", "empty", "blank", "no_words"}


def _excludes(field: Field, predicate: Term) -> bool:
    """Whether a field's bounds already exclude the value."""
    value = predicate.terms[0]
    if value.head != "num":
        return False
    number, limits = float(value.text), field.limits
    low, high = limits.get("minimum", number), limits.get("maximum", number)
    above, below = limits.get("exclusive_minimum", number - 1), limits.get("exclusive_maximum", number + 1)
    return not (low <= number <= high and above < number < below)


_BOUNDS = frozenset({"lt", "le", "gt", "ge", "outside", "size"})


def _demand(fields: Sequence[Field], predicate: Term) -> frozenset[Problem]:
    """Demand of fields that a predicate does not hold of them; the problems it names."""
    for field in fields:
        _demand_one(field, predicate)
    if predicate.head == "missing":
        return frozenset({"missing"})
    if predicate.head == "not_desc":
        typed = any(part.head in {"type", "listof"} for part in predicate.terms[0].terms)
        bounded = any(part.head not in {"type", "listof"} for part in predicate.terms[0].terms)
        return frozenset(({"type"} if typed else set()) | ({"value"} if bounded or not typed else set()))
    if predicate.head == "wrong_type":
        return frozenset({"type"})
    if predicate.head == "invalid":
        return EVERY_PROBLEM if predicate.args else frozenset({"type", "value"})
    return frozenset({"value"})


def _demand_all(fields: Sequence[Field], heads: Sequence[str]) -> frozenset[Problem]:
    return frozenset(problem for head in heads for problem in _demand(fields, term(head)))


def _demand_one(field: Field, predicate: Term) -> None:
    head = predicate.head
    if head == "not_desc":
        apply_description(field, predicate.terms[0])
    elif head in _OPPOSITE:
        apply_bound(field, Term(_OPPOSITE[head], predicate.args))
    elif head == "outside":
        apply_bound(field, Term("between", predicate.args))
    elif head == "size":
        inner = predicate.terms[0]
        apply_bound(field, Term(_OPPOSITE[inner.head], inner.args), sized=True)
    elif head == "not":
        inner = predicate.terms[0]
        apply_description(field, term("desc", inner))
    elif head == "empty":
        apply_description(field, term("desc", term("filled")))
    elif head in {"blank", "no_words"}:
        apply_description(field, term("desc", term("unblank")))
