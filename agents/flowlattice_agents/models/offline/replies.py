"""Reply bodies: each field of a reply gets the expression that the brief gives for it, in one of the ways it says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice_agents.expressions import BOOLEAN, STRING, ListType, RecordType
from flowlattice_agents.models.offline.bands import Band, band_of, gaps, ordered
from flowlattice_agents.models.offline.evaluation import gives
from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.lowering import Lowering, Scope, Typed
from flowlattice_agents.models.offline.routes import Clause, Route, Sample
from flowlattice_agents.models.offline.synthesis import synthesised
from flowlattice_agents.models.offline.terms import Term, term


@dataclass
class Material:
    """What the brief offers for the reply of a route, with the clause that says it."""

    defines: list[tuple[str, Term, Clause]] = field(default_factory=list)
    fills: list[tuple[Term, Clause]] = field(default_factory=list)
    bands: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    transforms: list[tuple[Term, Term | None, Clause]] = field(default_factory=list)
    replacements: list[tuple[str, Term | None, Clause]] = field(default_factory=list)


@dataclass(frozen=True)
class Gap:
    """Something that must be asked."""

    slot: str
    text: str


class BodyBuilder:
    """Builds the bodies of one route's replies.

    Args:
        route: The route with its fields.
        scope: What names and pronouns stand for.
        material: What the brief says of values.
        words: All words of the brief, for choosing operators by hint.
    """

    def __init__(self, route: Route, scope: Scope, material: Material, words: frozenset[str]) -> None:
        self.route, self.scope, self.material, self.words = route, scope, material, words
        self.gaps: list[Gap] = []
        self.used: set[int] = set()
        self.found: dict[str, Typed] = {}

    def lowering(self) -> Lowering:
        """Reads terms in the scope as far as it is known now."""
        return Lowering(self.scope)

    def object(self, shape: Term, samples: Sequence[Sample], *, at: tuple[str, ...] = ()) -> str:
        """The dict display of an object that the brief shows; with samples its constants are examples."""
        parts = []
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
        if is_concrete(value) and not wanted:
            return self.constant(key, value)
        return self.derived(key, value, wanted)

    def constant(self, key: str, value: Term) -> str:
        """A constant of the brief, with the parts of it that are said to be replaced."""
        if value.head == "str":
            filled = self.filled_text(value.text)
            if filled is not None:
                return filled
        return repr(json_of(value))

    def filled_text(self, text: str) -> str | None:
        """A text with `<name>` or `{name}` in it, or with words that are said to be replaced, as an f-string."""
        pieces: list[str] = []
        position = 0
        for match in re.finditer(r"<([A-Za-z_][\w ]*)>|\{([A-Za-z_][\w ]*)\}|\$\{(\w+)\}", text):
            found = self.lowering().values(term("raw", match[1] or match[2] or match[3]))
            if not found:
                return None
            pieces += [_escaped(text[position : match.start()]), f"{{{found[0].text}}}"]
            position = match.end()
        pieces.append(_escaped(text[position:]))
        filled = "".join(pieces) if position else self.replaced_text(text)
        if filled is None:
            return None
        typed = self.scope.typed("f" + repr(filled))
        return typed.text if typed else None

    def replaced_text(self, text: str) -> str | None:
        """The text with the words that stand for values replaced, as the inside of an f-string."""
        filled, changed = _escaped(text), False
        for word, value, clause in self.material.replacements:
            pattern = re.compile(rf"(?<!\w){re.escape(_escaped(word))}(?!\w)")
            found = self.lowering().values(value) if value else self.named_by_sample(word)
            if found and pattern.search(filled):
                filled, changed = pattern.sub(lambda _m, f=found: f"{{{f[0].text}}}", filled), True  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
                self.use(clause, f"the text with `{found[0].text}` in place of {word}")
        return filled if changed else None

    def named_by_sample(self, word: str) -> list[Typed]:
        """The field whose example value is that word."""
        names = [name for name, value in self.route.shown.items() if value == word]
        return [typed for name in names for typed in self.lowering().values(term("ref", name))]

    def defined(self, key: str) -> bool:
        """Whether the brief says in words what a key is."""
        return any(name == key for name, _, _ in self.material.defines)

    def derived(self, key: str, value: Term, wanted: list[tuple[Sample, JsonValue]]) -> str:
        """The first source that gives a value (and the examples' values) for a field that is to be computed."""
        rejected = ""
        for readings in self.sources(key, value, wanted):
            fitting = [typed for typed, _ in readings if all(gives(typed.text, s.inputs, self.route, w) for s, w in wanted)]
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
            self.found[key] = chosen
            return chosen.text
        self.missing(key, rejected)
        return "None"

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

    def use(self, clause: Clause, became: str) -> None:
        """Note what a clause became."""
        self.used.add(id(clause))
        clause.became = clause.became or became

    Readings = list[tuple[Typed, Clause | None]]

    def sources(self, key: str, value: Term, wanted: list[tuple[Sample, JsonValue]]) -> Iterator[Readings]:
        """The ways in which a brief says what a field is, the most explicit first."""
        yield self.from_definitions(key, value)
        if value.head == "raw":
            yield [(typed, None) for typed in self.lowering().values(value)]
        yield self.from_transforms(key)
        yield self.from_bands(key, None)
        if not wanted or self.material.fills:
            yield self.from_fills()
        if wanted and all(isinstance(expected, str) for _, expected in wanted):
            yield self.from_sample_text(str(wanted[0][1]))
        yield [(typed, None) for typed in self.copied(key)]
        yield self.from_key(key)
        if wanted:
            yield [(typed, None) for typed in synthesised(self.scope, self.route, wanted, self.words)]

    def from_definitions(self, key: str, value: Term) -> Readings:
        """What "X is V" says, for the key itself or for the placeholder that stands for its value."""
        names = {key} | ({value.text} if value.head == "raw" else set())
        for name, defined, clause in self.material.defines:
            if name in names or (name == "" and id(clause) not in self.used):
                readings = self.lowering().values(defined)
                if readings:
                    return [(typed, clause) for typed in readings]
        return []

    def from_transforms(self, key: str) -> Readings:
        """Operations told one after the other, on the field that they are about."""
        steps = self.material.transforms
        if not steps:
            return []
        start = key if key in self.scope.paths else None
        subject = term("ref", start) if start else next((obj for _, obj, _ in steps if obj and obj.head == "ref"), term("it"))
        results = self.lowering().values(subject)
        for operation, _, clause in steps:
            results = [
                typed
                for result in results
                for typed in Lowering(_about(self.scope, result)).values(term("of", operation, term("result")))
            ]
            if results:
                self.use(clause, f"a step of `{key}`")
        return [(typed, None) for typed in results]

    def from_bands(self, key: str, choices: Sequence[Term] | None) -> Readings:
        """A value that depends on the range in which a number lies."""
        if not self.material.bands:
            return []
        subjects = [typed for typed in self.lowering().values(term("thing", "number"))]
        if len(subjects) != 1:
            return []
        known = [(band_of(bound, value), clause) for bound, value, clause in self.material.bands if bound.head != "else"]
        default = next((value for bound, value, _ in self.material.bands if bound.head == "else"), None)
        if any(band is None for band, _ in known):
            return []
        chain = self.band_chain(subjects[0], [band for band, _ in known if band], default)
        for _, _, clause in self.material.bands if chain else []:
            self.use(clause, f"a range of `{key}`")
        return [(typed, None) for typed in chain]

    def band_chain(self, subject: Typed, bands: Sequence[Band], default: Term | None) -> list[Typed]:
        """Bands as conditional expressions; what they leave open is asked."""
        sequence = ordered(bands)
        if sequence is None:
            self.gaps.append(Gap("bands", "Two of the ranges overlap: which one counts where both fit?"))
            return []
        name = next((name for name, path in self.scope.paths.items() if path == subject.text), subject.text)
        found = self.route.find(name)
        limits = found.limits if found else {}
        low, high = limits.get("minimum", float("-inf")), limits.get("maximum", float("inf"))
        missing = gaps(sequence, low=float(low), high=float(high), whole=bool(found and found.kind == "integer"))
        if missing and default is None:
            self.gaps.append(Gap("bands", f"What holds where {name} is {missing[0]:g}? None of the ranges covers it."))
            return []
        cases = [(self.band_test(subject, band), band.value) for band in sequence]
        last = default if default is not None else cases.pop()[1]
        text = self.band_value(last)
        for test, value in reversed(cases):
            text = f"({self.band_value(value)}) if ({test}) else ({text})"
        return [typed for typed in [self.scope.typed(text)] if typed]

    def band_value(self, value: Term) -> str:
        """The expression of a band's value."""
        readings = self.lowering().values(value)
        return readings[0].text if readings else "None"

    def band_test(self, subject: Typed, band: Band) -> str:
        """The condition of a band."""
        parts = []
        if band.low != float("-inf"):
            parts.append(f"{subject.text} {'>=' if band.low_included else '>'} {band.low:g}")
        if band.high != float("inf"):
            parts.append(f"{subject.text} {'<=' if band.high_included else '<'} {band.high:g}")
        return " and ".join(parts) or "True"

    def from_fills(self) -> Readings:
        """A value that the brief gives without saying for which field, where it can only be this one."""
        for value, clause in self.material.fills:
            if id(clause) not in self.used:
                readings = self.lowering().values(value)
                if readings:
                    return [(typed, clause) for typed in readings]
        return []

    def from_sample_text(self, text: str) -> Readings:
        """An example text with an example value in it: "Hi Ada" for Ada."""
        replaced = self.replaced_text(text)
        if replaced is None:
            return []
        typed = self.scope.typed("f" + repr(replaced))
        return [(typed, None)] if typed else []

    def copied(self, key: str) -> list[Typed]:
        """The field of the request that has the same name."""
        return self.lowering().values(term("ref", key)) if key in self.scope.paths else []

    def from_key(self, key: str) -> Readings:
        """What the key itself says: `sum`, `word_count`."""
        phrase = " ".join(re.findall(r"[A-Z]?[a-z]+|\d+", key)).lower()
        for meaning in self.scope.parse("noun_op", phrase) if phrase else []:
            readings = self.lowering().values(meaning)
            if len(readings) == 1:
                return [(readings[0], None)]
        return []

    def choice(self, key: str, value: Term) -> str:
        """One of several constants, by ranges or by a condition."""
        banded = self.from_bands(key, value.terms)
        if banded:
            return banded[0][0].text
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


def merged_choice(objects: Sequence[Term]) -> Term | None:
    """Several objects with the same keys as one whose differing values are choices."""
    keys = [tuple(pair.text for pair in shape.terms if pair.head == "pair") for shape in objects]
    if len(set(keys)) != 1:
        return None
    pairs = []
    for key in keys[0]:
        values = tuple(dict.fromkeys(value for shape in objects for value in [_value_at(shape, key)] if value is not None))
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


def _about(scope: Scope, result: Typed) -> Scope:
    return Scope(scope.names, scope.paths, (), (result,), scope.item, scope.parse, scope.defined)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


__all__ = ["BodyBuilder", "Gap", "Material", "merged_choice"]
_UNUSED = (BOOLEAN, STRING, ListType, RecordType, Callable)
