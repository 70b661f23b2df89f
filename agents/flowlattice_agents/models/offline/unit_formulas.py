"""Conversions between units that a request names: formulas told one by one ("f = c * 9 / 5 + 32"), put together.

What does not live here: a fixed rate between two fields of the request and the reply, which `sources` knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flowlattice_agents.models.offline.fields import Field
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.terms import Term

_SOURCE = frozenset("from source src old given original input".split())
_TARGET = frozenset("to into target dest destination new wanted output".split())
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


@dataclass(frozen=True)
class Conversion:
    """A unit and its formula over one other unit."""

    unit: str
    other: str
    formula: Term

    def forward(self, value: str) -> str:
        """The value in `unit` of a value in `other`."""
        return _text(self.formula, self.other, value)

    def backward(self, value: str) -> str | None:
        """The value in `other` of a value in `unit`; none where the formula cannot be turned round."""
        return _solved(self.formula, self.other, value)


def conversion_of(told: Term) -> Conversion | None:
    """A formula that is told, none where it is not about exactly one other unit, named once."""
    unit, formula = _name(told.terms[0]), told.terms[1]
    others = [_name(part) for part in formula.walk() if part.head == "unit_ref"]
    return Conversion(unit, others[0], formula) if len(others) == 1 and others[0] != unit else None


def units_of(fields: Mapping[str, Field]) -> list[tuple[str, str]]:
    """The pairs of fields that may be the unit of what is given and the unit that is wanted."""
    named = [name for name, found in fields.items() if found.kind == "string" and found.choices]
    pairs = [
        (one, other)
        for one in named
        for other in named
        if one != other and set(fields[one].choices or ()) == set(fields[other].choices or ())
    ]
    clear = [(one, other) for one, other in pairs if _says(one, _SOURCE) and _says(other, _TARGET)]
    return clear or pairs


def converted(known: Iterable[Conversion], units: Iterable[str], value: str, given: str, wanted: str) -> str | None:
    """The expression of a value converted from the unit that `given` names to the one that `wanted` names.

    None where the formulas do not lead from every unit to every other.
    """
    formulas = list(known)
    names = list(dict.fromkeys(units))
    pivot = max(names, key=lambda name: sum(one.other == name for one in formulas))
    into = {name: _along(formulas, name, pivot, value) for name in names}
    told = {unit for one in formulas for unit in (one.unit, one.other)}
    if any(text is None for text in into.values()) or told != set(names):
        return None
    middle = _chain(given, [(name, str(text)) for name, text in into.items()])
    out = {name: _along(formulas, pivot, name, middle) for name in names}
    if any(text is None for text in out.values()):
        return None
    return f"({value}) if {given} == {wanted} else ({_chain(wanted, [(n, str(t)) for n, t in out.items()])})"


def _chain(subject: str, cases: list[tuple[str, str]]) -> str:
    """A value for each unit that a field may name."""
    *first, (_, text) = cases
    for name, value in reversed(first):
        text = f"({value}) if {subject} == {name!r} else ({text})"
    return text


def _along(formulas: list[Conversion], start: str, end: str, value: str) -> str | None:
    """A value converted step by step, by the fewest formulas."""
    reached: dict[str, str] = {start: value}
    pending = [start]
    for unit in pending:
        for one in formulas:
            if one.other == unit and one.unit not in reached:
                reached[one.unit] = one.forward(reached[unit])
                pending.append(one.unit)
            elif one.unit == unit and one.other not in reached:
                back = one.backward(reached[unit])
                if back is not None:
                    reached[one.other] = back
                    pending.append(one.other)
    return reached.get(end)


def _name(unit: Term) -> str:
    return unit.terms[0].text if unit.head == "unit_ref" else unit.text


def _says(name: str, words: frozenset[str]) -> bool:
    return bool(set(parts_of(name)) & words)


def _text(formula: Term, unit: str, value: str) -> str:
    if formula.head == "num":
        return formula.text
    if formula.head == "unit_ref":
        return f"({value})"
    left, right = (_text(part, unit, value) for part in formula.terms)
    return f"({left} {_SIGNS[formula.head]} {right})"


def _solved(formula: Term, unit: str, value: str) -> str | None:
    """What the unit must be for the formula to give the value."""
    if formula.head == "unit_ref":
        return f"({value})"
    if formula.head not in _SIGNS:
        return None
    left, right = formula.terms
    if left.has("unit_ref"):
        constant = _text(right, unit, "")
        opposite = {"add": "-", "sub": "+", "mul": "/", "div": "*"}[formula.head]
        return _solved(left, unit, f"({value} {opposite} {constant})")
    constant = _text(left, unit, "")
    turned = {
        "add": f"({value} - {constant})",
        "sub": f"({constant} - {value})",
        "mul": f"({value} / {constant})",
        "div": f"({constant} / {value})",
    }[formula.head]
    return _solved(right, unit, turned)
