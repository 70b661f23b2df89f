"""Terms that refer to something or stand for themselves: names, pronouns, constants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from flowlattice_agents.expressions import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    ListType,
    RecordType,
    Type,
)
from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.scope import Scope, Typed
from flowlattice_agents.models.offline.terms import Term, term

MOST_READINGS = 8


FACTORS = {
    ("cm", "m"): "100", ("mm", "m"): "1000", ("m", "m"): "1", ("g", "kg"): "1000", ("kg", "kg"): "1", ("cm", "cm"): "1",
    ("m", "km"): "1000", ("km", "km"): "1", ("g", "g"): "1", ("mm", "cm"): "10", ("ms", "s"): "1000", ("s", "s"): "1",
    ("seconds", "min"): "60", ("minutes", "h"): "60", ("minutes", "min"): "1", ("hours", "h"): "1",
    ("cents", "euro"): "100",
}  # fmt: skip


def _pattern_part(part: Term) -> str:
    if part.head == "rep":
        count = int(float(part.terms[0].text))
        return f"{part.text}{{{count}}}" if count != 1 else part.text
    return re.escape(
        part.terms[0].text if part.terms[0].head != "glue" else "".join(p.text for p in part.terms[0].terms)
    )


def respelled(name: str, known: Iterable[str]) -> str | None:
    """The one known name with the same letters as another: `FirstName` for `first_name`."""
    found = [one for one in known if one != name and _letters(one) == _letters(name)]
    return found[0] if len(found) == 1 else None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _is_of(found: Type, wanted: str) -> bool:
    if wanted == "number":
        return found in (INTEGER, NUMBER)
    if wanted == "list":
        return isinstance(found, ListType)
    return found == {"string": STRING, "date": DATE}.get(wanted)


def _distinct(found: list[Typed]) -> list[Typed]:
    return list({typed.text: typed for typed in found}.values())[:MOST_READINGS]


class References:
    """Reads references and constants in a scope; what is built on this reads the rest."""

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

    def _ref(self, value: Term) -> list[Typed]:
        name = value.text
        item = self.scope.item
        if item is not None and isinstance(item.type, RecordType) and (part := item.type.field(name)):
            return self._typed(f"{item.text}.{part.name}")
        if name in self.scope.paths:
            return self._typed(self.scope.paths[name])
        return self.scope.defined(name) or self._respelled(name)

    def _respelled(self, name: str) -> list[Typed]:
        """The field of the request whose name has the same letters: `FirstName` for `first_name`."""
        found = respelled(name, self.scope.subjects)
        return self._typed(self.scope.paths[found]) if found else []

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

    def _part_of(self, value: Term) -> list[Typed]:
        """The field of the request with that word in its name: the first in "first, one space, last"."""
        word = value.terms[0].text.lower()
        names = [name for name in self.scope.subjects if word in parts_of(name)]
        return self._typed(self.scope.paths[names[0]]) if len(names) == 1 else []

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
            factor = FACTORS.get((parts_of(name)[-1], wanted))
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
        return [typed for typed in self._it(value) if wanted == "any" or _is_of(typed.type, wanted)]

    def _both(self, _value: Term) -> list[Typed]:
        return [typed for typed in self._it(term("it")) if isinstance(typed.type, ListType)]

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

    def _mul_said(self, value: Term) -> list[Typed]:
        return self.values(Term("mul", value.args))

    def _div_said(self, value: Term) -> list[Typed]:
        return self.values(Term("div", value.args))

    def _add_said(self, value: Term) -> list[Typed]:
        return self._mixed("add", *value.terms)

    def _sub_said(self, value: Term) -> list[Typed]:
        return self._mixed("sub", *value.terms)

    def _mixed(self, head: str, left: Term, right: Term) -> list[Typed]:
        """A sum told in words; "a plus b divided by two" may mean either order, and examples or answers choose."""
        found = self.values(Term(head, (left, right)))
        if right.head in {"mul_said", "div_said"}:
            inner, last = right.terms
            other = term(right.head.removesuffix("_said"), Term(f"{head}_said", (left, inner)), last)
            found = [*found, *self.values(other)]
        return found

    def _that_percent(self, _value: Term) -> list[Typed]:
        """The field that is a percentage."""
        named = [name for name in self.scope.subjects if "percent" in name]
        return [typed for name in named for typed in self._typed(self.scope.paths[name])]

    def _operation(self, value: Term) -> list[Typed]:
        """What is no reference: read by the class built on this."""
        raise NotImplementedError(value.head)

    def _typed(self, text: str) -> list[Typed]:
        typed = self.scope.typed(text)
        return [] if typed is None else [typed]
