"""What a brief adds to a route besides fields, replies and rules: tables, examples, claims, calls to elsewhere."""

from __future__ import annotations

from pydantic import JsonValue

from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.requests import RequestReader
from flowlattice_agents.models.offline.routes import Clause, Sample, milliseconds
from flowlattice_agents.models.offline.shapes import (
    NotUnderstoodError,
    digits_between,
)
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import (
    Call,
    Outcome,
    outcome_of,
)
from flowlattice_agents.models.offline.unit_formulas import conversion_of
from flowlattice_agents.models.offline.worked import worked_example


class RemarkReader(RequestReader):
    """Reads examples, tables, claims and calls."""

    def _claim_empty(self, _meaning: Term, clause: Clause) -> None:
        self.result.expected.append(("[", clause))

    def _band(self, meaning: Term, clause: Clause) -> None:
        self.result.material.bands.append((meaning.terms[0], meaning.terms[1], clause))

    def _define_bands(self, meaning: Term, clause: Clause) -> None:
        for band in meaning.terms[1].terms:
            self.result.material.bands.append((band.terms[0], band.terms[1], clause))

    def _table(self, meaning: Term, clause: Clause) -> None:
        for entry in meaning.terms[0].terms:
            key = entry.terms[0]
            if key.head == "str_of":
                key = term("str", key.terms[0].text.lower())
            self.result.material.table.append((key, entry.terms[1], clause))

    def _any_case(self, _meaning: Term, clause: Clause) -> None:
        self.result.material.any_case = clause

    def _any_space(self, _meaning: Term, clause: Clause) -> None:
        self.result.material.any_space = clause

    def _given_date(self, meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or "an example value"

    def _back_upper(self, _meaning: Term, clause: Clause) -> None:
        self.result.material.back_upper = clause

    def _band_subject(self, meaning: Term, clause: Clause) -> None:
        self.result.material.band_subject = meaning.terms[0]
        clause.became = "what the ranges are about"

    def _given(self, _meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or "an example value"

    _given_only = _given
    _given_words = _given

    def _sample_value(self, meaning: Term, clause: Clause) -> None:
        count = meaning.terms[1] if len(meaning.terms) > 1 else term("num", "0")
        self.result.claims.append((term("eq", meaning.terms[0]), term("eq", count), clause))

    def _sample_true(self, meaning: Term, clause: Clause) -> None:
        """A value of which the brief says that it is so: "Anna is one"."""
        given = term("str", meaning.terms[0].text) if meaning.terms[0].head == "word" else meaning.terms[0]
        self.result.claims.append((term("eq", given), term("eq", term("true")), clause))

    def _sample_at(self, meaning: Term, clause: Clause) -> None:
        """The example "factorial of 0 is 1": for the only field of the request."""
        key, given, wanted = meaning.terms
        names = list(self.route.fields)
        if len(names) != 1 or key.head != "ref":
            raise NotUnderstoodError("an example of a value")
        self.route.samples.append(Sample({names[0]: json_of(given)}, None, {key.text: json_of(wanted)}))
        clause.became = "an example that is tested"

    def _sample_empty(self, meaning: Term, clause: Clause) -> None:
        lists = [name for name, found in self.route.fields.items() if found.kind == "list"]
        if len(lists) != 1 or len(self.route.fields) != 1:
            raise NotUnderstoodError("which list")
        empty: dict[str, JsonValue] = {lists[0]: []}
        self.route.samples.append(Sample(empty, None, {meaning.terms[0].text: json_of(meaning.terms[1])}))
        clause.became = "an example that is tested"

    def _claim(self, meaning: Term, clause: Clause) -> None:
        self.result.claims.append((meaning.terms[0], meaning.terms[1], clause))

    def _claim_input(self, meaning: Term, clause: Clause) -> None:
        given, wanted = meaning.terms
        outcome = wanted if wanted.head == "empty" else term("eq", wanted)
        self.result.claims.append((given, outcome, clause))

    def _claim_true(self, meaning: Term, clause: Clause) -> None:
        """What is true in any case: "zero is even"."""
        clause.became = clause.became or f"true of `{meaning.terms[0].head}`"

    def _expects(self, meaning: Term, clause: Clause) -> None:
        self.result.expected.append((meaning.text, clause))

    def _text_values(self, _meaning: Term, clause: Clause) -> None:
        self.result.expected.append(("", clause))

    def _shown_text(self, meaning: Term, clause: Clause) -> None:
        if not self.route.shown:
            raise NotUnderstoodError("an example without a request")
        self.route.samples.append(Sample(dict(self.route.shown), None, None, meaning.terms[0].text))
        clause.became = "an example that is tested"

    def _rounded_key(self, meaning: Term, clause: Clause) -> None:
        name = meaning.terms[0].text if meaning.terms[0].head in {"ref", "named"} else ""
        how = [part for part in meaning.terms if part.head not in {"ref", "named", "result"}]
        self.result.material.rounded[name] = (Term("round", tuple(how)), clause)

    def _round_named(self, meaning: Term, clause: Clause) -> None:
        """A field of the request is rounded as a step; a field of the reply in the end."""
        name, *how = meaning.terms
        if name.head == "ref" and name.text in self.route.fields:
            self.result.material.transforms.append((Term("round", tuple(how)), name, clause))
            return
        self._rounded_key(Term("rounded_key", (name, *how)), clause)

    def _define_constant(self, meaning: Term, clause: Clause) -> None:
        if self.route.find(meaning.terms[0].text) is not None:
            raise NotUnderstoodError("a constant with the name of a field")
        self.result.material.defines.append((meaning.terms[0].text, meaning.terms[1], clause))

    _define_value = _define_constant

    def _exact_case(self, _meaning: Term, clause: Clause) -> None:
        self.result.exact_case = clause

    def _rate(self, meaning: Term, clause: Clause) -> None:
        source, target, factor = meaning.terms
        self.result.material.rates.append((source.text, target.text, factor, clause))

    def _conversions(self, meaning: Term, clause: Clause) -> None:
        found = [conversion_of(told) for told in meaning.terms]
        units = {choice for one in self.route.fields.values() for choice in one.choices or ()}
        if any(one is None or not {one.unit, one.other} <= units for one in found):
            raise NotUnderstoodError("formulas between units")
        self.result.material.conversions += [(one, clause) for one in found if one is not None]

    def _left_over(self, meaning: Term, clause: Clause) -> None:
        """What must hold of the one field that was prepared before."""
        names = list(self.result.material.prepared)
        if len(names) != 1:
            raise NotUnderstoodError("what is left of what")
        pattern = digits_between(self.result.material.prepared[names[0]], meaning.terms[0])
        found = self.route.fields[names[0]]
        if pattern is not None and found.pattern is None:
            found.pattern = pattern
            clause.became = f"the form of {names[0]}"
            return
        self.result.material.left.append((names[0], meaning.terms[0], clause))

    def _surcharge(self, meaning: Term, clause: Clause) -> None:
        self.result.material.surcharges.append((meaning.terms[0], meaning.terms[1], clause))

    def _worked(self, meaning: Term, clause: Clause) -> None:
        self.result.worked.append(worked_example(meaning, clause))

    def _rename(self, meaning: Term, clause: Clause) -> None:
        keys = meaning.terms[0].terms
        if len(keys) != len(self.recent):
            raise NotUnderstoodError("names one by one")
        pairs = (
            term("pair", key.terms[0].text, term("ref", name)) for key, name in zip(keys, self.recent, strict=True)
        )
        shape = Term("obj", tuple(pairs))
        self.result.replies.append((Outcome(None, (term("json", shape),)), clause))

    def _optional_then(self, meaning: Term, clause: Clause) -> None:
        names = [name for name in self.names_in(meaning.terms[0]) if self.route.find(name)]
        if len(names) != 1:
            raise NotUnderstoodError("which field")
        self.route.fields[names[0]].optional = True
        self.result.material.when_missing[meaning.terms[1].text] = (names[0], meaning.terms[2], clause)

    def _bad_values(self, meaning: Term, clause: Clause) -> None:
        outcome = outcome_of(meaning.terms[1])
        if len(self.route.fields) != 1 or outcome.contents or outcome.status is None or outcome.status < 400:
            raise NotUnderstoodError("examples of bad values")
        name = next(iter(self.route.fields))
        for value in meaning.terms[0].terms:
            self.route.samples.append(Sample({name: json_of(value)}, outcome.status))
        clause.became = "examples that are tested"

    def _same_for(self, meaning: Term, clause: Clause) -> None:
        """The reply's field has as many decimals as the request's."""
        places = next((part.terms[0] for part in meaning.terms[1].terms if part.head == "decimals"), None)
        if places is None or meaning.terms[0].head != "ref":
            raise NotUnderstoodError("the same for another")
        self.result.material.rounded[meaning.terms[0].text] = (term("round", term("places", places)), clause)

    def _call(self, meaning: Term, clause: Clause) -> None:
        url = meaning.terms[0].text
        names = self.names_in(meaning.terms[1]) if len(meaning.terms) > 1 else []
        if self.result.call is not None and self.result.call.url != url:
            raise NotUnderstoodError("two outside calls")
        self.result.call = self.result.call or Call(url)
        self.result.call.fields = names or self.result.call.fields
        clause.became = f"one POST to {url}"

    def _call_key(self, meaning: Term, clause: Clause) -> None:
        names = self.names_in(meaning.terms[0])
        if not names:
            raise NotUnderstoodError("the key of the call")
        for part in meaning.terms[1:]:
            if part.head == "url":
                self.result.call = self.result.call or Call(part.text)
            elif part.head in {"ms", "seconds", "minutes"}:
                self.result.key_ttl_s = max(1, milliseconds(part) // 1000)
        self.result.key = names
        clause.became = f"the call's key: {', '.join(names)}"

    def _call_repeats(self, _meaning: Term, clause: Clause) -> None:
        if not self.result.key:
            raise NotUnderstoodError("repeats of what")
        clause.became = "a repeated key is not sent again"

    def _else_fields(self, meaning: Term, clause: Clause) -> None:
        subject, *pairs = meaning.terms
        subject = self.distinguishing() if subject == term("it") else subject
        if subject.head != "ref" or self.route.find(subject.text) is None:
            raise NotUnderstoodError("any other what")
        values = {pair.terms[0].text: json_of(pair.terms[1]) for pair in pairs}
        self.result.material.otherwise = (subject.text, values, clause)

    def distinguishing(self) -> Term:
        """The field by which the examples differ and which the reply does not give back."""
        shown = {key for sample in self.route.samples if isinstance(sample.json_body, dict) for key in sample.json_body}
        names = [name for name in self.route.fields if name not in shown]
        return term("ref", names[0]) if len(names) == 1 else term("it")

    def _switch_on(self, meaning: Term, clause: Clause) -> None:
        self.result.material.switch_on = (meaning.terms[0].text, clause)

    def _failing_names(self, meaning: Term, clause: Clause) -> None:
        order = [part.text for part in meaning.terms]
        if order and order != [name for name in self.route.fields if name in order]:
            raise NotUnderstoodError("another order")
        clause.became = "the names of the failing fields, in their order"

    def sample(self, inputs: dict[str, JsonValue], meaning: Term, clause: Clause) -> None:
        """Keep an example; its reply also shows what the reply looks like."""
        content = meaning.terms[1]
        status = next((int(part.text) for part in meaning.terms[2:] if part.head == "num"), None)
        if content.head == "json" and is_concrete(content.terms[0]):
            self.route.samples.append(Sample(inputs, status, json_of(content.terms[0])))
        elif content.head == "text":
            self.route.samples.append(Sample(inputs, status, None, content.terms[0].text))
        else:
            raise NotUnderstoodError("an example")
        self.result.replies.append((Outcome(status, (content,)), clause))
        clause.became = clause.became or "an example that is tested"
