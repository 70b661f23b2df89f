"""Reply bodies: each field gets the expression that the brief gives for it, in one of the ways it says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pydantic import JsonValue

from flowlattice_agents.expressions import INTEGER, NUMBER, ListType, OptionalType
from flowlattice_agents.models.offline.conversions import shown_values
from flowlattice_agents.models.offline.evaluation import equivalent, gives
from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.lowering import Lowering
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.routes import Clause, Gap, Sample
from flowlattice_agents.models.offline.scope import Typed
from flowlattice_agents.models.offline.sources import Readings, about_result
from flowlattice_agents.models.offline.synthesis import arithmetic, framed, synthesised
from flowlattice_agents.models.offline.tariffs import Tariffs
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import CONTEXT

_ANYWAY = frozenset("the a an amount to of value number result text final new resulting be".split())
_VAGUE = frozenset("number result text value list answer outcome string date sum".split())


class BodyBuilder(Tariffs):
    """Builds the bodies of one route's replies.

    Args:
        route: The route with its fields.
        scope: What names and pronouns stand for.
        material: What the brief says of values.
        words: All words of the brief, for choosing operators by hint.
        numbers: The numbers that its sentences name.
    """

    def object(self, shape: Term, samples: Sequence[Sample], *, at: tuple[str, ...] = ()) -> str:
        """The dict display of an object that the brief shows; with samples its constants are examples."""
        parts = []
        keys = [pair.text for pair in shape.terms if pair.head == "pair"]
        self.copies_first = any(key not in self.scope.paths for key in keys)
        for pair in shape.terms:
            if pair.head == "pair":
                key = pair.text
                parts.append(f"{key!r}: {self.leaf(key, pair.terms[0], samples, (*at, key))}")
        return "{" + ", ".join(parts) + "}"

    def leaf(self, key: str, value: Term, samples: Sequence[Sample], at: tuple[str, ...]) -> str:
        """The expression of one field of the reply."""
        wanted = _wanted(samples, at)
        if value.head == "obj" and value.terms and not (is_concrete(value) and self.defined(key)):
            return self.object(value, samples, at=at)
        if value.head == "choice":
            return self.choice(key, value)
        if self.echoed(key, value):
            return self.derived(key, term("hole"), [])
        if is_concrete(value) and not wanted:
            explained = not self.literal and (key in self.scope.paths or self.explained(key, value))
            return self.derived(key, term("hole"), []) if explained else self.constant(key, value)
        return self.derived(key, value, wanted)

    def echoed(self, key: str, value: Term) -> bool:
        """Whether one of several replies shows for a field what the example of the request has there."""
        shown = self.literal and key in self.scope.paths and key in self.route.shown and value.head in {"str", "num"}
        return shown and json_of(value) == self.route.shown[key]

    def explained(self, key: str, shown: Term) -> bool:
        """Whether the brief says what a field of the reply is, so that the value it shows is an example."""
        hole = term("hole")
        table = any(cell == shown for _, cell, _ in self.material.table)
        pending = any(not clause.became for _, clause in self.material.fills)
        return pending or bool(
            self.from_definitions(key, hole)
            or (table and self.from_table(key))
            or self.from_rates(key)
            or self.from_bands(key, None)
        )

    def constant(self, key: str, value: Term) -> str:
        """A constant of the brief, with the parts of it that are said to be replaced."""
        if value.head == "str":
            filled = self.filled_text(value.text)
            if filled is not None:
                return filled
        return repr(json_of(value))

    def defined(self, key: str) -> bool:
        """Whether the brief says in words what a key is."""
        return any(name == key for name, _, _ in self.material.defines)

    def derived(self, key: str, value: Term, wanted: list[tuple[Sample, JsonValue]]) -> str:
        """The first source that gives a value (and the examples' values) for a field that is to be computed."""
        absent = self.material.when_missing.get(key)
        if absent is not None:
            return self.guarded(key, value, wanted, absent)
        rejected = ""
        for readings in self.sources(key, value, wanted):
            readings = self.rounded(key, readings)  # noqa: PLW2901
            fitting = [
                typed for typed, _ in readings if all(gives(typed.text, s.inputs, self.route, w) for s, w in wanted)
            ]
            fitting = [one for one in self.distinct(fitting) if not (key == "count" and isinstance(one.type, ListType))]
            if readings and not fitting:
                rejected = rejected or readings[0][0].text
                continue
            if not fitting:
                continue
            chosen = fitting[0]
            if len({typed.text for typed in fitting}) > 1:
                self.ask_between(key, fitting)
            for typed, clause in readings:
                if typed is chosen and clause is not None:
                    self.use(clause, f"`{key}` is `{chosen.text}`")
                    self.fill(clause, chosen)
            self.settle(chosen.text)
            self.unexplained(key, value, chosen, wanted)
            return self.keep(key, chosen)
        self.missing(key, rejected)
        return "None"

    def rounded(self, key: str, readings: Readings) -> Readings:
        """Readings of a field that is said to be rounded."""
        name = key if key in self.material.rounded else ""
        if name not in self.material.rounded:
            return readings
        operation, clause = self.material.rounded[name]
        found: Readings = []
        for typed, source in readings:
            if typed.type in (INTEGER, NUMBER):
                rounding = Lowering(about_result(self.scope, typed)).values(term("of", operation, term("result")))
                found += [(one, source) for one in rounding]
                for one in rounding:
                    self.pending[one.text] = [*self.pending.get(typed.text, []), (clause, f"rounding of `{key}`")]
        return found or readings

    def distinct(self, fitting: list[Typed]) -> list[Typed]:
        """The readings that differ in behaviour."""
        found: list[Typed] = []
        for typed in fitting:
            if not any(equivalent(typed.text, known.text, self.route) for known in found):
                found.append(typed)
        return found

    def guarded(
        self, key: str, value: Term, wanted: list[tuple[Sample, JsonValue]], absent: tuple[str, Term, Clause]
    ) -> str:
        """A field of the reply that has a value of its own where an optional field is absent."""
        name, instead, clause = absent
        path, outer = self.scope.paths[name], self.scope
        present = outer.names[path]
        plain_type = present.item if isinstance(present, OptionalType) else present
        self.scope = replace(outer, names={**outer.names, path: plain_type})
        del self.material.when_missing[key]
        text = self.derived(key, value, wanted)
        self.scope = replace(outer, results=outer.results)
        self.use(clause, f"`{key}` where {name} is absent")
        typed = self.scope.typed(f"({self.band_value(instead)}) if {path} is None else ({text})")
        if typed is None:
            self.missing(key, "")
            return "None"
        return self.keep(key, typed)

    def fill(self, clause: Clause, chosen: Typed) -> None:
        """Note which of the values given without a name is used up."""
        for place, (value, known) in enumerate(self.material.fills):
            rests_on = (typed.text in chosen.text for typed in self.lowering().values(value))
            if known is clause and place not in self.filled and any(rests_on):
                self.filled.add(place)
                return

    def begin(self) -> None:
        """Start another reply: what was worked out for the one before is not its "result"."""
        self.scope = replace(self.scope, results=())

    def keep(self, key: str, chosen: Typed) -> str:
        """Remember what a field of the reply is, so that others may build on it."""
        self.found[key] = chosen
        self.scope = replace(self.scope, results=(*self.scope.results, chosen))
        return chosen.text

    def unexplained(self, key: str, value: Term, chosen: Typed, wanted: list[tuple[Sample, JsonValue]]) -> None:
        """Ask where a field would only be given back although the brief has words that are taken for context."""
        copy = value.head == "hole" and not wanted and chosen.text == self.scope.paths.get(key)
        context = [clause.text for clause in self.route.clauses if clause.became in CONTEXT]
        if copy and context and self.single:
            text = f'Is `{key}` given back unchanged? The brief also says "{context[0]}".'
            self.gaps.append(Gap(f"value_of_{key}", text))

    def ask_between(self, key: str, fitting: Sequence[Typed]) -> None:
        """Ask which of several readings is meant."""
        first, second = fitting[0].text, fitting[1].text
        self.gaps.append(Gap(f"value_of_{key}", f"What is `{key}` in the reply: `{first}` or `{second}`?"))

    def missing(self, key: str, rejected: str) -> None:
        """Ask what a field of the reply is."""
        what = f"`{key}` in the reply" if key else "the reply"
        if rejected:
            text = f"What is {what}? Read as `{rejected}`, it does not give what your example shows."
        else:
            text = f"What is {what}: how is it worked out from the request?"
        self.gaps.append(Gap(f"value_of_{key or 'reply'}", text))

    def sources(self, key: str, value: Term, wanted: list[tuple[Sample, JsonValue]]) -> Iterator[Readings]:
        """The ways in which a brief says what a field is, the most explicit first."""
        yield self.from_definitions(key, value)
        if value.head not in {"hole", "str", "num", "true", "false", "null", "arr", "obj"}:
            readings = self.lowering().values(value)
            yield [(typed, None) for typed in readings]
            if value.head == "raw" and not _is_placeholder(value.text, key):
                return
        yield self.from_transforms(key)
        yield self.from_bands(key, None)
        yield self.from_table(key)
        yield self.from_rates(key)
        yield self.from_conversions(key)
        if self.copies_first:
            yield self.copied_back(key)
        yield from self.from_fills()
        yield self.from_examples(key, wanted)
        yield self.copied_back(key)
        if wanted and all(isinstance(expected, str) for _, expected in wanted):
            yield self.from_sample_text(str(wanted[0][1]), self.route.shown or wanted[0][0].inputs)
        yield self.from_key(key)
        if wanted:
            yield [(typed, None) for typed in shown_values(key, self.scope, self.route, wanted, self.words)]
            yield [
                (typed, None) for typed in synthesised(self.scope, self.route, wanted, self.words, self.numbers_said)
            ]
            yield [(typed, None) for typed in framed(self.scope, self.route, wanted, self.words)]
            yield [(typed, None) for typed in arithmetic(self.scope, self.route, wanted, self.numbers_said)]

    def by_labels(self, value: Term) -> Typed | None:
        """Labels that are themselves properties: "even" or "odd"."""
        predicates = _label_conditions(value, self.scope.parse)
        if len(predicates) != 2 or len(value.terms) != 2:
            return None
        tests = [self.lowering().conditions(term("holds", Term("list", (term("it"),)), one)) for one in predicates]
        if not all(len(test) == 1 for test in tests):
            return None
        if not equivalent(tests[0][0].text, f"not ({tests[1][0].text})", self.route):
            return None
        first, second = value.terms
        return self.scope.typed(f"{first.text!r} if {tests[0][0].text} else {second.text!r}")

    def choice(self, key: str, value: Term) -> str:
        """One of several constants, by ranges or by a condition."""
        banded = self.from_bands(key, value.terms)
        if banded:
            self.settle(banded[0][0].text)
            return self.keep(key, banded[0][0])
        labelled = self.by_labels(value)
        if labelled is not None:
            return self.keep(key, labelled)
        kinds = {part.head for part in value.terms}
        if kinds == {"true", "false"}:
            return self.derived(key, term("hole"), [])
        for name, defined, clause in self.material.defines:
            if name in {key, ""}:
                readings = self.lowering().values(defined)
                if readings:
                    self.use(clause, f"`{key}` is `{readings[0].text}`")
                    return readings[0].text
        self.missing(key, "")
        return "None"


def _is_placeholder(text: str, key: str = "") -> bool:
    """Whether a text in the place of a value only stands for it: `n`, `the result`, `the number`."""
    if re.fullmatch(r"(?:true|false)\s*(?:/|or|\|)\s*(?:true|false)", text.lower()):
        return True
    words = [word for word in text.lower().split() if word not in {"converted", "resulting", "computed"}]
    if key and set(words) - _ANYWAY <= set(parts_of(key)):
        return True
    return len(words) <= 1 or (len(words) == 2 and words[0] in {"the", "a"} and words[1] in _VAGUE)


def _label_conditions(value: Term, parse: Callable[[str, str], list[Term]]) -> list[Term]:
    texts = [part.text for part in value.terms if part.head == "str"]
    return [readings[0] for text in texts for readings in [parse("pred", text)] if readings]


def merged_choice(objects: Sequence[Term]) -> Term | None:
    """Several objects with the same keys as one whose differing values are choices."""
    keys = [tuple(pair.text for pair in shape.terms if pair.head == "pair") for shape in objects]
    if len(set(keys)) != 1:
        return None
    pairs = []
    for key in keys[0]:
        values = tuple(
            dict.fromkeys(value for shape in objects for value in [_value_at(shape, key)] if value is not None)
        )
        pairs.append(term("pair", key, values[0] if len(values) == 1 else Term("choice", values)))
    return Term("obj", tuple(pairs))


def _value_at(shape: Term, key: str) -> Term | None:
    return next((pair.terms[0] for pair in shape.terms if pair.head == "pair" and pair.text == key), None)


def _wanted(samples: Sequence[Sample], at: tuple[str, ...]) -> list[tuple[Sample, JsonValue]]:
    found: list[tuple[Sample, JsonValue]] = []
    for sample in samples:
        value: JsonValue = sample.json_body
        for key in at:
            if not isinstance(value, dict) or key not in value:
                break
            value = value[key]
        else:
            found.append((sample, value))
    return found
