"""From a route's clauses to its fields, rules and what is said of its reply. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice_agents.models.offline.fields import ContradictionError, Field, is_concrete, json_of
from flowlattice_agents.models.offline.replies import Material
from flowlattice_agents.models.offline.routes import Clause, Gap, Route, Sample, milliseconds, split_path, values_in
from flowlattice_agents.models.offline.rules import FieldRule, FieldRules
from flowlattice_agents.models.offline.shapes import (
    NotUnderstoodError,
    apply_description,
    declared_fields,
    fields_of_object,
)
from flowlattice_agents.models.offline.terms import Term, term

Parse = Callable[[str, str], list[Term]]
COURTESY = "courtesy"
_RESTRICTIVE = frozenset({"ge", "gt", "le", "lt", "between", "oneof", "filled", "unblank", "format"})


@dataclass
class Outcome:
    """A status with what is answered; `contents` are the terms of the body."""

    status: int | None = None
    contents: tuple[Term, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass
class Branch:
    """A condition with an outcome that is not only about single fields; no condition is "otherwise"."""

    condition: Term | None
    outcome: Outcome
    clause: Clause


@dataclass
class Call:
    """One outside call; `fields` are what it sends, all where none are named."""

    url: str
    fields: list[str] = field(default_factory=list)


@dataclass
class Understanding:
    """All that is understood of one route."""

    route: Route
    material: Material = field(default_factory=Material)
    replies: list[tuple[Outcome, Clause]] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    errors: list[tuple[FieldRule, Outcome, Clause]] = field(default_factory=list)
    call: Call | None = None
    key: list[str] = field(default_factory=list)
    key_ttl_s: int | None = None
    kind: str = "json"
    other_paths: int | None = None
    claims: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    incidental: set[str] = field(default_factory=set)
    expected: list[tuple[str, Clause]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def outcome_of(result: Term) -> Outcome:
    """What a result term says."""
    if result.head == "mentions":
        inner = outcome_of(result.terms[0])
        words = tuple(part.text for part in result.terms[1].terms)
        return Outcome(inner.status, inner.contents, (*inner.mentions, *words))
    if result.head == "with_status":
        inner = outcome_of(result.terms[1])
        return Outcome(int(result.terms[0].text), inner.contents, inner.mentions)
    if result.head == "either":
        return Outcome(None, (result,))
    if result.head == "refused":
        return Outcome(int(result.terms[0].text) if result.terms else 422)
    status = next((int(part.text) for part in result.terms if part.head == "num"), None)
    return Outcome(status, tuple(part for part in result.terms if part.head != "num"))


class Intake:
    """Reads the clauses of one route, in order."""

    def __init__(self, route: Route, parse: Parse) -> None:
        self.route, self.parse = route, parse
        self.result = Understanding(route)
        self.recent: list[str] = []
        self.shaped: set[str] = set()
        self.previous = ""
        self.required = False

    def read(self) -> Understanding:
        """Fields first, so that whatever speaks of them finds them; then all else."""
        for clause in self.route.clauses:
            for meaning in _flat(clause.meaning):
                self.take_fields(meaning, clause)
        for clause in self.route.clauses:
            for meaning in _flat(clause.meaning):
                if meaning.head == "given_only":
                    self.take_only(meaning.terms[0])
        self.recent = []
        for clause in self.route.clauses:
            for meaning in _flat(clause.meaning):
                self.take(meaning, clause)
        self.merge_choice()
        return self.result

    def merge_choice(self) -> None:
        """A reply and "any other: another reply" are one of two; which one is said elsewhere."""
        branches, replies = self.result.branches, self.result.replies
        if len(branches) != 1 or branches[0].condition is not None or len(replies) != 1:
            return
        first, other = replies[0][0], branches[0].outcome
        shapes = [content for outcome in (first, other) for content in outcome.contents if content.head == "json"]
        if (
            len(shapes) == 2
            and all(is_concrete(shape.terms[0]) for shape in shapes)
            and other.status in {None, 200, first.status}
        ):
            self.result.replies = [(Outcome(first.status, (term("either", *shapes),)), replies[0][1])]
            branches[0].clause.became = "the reply otherwise"
            self.result.branches = []

    def describe(self, text: str) -> list[Term]:
        """Read a text inside an object as a description of a field."""
        return self.parse("desc_more", text)

    # Fields

    def take_fields(self, meaning: Term, clause: Clause) -> None:
        if meaning.head == "route":
            self.take_path(meaning)
        elif meaning.head in {"takes", "takes_typed"}:
            self.declare(meaning)
        elif meaning.head in {"shape", "example_shape"} and not self.is_reply(meaning.terms[0]):
            self.take_shape(meaning.terms[0])
            if meaning.head == "example_shape":
                self.result.incidental.update(pair.text for pair in meaning.terms[0].terms if pair.head == "pair")
        elif meaning.head.startswith("example"):
            self.take_example(meaning)
        elif meaning.head == "about":
            self.declare_missing(meaning)
        elif meaning.head == "gets" and self.is_request(meaning.terms[0]):
            self.take_shape(meaning.terms[0])
        elif meaning.head == "takes_refs":
            for subject in meaning.terms[0].terms:
                self.route.add(Field(subject.text))
        elif meaning.head == "given":
            self.take_given(meaning)
        for inside in meaning.walk():
            if inside.head == "inside" and len(inside.terms) == 2:
                self.nest(inside)
        if meaning.head != "courtesy":
            self.attempt(clause, lambda: None)

    def take_path(self, meaning: Term) -> None:
        values = values_in(meaning.terms[-1].text, self.route.path)
        for name in self.route.parameters:
            self.route.add(Field(name))
        shown = {name: value for name, value in values.items() if not value.startswith(("{", "<", "."))}
        for name in values:
            self.route.add(Field(name))
        for name, text in shown.items():
            if text:
                self.route.shown[name] = _query_value(self.route.fields[name], text)

    def declare(self, meaning: Term) -> None:
        for declared, _ in declared_fields(_plain(meaning.terms[-1])):
            self.route.add(declared)

    def is_reply(self, shape: Term) -> bool:
        """Whether an object can only be the reply: the request has no body, or another shape."""
        if self.route.method in {"GET", "DELETE"}:
            return True
        keys = {pair.text for pair in shape.terms if pair.head == "pair"}
        return bool(self.shaped) and not keys & self.shaped

    def take_shape(self, shape: Term) -> None:
        if shape.head != "obj":
            return
        for found in fields_of_object(shape, self.describe):
            self.route.add(found)
            self.shaped.add(found.name)
        if is_concrete(shape) and shape.terms:
            value = json_of(shape)
            if isinstance(value, dict) and any(_telling(item) for item in value.values()):
                self.route.shown.update(value)

    def take_example(self, meaning: Term) -> None:
        if meaning.head == "example" and meaning.terms[0].head == "obj" and is_concrete(meaning.terms[0]):
            for found in fields_of_object(meaning.terms[0], self.describe):
                known = self.route.add(found)
                if known is not found:
                    for sample in found.samples:
                        known.learn_sample(sample)
        elif meaning.head == "example_path":
            for name in self.route.parameters:
                self.route.add(Field(name))
            for name, text in values_in(meaning.terms[0].text, self.route.path).items():
                _query_value(self.route.add(Field(name)), text)

    def take_given(self, meaning: Term) -> None:
        name = meaning.terms[0].text
        if name in self.route.fields and is_concrete(meaning.terms[1]):
            value = json_of(meaning.terms[1])
            self.route.shown[name] = value
            self.route.fields[name].learn_sample(value)

    def take_only(self, value: Term) -> None:
        names = [name for name, field in self.route.fields.items() if field.kind in {None, "string"}]
        if len(names) == 1:
            self.take_given(term("given", term("ref", names[0]), value))

    def declare_missing(self, meaning: Term) -> None:
        for subject in meaning.terms[0].terms:
            if subject.head == "ref" and not self.route.fields.keys() & {subject.text} and not self.is_reply_key(subject.text):
                if self.route.find(subject.text) is None and (meaning.terms[1].get("type") or meaning.terms[1].get("oneof")):
                    self.route.add(Field(subject.text))
            if subject.head == "name" and self.route.find(subject.text) is None:
                self.route.add(Field(subject.text))

    def is_reply_key(self, name: str) -> bool:
        """Whether an object in the brief shows the name as a field of a reply."""
        objects = [part for clause in self.route.clauses for part in clause.meaning.walk() if part.head == "json"]
        return any(pair.text == name for shown in objects for pair in shown.walk() if pair.head == "pair")

    def nest(self, inside: Term) -> None:
        inner, outer = inside.terms
        outer_name = outer.terms[0].text if outer.head == "ref_of" else outer.text
        if outer.head in {"ref", "ref_of"} and inner.head == "ref":
            holder = self.route.add(Field(outer_name))
            holder.set_kind("object", firm=False)
            holder.children.setdefault(inner.text, Field(inner.text))
            if inner.text in self.route.fields and inner.text != outer_name:
                del self.route.fields[inner.text]

    # Everything else

    def take(self, meaning: Term, clause: Clause) -> None:
        self.required = self.previous in {"about", "takes"}
        self.previous = meaning.head
        handle: Callable[[Term, Clause], None] | None = getattr(self, f"_{meaning.head}", None)
        if handle is None:
            return
        self.attempt(clause, lambda: handle(meaning, clause))

    def attempt(self, clause: Clause, step: Callable[[], None]) -> None:
        try:
            step()
        except ContradictionError as error:
            self.result.gaps.append(Gap("contradiction", f'{error} ("{clause.text}"): which one is right?'))
        except (NotUnderstoodError, ValueError):
            self.unclear(clause)

    def unclear(self, clause: Clause) -> None:
        self.result.gaps.append(Gap("clause", f'What is meant by "{clause.text}"?'))

    def _courtesy(self, _meaning: Term, clause: Clause) -> None:
        clause.became = COURTESY

    def _route(self, meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or f"route {self.route.path}"
        named = [*self.route.parameters, *split_path(meaning.terms[-1].text)[1]]
        self.recent = [name for name in named if name in self.route.fields] or self.recent

    def _takes(self, meaning: Term, clause: Clause) -> None:
        decls = meaning.terms[-1]
        common: list[Term] = []
        last: list[Term] = []
        while decls.head in {"decls_all", "decls_last"}:
            (common if decls.head == "decls_all" else last).append(decls.terms[1])
            decls = decls.terms[0]
        names = []
        for declared, descriptions in declared_fields(decls):
            known = self.route.fields[declared.name]
            known.optional = known.optional or declared.optional
            for description in (*descriptions, *common):
                apply_description(known, description)
            names.append(declared.name)
        for description in last:
            for name in [inner for name in names for inner in self.spread(name)][-2:]:
                self.must_find(name, description)
        self.recent = names
        clause.became = clause.became or f"fields {', '.join(names)}"

    def must_find(self, name: str, description: Term) -> None:
        """Describe a field that must be known."""
        found = self.route.find(name)
        if found is None:
            raise NotUnderstoodError(name)
        apply_description(found, description)

    def _takes_typed(self, meaning: Term, clause: Clause) -> None:
        self._takes(term("takes", term("decls_all", _plain(meaning.terms[-1]), term("desc", meaning.terms[0]))), clause)

    def _shape(self, meaning: Term, clause: Clause) -> None:
        if self.is_reply(meaning.terms[0]):
            self._reply(term("reply", term("out", term("json", meaning.terms[0]))), clause)
            return
        self.recent = [pair.text for pair in meaning.terms[0].terms if pair.head == "pair"]
        clause.became = clause.became or f"fields {', '.join(self.recent)}"

    _example_shape = _shape

    def _about(self, meaning: Term, clause: Clause) -> None:
        names = self.names_in(meaning.terms[0])
        if not names:
            return self.unclear(clause)
        for name in names:
            found = self.route.find(name)
            if found is None:
                return self.unclear(clause)
            apply_description(found, meaning.terms[1])
        clause.became = clause.became or f"what holds of {', '.join(names)}"
        self.recent = names
        return None

    def names_in(self, subjects: Term) -> list[str]:
        """The fields that subjects stand for; none where one is not known."""
        names: list[str] = []
        for subject in subjects.terms:
            if subject.head == "recent":
                recent = self.recent or (list(self.route.fields) if len(self.route.fields) == 1 else [])
                inner = [n for n in recent for n in self.spread(n)]
                names += inner[-int(subject.text) :] if subject.text else recent
            elif subject.head in {"ref", "name"} and self.route.find(subject.text) is not None:
                names.append(subject.text)
            elif subject.head in {"every", "both", "thing"}:
                names += list(self.route.fields)
            else:
                return []
        return list(dict.fromkeys(names))

    def spread(self, name: str) -> list[str]:
        """A list of objects stands for their fields where "the last two" are spoken of."""
        found = self.route.find(name)
        return list(found.item.children) if found and found.item and found.item.children else [name]

    def _reply(self, meaning: Term, clause: Clause) -> None:
        outcome = outcome_of(meaning.terms[0])
        values = [content for content in outcome.contents if content.head == "value"]
        if len(values) == len(outcome.contents) == 1 and (named := self.named_value(values[0].terms[0])) is not None:
            self.result.replies.append((Outcome(outcome.status, (named,)), clause))
            return
        if values and len(values) == len(outcome.contents):
            self.result.material.fills.extend((value.terms[0], clause) for value in values)
            if outcome.status is not None:
                self.result.replies.append((Outcome(outcome.status), clause))
            return
        self.result.replies.append((outcome, clause))

    def named_value(self, value: Term) -> Term | None:
        """A field of the request that is given back changed, where no object shows the reply."""
        shown = any(part.head == "json" for clause in self.route.clauses for part in clause.meaning.walk())
        inner = value.terms[1] if value.head == "of" and len(value.terms) == 2 else value
        if shown or inner.head != "ref" or self.result.kind == "text":
            return None
        return term("fields", term("list", term("key", term("name", inner.text), value)))

    def _gets(self, meaning: Term, clause: Clause) -> None:
        if self.is_request(meaning.terms[0]):
            self._shape(meaning, clause)
        else:
            self._reply(term("reply", term("out", term("json", meaning.terms[0]))), clause)

    def is_request(self, shape: Term) -> bool:
        """Whether "gets {...}" tells what comes in: the request has a body, of which nothing is known yet."""
        keys = {pair.text for pair in shape.terms if pair.head == "pair"}
        return self.route.method not in {"GET", "DELETE"} and (not self.route.fields or keys <= self.shaped)

    def _fills(self, meaning: Term, clause: Clause) -> None:
        self.result.material.fills.extend((value, clause) for value in meaning.terms)

    def _claim_empty(self, _meaning: Term, clause: Clause) -> None:
        self.result.expected.append(("[", clause))

    def _fill(self, meaning: Term, clause: Clause) -> None:
        self.result.material.fills.append((meaning.terms[0], clause))

    def _define(self, meaning: Term, clause: Clause) -> None:
        name = meaning.terms[0]
        if name.head == "ref" and self.route.find(name.text) is not None and meaning.terms[1].head in {"num", "str"}:
            raise NotUnderstoodError(name.text)
        self.result.material.defines.append(
            (name.text if name.head in {"ref", "named", "name"} else "", meaning.terms[1], clause)
        )

    def _band(self, meaning: Term, clause: Clause) -> None:
        self.result.material.bands.append((meaning.terms[0], meaning.terms[1], clause))

    def _define_bands(self, meaning: Term, clause: Clause) -> None:
        for band in meaning.terms[1].terms:
            self.result.material.bands.append((band.terms[0], band.terms[1], clause))

    def _do(self, meaning: Term, clause: Clause) -> None:
        subject = meaning.terms[1] if len(meaning.terms) > 1 else None
        self.result.material.transforms.append((meaning.terms[0], subject, clause))

    def _prepare(self, meaning: Term, clause: Clause) -> None:
        operation, subject = meaning.terms
        if subject.head != "ref" or self.route.find(subject.text) is None:
            raise NotUnderstoodError("what is prepared")
        self.result.material.prepared[subject.text] = operation
        clause.became = f"{subject.text} is prepared before it is used"

    def _do2(self, meaning: Term, clause: Clause) -> None:
        first, second, *subject = meaning.terms
        self.result.material.transforms.append((first, subject[0] if subject else None, clause))
        self.result.material.transforms.append((second, subject[0] if subject else None, clause))

    def _replace_word(self, meaning: Term, clause: Clause) -> None:
        value = meaning.terms[1] if len(meaning.terms) > 1 else None
        self.result.material.replacements.append((meaning.terms[0].text, value, clause))

    def _kind(self, meaning: Term, clause: Clause) -> None:
        self.result.kind = meaning.text
        clause.became = clause.became or f"a {meaning.text} reply"

    def _table(self, meaning: Term, clause: Clause) -> None:
        for entry in meaning.terms[0].terms:
            self.result.material.table.append((entry.terms[0], entry.terms[1], clause))

    def _any_case(self, _meaning: Term, clause: Clause) -> None:
        self.result.material.any_case = clause

    def _back_upper(self, _meaning: Term, clause: Clause) -> None:
        self.result.material.back_upper = clause

    def _band_subject(self, meaning: Term, clause: Clause) -> None:
        self.result.material.band_subject = meaning.terms[0]
        clause.became = "what the ranges are about"

    def _given(self, _meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or "an example value"

    _given_only = _given

    def _sample_value(self, meaning: Term, clause: Clause) -> None:
        count = meaning.terms[1] if len(meaning.terms) > 1 else term("num", "0")
        self.result.claims.append((term("eq", meaning.terms[0]), term("eq", count), clause))

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

    def _expects(self, meaning: Term, clause: Clause) -> None:
        self.result.expected.append((meaning.text, clause))

    def _shown_text(self, meaning: Term, clause: Clause) -> None:
        if not self.route.shown:
            raise NotUnderstoodError("an example without a request")
        self.route.samples.append(Sample(dict(self.route.shown), None, None, meaning.terms[0].text))
        clause.became = "an example that is tested"

    def _takes_refs(self, meaning: Term, clause: Clause) -> None:
        names = self.names_in(meaning.terms[0])
        if not names:
            raise NotUnderstoodError("fields")
        self.recent = names
        clause.became = f"fields {', '.join(names)}"

    def _rounded_key(self, meaning: Term, clause: Clause) -> None:
        name = meaning.terms[0].text if meaning.terms[0].head in {"ref", "named"} else ""
        self.result.material.rounded[name] = (term("round", meaning.terms[-1]), clause)

    def _rate(self, meaning: Term, clause: Clause) -> None:
        source, target, factor = meaning.terms
        self.result.material.rates.append((source.text, target.text, factor, clause))

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

    def _mention_rule(self, _meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or "invalid input is answered with the field and the reason"

    def _other_path(self, meaning: Term, clause: Clause) -> None:
        outcome = outcome_of(meaning.terms[0])
        if outcome.status != 404 or outcome.contents:
            raise NotUnderstoodError("other paths")
        clause.became = "other paths are answered 404"

    def _more_of_rule(self, meaning: Term, clause: Clause) -> None:
        """A further condition for the error before it."""
        if not self.result.errors:
            raise NotUnderstoodError("no error before")
        self.error_rule(meaning.terms[0], self.result.errors[-1][1], clause)

    def _else_fields(self, meaning: Term, clause: Clause) -> None:
        subject, *pairs = meaning.terms
        if subject.head != "ref" or self.route.find(subject.text) is None:
            raise NotUnderstoodError("any other what")
        values = {pair.terms[0].text: json_of(pair.terms[1]) for pair in pairs}
        self.result.material.otherwise = (subject.text, values, clause)

    def _switch_on(self, meaning: Term, clause: Clause) -> None:
        self.result.material.switch_on = (meaning.terms[0].text, clause)

    def _failing_names(self, meaning: Term, clause: Clause) -> None:
        order = [part.text for part in meaning.terms]
        if order and order != [name for name in self.route.fields if name in order]:
            raise NotUnderstoodError("another order")
        clause.became = "the names of the failing fields, in their order"

    def _rule(self, meaning: Term, clause: Clause) -> None:
        condition, outcome = meaning.terms[0], outcome_of(meaning.terms[1])
        if outcome.status is not None and outcome.status >= 400:
            self.error_rule(condition, outcome, clause)
            return
        otherwise = condition.head == "else" or (condition.head == "unlisted" and not self.has_table())
        self.result.branches.append(Branch(None if otherwise else condition, outcome, clause))

    def has_table(self) -> bool:
        """Whether a table of the brief says what is listed."""
        return any(part.head == "table" for clause in self.route.clauses for part in clause.meaning.walk())

    def error_rule(self, condition: Term, outcome: Outcome, clause: Clause) -> None:
        """An error: about fields where it can be, else a branch."""
        if condition.head == "else" and self.result.branches and not self.required:
            self.result.branches.append(Branch(None, outcome, clause))
            return
        if condition.head == "unlisted":
            self.result.material.listed = True
            self.result.branches.append(Branch(condition, outcome, clause))
            return
        rules = FieldRules(self.route, self.recent).read(condition)
        if rules is None and condition.head == "or":
            for part in condition.terms:
                self.error_rule(part, outcome, clause)
            return
        if rules is None:
            self.result.branches.append(Branch(condition, outcome, clause))
            return
        for rule in rules:
            self.result.errors.append((rule, outcome, clause))
        clause.became = clause.became or f"invalid input is answered {outcome.status}"

    def _example(self, meaning: Term, clause: Clause) -> None:
        request = json_of(meaning.terms[0])
        if isinstance(request, dict):
            self.sample(request, meaning, clause)

    def _example_path(self, meaning: Term, clause: Clause) -> None:
        values = values_in(meaning.terms[0].text, self.route.path)
        if not values or not is_concrete(meaning.terms[1].terms[0]):
            status = [part for part in meaning.terms[2:] if part.head == "num"]
            self._reply(term("reply", term("out", *status, meaning.terms[1])), clause)
            return
        self.sample(
            {name: _query_value(self.route.fields[name], text) for name, text in values.items()}, meaning, clause
        )

    def sample(self, inputs: dict[str, JsonValue], meaning: Term, clause: Clause) -> None:
        """Keep an example; its reply also shows what the reply looks like."""
        content = meaning.terms[1] if meaning.head != "example_path" else meaning.terms[1]
        status = next((int(part.text) for part in meaning.terms[2:] if part.head == "num"), None)
        if content.head == "json" and is_concrete(content.terms[0]):
            self.route.samples.append(Sample(inputs, status, json_of(content.terms[0])))
        elif content.head == "text":
            self.route.samples.append(Sample(inputs, status, None, content.terms[0].text))
        else:
            raise NotUnderstoodError("an example")
        self.result.replies.append((Outcome(status, (content,)), clause))
        clause.became = clause.became or "an example that is tested"


def _flat(meaning: Term) -> Sequence[Term]:
    return [inner for part in meaning.terms for inner in _flat(part)] if meaning.head == "all" else [meaning]


def _plain(decls: Term) -> Term:
    while decls.head in {"decls_all", "decls_last"}:
        decls = decls.terms[0]
    return decls


def _telling(value: JsonValue) -> bool:
    return value is not None and value not in ("", [], {})


def _query_value(field: Field, text: str) -> JsonValue:
    """An example value in a query or path as the field's type has it."""
    value: JsonValue = text
    for convert in (int, float):
        try:
            value = convert(text)
            break
        except ValueError:
            continue
    if field.kind in {None, "integer", "number"} or not field.firm:
        field.learn_sample(value)
    return text if field.kind in {"string", "date"} else value
