"""Where the value of a reply's field comes from: the ways in which a brief says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import JsonValue

from flowlattice_agents.expressions import INTEGER, NUMBER, STRING
from flowlattice_agents.models.offline.bands import Band, band_of, gaps, ordered
from flowlattice_agents.models.offline.lowering import Lowering
from flowlattice_agents.models.offline.material import Material
from flowlattice_agents.models.offline.references import respelled
from flowlattice_agents.models.offline.routes import Clause, Gap, Route, Sample
from flowlattice_agents.models.offline.scope import Scope, Typed
from flowlattice_agents.models.offline.spoken import matches_name
from flowlattice_agents.models.offline.terms import Term, term

Readings = list[tuple[Typed, Clause | None]]


class Sources:
    """The readings that each part of a brief gives for a field of the reply."""

    def __init__(
        self, route: Route, scope: Scope, material: Material, words: frozenset[str], numbers: Sequence[str] = ()
    ) -> None:
        self.numbers_said = tuple(numbers)
        self.route, self.scope, self.material, self.words = route, scope, material, words
        self.pending: dict[str, list[tuple[Clause, str]]] = {}
        self.literal = False
        self.single = False
        self.copies_first = False
        self.filled: set[int] = set()
        self.gaps: list[Gap] = []
        self.used: set[int] = set()
        self.found: dict[str, Typed] = {}
        self.assumed: dict[str, str] = {}

    def lowering(self) -> Lowering:
        """Reads terms in the scope as far as it is known now."""
        return Lowering(self.scope)

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

    def generalised(self, text: str, inputs: dict[str, JsonValue]) -> list[Typed]:
        """An example text with every example value in it, longest first, replaced by where the value comes from."""
        leaves = sorted(_leaves(inputs), key=lambda leaf: -len(leaf[1]))
        pieces: list[str] = [text]
        for path, value in leaves:
            pattern = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
            found = self.scope.typed(self.scope.paths.get(path, path))
            if found is None or len(value) < 2:
                continue
            pieces = [
                part
                for piece in pieces
                for part in (_split(pattern, piece, found.text) if piece[:1] != "\0" else [piece])
            ]
        if not any(piece[:1] == "\0" for piece in pieces):
            return []
        body = "".join(f"{{{piece[1:]}}}" if piece[:1] == "\0" else _escaped(piece) for piece in pieces)
        typed = self.scope.typed("f" + repr(body))
        return [typed] if typed else []

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

    def note(self, readings: Sequence[Typed], clause: Clause, became: str) -> None:
        """Note what a clause becomes if one of these readings is chosen."""
        for typed in readings:
            self.pending.setdefault(typed.text, []).append((clause, became))

    def settle(self, chosen: str) -> None:
        """A reading is chosen: the clauses that it rests on are accounted for."""
        for clause, became in self.pending.pop(chosen, []):
            self.use(clause, became)

    def use(self, clause: Clause, became: str) -> None:
        """Note what a clause became."""
        self.used.add(id(clause))
        clause.became = clause.became or became

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
        start = key if key in self.scope.paths else respelled(key, self.scope.subjects)
        told = _steps_with_subjects([(operation, obj) for operation, obj, _ in steps])
        subject = term("ref", start) if start else next((obj for _, obj in told if obj.head == "ref"), term("it"))
        named = {obj.text for _, obj in told if obj.head == "ref"}
        loose = (start and any(obj == term("it") for _, obj in told)) or not (start or named)
        if loose and len(self.scope.subjects) > 1 and not self.single:
            return []
        mine = [place for place, (_, obj) in enumerate(told) if not start or obj.head != "ref" or obj.text == start]
        if not start and len(named) > 1:
            return []
        results = self.lowering().values(subject) if mine else []
        for operation in (told[place][0] for place in mine):
            results = [
                typed
                for result in results
                for typed in Lowering(about_result(self.scope, result)).values(term("of", operation, term("result")))
            ]
        for clause in (steps[place][2] for place in mine):
            self.note(results, clause, f"a step of `{key}`")
        return [(typed, None) for typed in results]

    def from_bands(self, key: str, choices: Sequence[Term] | None) -> Readings:
        """A value that depends on the range in which a number lies."""
        told = self.material.key_bands.get(key, self.material.bands)
        if not told:
            return []
        about = self.material.band_subject
        subjects = self.lowering().values(about) if about else self.counted(told) or self.numbers()
        units = {part.text for bound, _, _ in told for part in bound.walk() if part.head == "unit"}
        if units & {"characters", "words", "items"} and not about:
            head = {"characters": "length", "words": "word_count", "items": "count"}[
                sorted(units & {"characters", "words", "items"})[0]
            ]
            subjects = self.lowering().values(Term(head))
        if len(subjects) != 1:
            return []
        known = [(band_of(bound, value), clause) for bound, value, clause in told if bound.head != "else"]
        defaults = list(dict.fromkeys(value for bound, value, _ in told if bound.head == "else"))
        default = defaults[0] if defaults else None
        if len(defaults) > 1:
            self.gaps.append(
                Gap("bands", f"What is `{key}` where none of the ranges holds? The brief says two things.")
            )
            return []
        if any(band is None for band, _ in known):
            return []
        chain = self.band_chain(subjects[0], [band for band, _ in known if band], default)
        for _, _, clause in told if chain else []:
            self.note(chain, clause, f"a range of `{key}`")
        return [(typed, None) for typed in chain]

    def from_rates(self, key: str) -> Readings:
        """What a fixed rate gives: one gallon is so many litres."""
        found: Readings = []
        for source, target, factor, clause in self.material.rates:
            one, other = self.scope_name(source), self.scope_name(target)
            if one and matches_name(target, key):
                found += [(typed, clause) for typed in self.lowering().values(term("mul", term("ref", one), factor))]
            elif other and matches_name(source, key):
                found += [(typed, clause) for typed in self.lowering().values(term("div", term("ref", other), factor))]
        return found

    def scope_name(self, spoken: str) -> str | None:
        """The field that a word in the singular or plural means."""
        return next((name for name in self.scope.paths if matches_name(spoken, name)), None)

    def counted(self, told: Sequence[tuple[Term, Term, Clause]]) -> list[Typed]:
        """The numbers of the request of which the prices for each speak: `loaves` for "400 a loaf"."""
        nouns = {value.terms[1].text for _, value, _ in told if value.head == "per_unit" and len(value.terms) > 1}
        named = {name for name in self.scope.paths for noun in nouns if matches_name(noun, name)}
        return [typed for typed in self.numbers() if typed.text in {self.scope.paths[name] for name in named}]

    def numbers(self) -> list[Typed]:
        """The fields of the request that are numbers."""
        return [typed for typed in self.lowering().subjects() if typed.type in (INTEGER, NUMBER)]

    def from_table(self, key: str) -> Readings:
        """What a table in the brief gives for the field that is looked up."""
        entries = [(k, v, c) for k, v, c in self.material.table if k.head in {"str", "key_of"}]
        entries += self.shown_entries(key, entries)
        subjects = self.table_subjects()
        if not entries or len(subjects) != 1 or key in self.scope.paths:
            return []
        looked_up = self.table_key(subjects[0], [key_text(k) for k, _, _ in entries])
        cells = ", ".join(f"{key_text(k)!r}: {self.lowering().values(v)[0].text}" for k, v, _ in entries)
        default = next((v for k, v, _ in self.material.table if k.head == "else"), None)
        call = f"lookups.get({{{cells}}}, {looked_up})"
        if default is not None:
            call = f"lookups.get_or({{{cells}}}, {looked_up}, {self.lowering().values(default)[0].text})"
        elif not self.material.listed:
            listed = ", ".join(key_text(k) for k, _, _ in entries)
            self.gaps.append(Gap("table", f"What is answered for a value that is not in the list ({listed})?"))
        typed = self.scope.typed(call)
        for _, _, clause in self.material.table if typed else []:
            self.note([typed] if typed else [], clause, f"the table of `{key}`")
        if typed and self.material.any_case is not None:
            self.note([typed], self.material.any_case, "values are looked up in any case")
        return [(typed, None)] if typed else []

    def shown_entries(self, key: str, entries: Sequence[tuple[Term, Term, Clause]]) -> list[tuple[Term, Term, Clause]]:
        """The entries of a table of texts that only an example shows."""
        known = {key_text(k) for k, _, _ in entries}
        if not entries or any(k.head != "str" for k, _, _ in entries):
            return []
        found: dict[str, Term] = {}
        for sample in self.route.samples:
            texts = [value for value in sample.inputs.values() if isinstance(value, str)]
            shown = sample.json_body.get(key) if isinstance(sample.json_body, dict) else None
            if len(texts) == 1 and texts[0] not in known and isinstance(shown, str):
                found[texts[0]] = term("str", shown)
        return [(term("str", given), value, entries[0][2]) for given, value in found.items()]

    def table_subjects(self) -> list[Typed]:
        """What a table is looked up by: the texts of the request, or its whole numbers where the keys are numbers."""
        numbered = {k.head for k, _, _ in self.material.table} - {"else"} == {"key_of"}
        if not numbered:
            return [typed for typed in self.lowering().subjects() if typed.type == STRING]
        whole = [typed for typed in self.lowering().subjects() if typed.type == INTEGER]
        return [typed for one in whole for typed in self.scope_typed(f"numbers.to_text({one.text})")]

    def table_key(self, subject: Typed, keys: Sequence[str]) -> str:
        """The expression by which the table is looked up; any case where the brief says so."""
        if self.material.any_case is None:
            return subject.text
        return (
            f"text.upper({subject.text})" if all(key == key.upper() for key in keys) else f"text.lower({subject.text})"
        )

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
        missing = gaps(
            sequence,
            low=float(low),
            high=float(high),
            whole=subject.type == INTEGER or bool(found and found.kind == "integer"),
        )
        if missing and default is None:
            self.gaps.append(Gap("bands", f"What holds where {name} is {missing[0]:g}? None of the ranges covers it."))
            return []
        cases = [(self.band_test(subject, band), band.value) for band in sequence]
        last = default if default is not None else cases.pop()[1]
        text = self.band_value(last, subject)
        for test, value in reversed(cases):
            text = f"({self.band_value(value, subject)}) if ({test}) else ({text})"
        return [typed for typed in [self.scope.typed(text)] if typed]

    def band_value(self, value: Term, subject: Typed | None = None) -> str:
        """The expression of a band's value; a price for each is times the number that the band is about."""
        if value.head == "per_unit" and subject is not None:
            return f"{subject.text} * {value.terms[0].text}"
        if value.head == "str" and (filled := self.filled_text(value.text)) is not None:
            return filled
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

    def from_examples(self, key: str, wanted: list[tuple[Sample, JsonValue]]) -> Readings:
        """A table made of examples: a value for each value of one field, and one that the brief says for any other."""
        if self.material.otherwise is None or len(wanted) < 2:
            return []
        name, defaults, clause = self.material.otherwise
        rows = [(sample.inputs.get(name), value) for sample, value in wanted]
        if key not in defaults or len({str(given) for given, _ in rows}) != len(rows):
            return []
        cells = ", ".join(f"{given!r}: {value!r}" for given, value in rows)
        typed = self.scope.typed(f"lookups.get_or({{{cells}}}, {self.scope.paths[name]}, {defaults[key]!r})")
        if typed is not None:
            self.note([typed], clause, f"what any other {name} gives")
        return [(typed, None)] if typed else []

    def from_fills(self) -> Iterator[Readings]:
        """The values that the brief gives without saying for which field, in order; examples tell which it is."""
        for place, (value, clause) in enumerate(self.material.fills):
            if place not in self.filled:
                readings = self.lowering().values(value)
                yield [(typed, clause) for typed in readings]

    def from_sample_text(self, text: str, inputs: dict[str, JsonValue]) -> Readings:
        """An example text with an example value in it: "Hi Ada" for Ada."""
        replaced = self.replaced_text(text)
        if replaced is None:
            return [(typed, None) for typed in self.generalised(text, inputs)]
        typed = self.scope.typed("f" + repr(replaced))
        return [(typed, None)] if typed else []

    def copied(self, key: str) -> list[Typed]:
        """The field of the request that has the same name."""
        respelt = key not in self.found and all(name != key for name, _, _ in self.material.defines)
        return self.lowering().values(term("ref", key)) if key in self.scope.paths or respelt else []

    def copied_back(self, key: str) -> Readings:
        """The field of the same name, in capitals where the brief says that it comes back so."""
        found = self.copied(key)
        clause = self.material.back_upper
        if clause is None or not found or found[0].type != STRING:
            return [(typed, None) for typed in found]
        return [(typed, clause) for typed in self.scope_typed(f"text.upper({found[0].text})")]

    def scope_typed(self, text: str) -> list[Typed]:
        """An expression where its types fit."""
        typed = self.scope.typed(text)
        return [typed] if typed else []

    def from_key(self, key: str) -> Readings:
        """What the key itself says: `sum`, `word_count`."""
        phrase = " ".join(re.findall(r"[A-Z]?[a-z]+|\d+", key)).lower()
        if self.material.any_case is not None and (found := self.from_predicate(phrase)):
            return found
        for meaning in self.scope.parse("noun_value", phrase) if phrase else []:
            readings = self.lowering().values(meaning)
            if readings:
                return [(typed, None) for typed in readings]
        return self.from_predicate(phrase)

    def from_predicate(self, phrase: str) -> Readings:
        """What a key such as `even` or `is_leap` says is true or false of the request."""
        for meaning in self.scope.parse("pred", phrase.removeprefix("is ")) if phrase else []:
            readings = self.lowering().conditions(term("holds", Term("list", (term("it"),)), meaning))
            if readings:
                return [(typed, None) for typed in readings]
        return []


def _steps_with_subjects(steps: Sequence[tuple[Term, Term | None]]) -> list[tuple[Term, Term]]:
    """Each operation with what it is about: what is named, or else what was named before it."""
    found: list[tuple[Term, Term]] = []
    for operation, subject in steps:
        named = subject if subject is not None and subject.head in {"ref", "every"} else None
        found.append((operation, named or (found[-1][1] if found else term("it"))))
    return found


def key_text(key: Term) -> str:
    """The key of a table's entry as it is looked up."""
    return key.terms[0].text if key.head == "key_of" else key.text


def about_result(scope: Scope, result: Typed) -> Scope:
    """The scope in which "it" is one value that was just worked out."""
    return replace(scope, subjects=(), results=(result,))


def _split(pattern: re.Pattern[str], text: str, path: str) -> list[str]:
    parts: list[str] = []
    for index, piece in enumerate(pattern.split(text)):
        parts += ["\0" + path] if index else []
        parts += [piece] if piece else []
    return parts


def _leaves(value: JsonValue, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in _leaves(part, f"{path}.{key}" if path else key)]
    return [(path, value)] if isinstance(value, str) else []


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
