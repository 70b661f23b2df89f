"""What comes in: the fields that paths, queries, objects, lists of names and examples show."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import JsonValue

from flowlattice_agents.models.offline.fields import ContradictionError, Field, is_concrete, json_of
from flowlattice_agents.models.offline.routes import Clause, Gap, Route, values_in
from flowlattice_agents.models.offline.shapes import (
    NotUnderstoodError,
    declared_fields,
    fields_of_object,
)
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import (
    Parse,
    Understanding,
)

_DESCRIBES = re.compile(
    r"(?i)(?:where|in which|with each|each|both)\b|(?!\w+s\b|with\b|get\b|body\b)\w+(?:,? (?:and )?\w+)* (?:is|are) "
)


class RequestReader:
    """Finds the fields of one route, and what a word in the brief stands for among them."""

    def __init__(self, route: Route, parse: Parse) -> None:
        self.route, self.parse = route, parse
        self.result = Understanding(route)
        self.recent: list[str] = []
        self.shaped: set[str] = set()
        self.previous = ""
        self.previous_sentence = -1
        self.goes_on = False
        self.after_reply = False
        self.required = False
        self.inside = False
        self.told_value = False

    def describe(self, text: str) -> list[Term]:
        """Read a text inside an object as a description of a field."""
        return self.parse("desc_more", text)

    def take_fields(self, meaning: Term, clause: Clause) -> None:
        """Take what a statement says of the fields that there are."""
        takers: dict[str, Callable[[Term], None]] = {
            "route": self.take_path,
            "takes": self.declare,
            "takes_typed": self.declare,
            "shape": self.take_request,
            "example_shape": self.take_incidental,
            "gets": self.take_gets,
            "example": self.take_example,
            "example_path": self.take_example,
            "about": self.declare_missing,
            "takes_refs": self.declare_refs,
            "given": self.take_given,
            "given_date": self.take_date,
            "given_words": self.take_words,
        }
        self.inside = _DESCRIBES.match(clause.text) is not None
        if meaning.head in takers:
            self.attempt(clause, lambda: takers[meaning.head](meaning))
        for inside in meaning.walk():
            if inside.head == "inside" and len(inside.terms) == 2:
                self.nest(inside)

    def take_request(self, meaning: Term) -> None:
        """Know the fields of an object, unless it can only be the reply."""
        if not self.is_reply(meaning.terms[0]):
            self.take_shape(meaning.terms[0])

    def take_incidental(self, meaning: Term) -> None:
        """Know the fields of an example of what is sent; those that nothing uses are not demanded."""
        self.take_request(meaning)
        self.result.incidental.update(pair.text for pair in meaning.terms[0].terms if pair.head == "pair")

    def take_gets(self, meaning: Term) -> None:
        """Know the fields of an object that "gets" speaks of, where that is the request."""
        if self.is_request(meaning.terms[0]):
            self.take_shape(meaning.terms[0])

    def declare_refs(self, meaning: Term) -> None:
        """Know the fields that are spoken of as being in the request."""
        for subject in meaning.terms[0].terms:
            self.route.add(Field(subject.text))

    def take_date(self, meaning: Term) -> None:
        """Take an example value of the only date there is."""
        names = [name for name, found in self.route.fields.items() if found.kind in {None, "date"}]
        if len(names) == 1:
            self.route.fields[names[0]].set_kind("date")
            self.take_given(term("given", term("ref", names[0]), meaning.terms[0]))

    def take_path(self, meaning: Term) -> None:
        """Know the fields of a path and its query, and the values that they show."""
        values = values_in(meaning.terms[-1].text, self.route.path)
        for name in self.route.parameters:
            self.route.add(Field(name))
        shown = {name: value for name, value in values.items() if not _stands_for_a_value(value)}
        for name in values:
            self.route.add(Field(name))
        for name, text in shown.items():
            if text:
                self.route.shown[name] = query_value(self.route.fields[name], text)

    def declare(self, meaning: Term) -> None:
        """Know the fields that a list of names declares."""
        for declared, _ in declared_fields(split_decls(meaning.terms[-1])[0]):
            if not self.inside or self.route.find(declared.name) is None:
                self.route.add(declared)

    def is_reply(self, shape: Term) -> bool:
        """Whether an object can only be the reply: the request has no body, or another shape."""
        if self.route.method in {"GET", "DELETE"}:
            return True
        keys = {pair.text for pair in shape.terms if pair.head == "pair"}
        return bool(self.shaped) and not keys & self.shaped

    def take_shape(self, shape: Term) -> None:
        """Know the fields that an object shows."""
        if shape.head != "obj":
            return
        for found in fields_of_object(shape, self.describe):
            self.route.add(found)
            self.shaped.add(found.name)
        for pair in shape.terms:
            stands = pair.terms[0] if pair.terms else pair
            if stands.head == "raw" and re.fullmatch(r"[A-Za-z]\w?", stands.text) and stands.text != pair.text:
                self.route.placeholders[stands.text] = pair.text
        if is_concrete(shape) and shape.terms:
            value = json_of(shape)
            if isinstance(value, dict) and any(is_telling(item) for item in value.values()):
                self.route.shown.update(value)

    def take_example(self, meaning: Term) -> None:
        """Know the fields of an example's request."""
        if meaning.head == "example" and not is_concrete(meaning.terms[0]):
            self.take_shape(meaning.terms[0])
        elif meaning.head == "example" and meaning.terms[0].head == "obj":
            for found in fields_of_object(meaning.terms[0], self.describe):
                known = self.route.add(found)
                if known is not found:
                    for sample in found.samples:
                        known.learn_sample(sample)
        elif meaning.head == "example_path":
            for name in self.route.parameters:
                self.route.add(Field(name))
            for name, text in values_in(meaning.terms[0].text, self.route.path).items():
                query_value(self.route.add(Field(name)), text)

    def take_given(self, meaning: Term) -> None:
        """Take an example value of a field."""
        name = meaning.terms[0].text
        if name in self.route.fields and is_concrete(meaning.terms[1]):
            value = json_of(meaning.terms[1])
            self.route.shown[name] = value
            self.route.fields[name].learn_sample(value)

    def take_words(self, meaning: Term) -> None:
        """Take words as example values of the texts there are, one for each: "for Ada Lovelace"."""
        words = meaning.terms[0].text.split()
        names = [name for name, field in self.route.fields.items() if field.kind in {None, "string"}]
        values = words if len(names) > 1 else [" ".join(words)]
        if len(names) != len(values):
            raise NotUnderstoodError("whose values the words are")
        for name, value in zip(names, values, strict=True):
            self.take_given(term("given", term("ref", name), term("str", value)))

    def take_only(self, value: Term) -> None:
        """Take an example value of the only text there is."""
        names = [name for name, field in self.route.fields.items() if field.kind in {None, "string"}]
        if len(names) == 1:
            self.take_given(term("given", term("ref", names[0]), value))

    def declare_missing(self, meaning: Term) -> None:
        """Know a field that is described without having been declared."""
        subjects, description = meaning.terms
        typed = bool(description.get("type") or description.get("oneof"))
        for subject in subjects.terms:
            known = subject.head not in {"ref", "name"} or self.route.find(subject.text) is not None
            told = subject.head == "name" or (typed and not self.is_reply_key(subject.text))
            if not known and told:
                self.route.add(Field(subject.text))

    def is_reply_key(self, name: str) -> bool:
        """Whether an object in the brief shows the name as a field of a reply."""
        objects = [part for clause in self.route.clauses for part in clause.meaning.walk() if part.head == "json"]
        return any(pair.text == name for shown in objects for pair in shown.walk() if pair.head == "pair")

    def nest(self, inside: Term) -> None:
        """Know a field that is said to be inside another."""
        inner, outer = inside.terms
        if inner.head != "ref" or outer.head not in {"ref", "ref_of", "inside"}:
            return
        holder = self.holder(outer)
        holder.set_kind("object", firm=False)
        holder.children.setdefault(inner.text, Field(inner.text))
        if inner.text in self.route.fields and self.route.fields[inner.text] is not holder:
            del self.route.fields[inner.text]

    def holder(self, outer: Term) -> Field:
        """The field that holds another, itself inside others where that is said."""
        if outer.head == "inside":
            inner, holding = outer.terms
            around = self.holder(holding)
            around.set_kind("object", firm=False)
            name = inner.terms[0].text if inner.head == "ref_of" else inner.text
            if name in self.route.fields and self.route.fields[name] is not around:
                around.children.setdefault(name, self.route.fields.pop(name))
            return around.children.setdefault(name, Field(name))
        name = outer.terms[0].text if outer.head == "ref_of" else outer.text
        found = self.route.find(name)
        return found if found is not None else self.route.add(Field(name))

    def attempt(self, clause: Clause, step: Callable[[], None]) -> None:
        """Do a step; what is contradictory or not understood becomes a question."""
        try:
            step()
        except ContradictionError as error:
            self.result.gaps.append(Gap("contradiction", f'{error} ("{clause.text}"): which one is right?'))
        except (NotUnderstoodError, ValueError):
            self.unclear(clause)

    def unclear(self, clause: Clause) -> None:
        """Ask what a clause means."""
        self.result.gaps.append(Gap("clause", f'What is meant by "{clause.text}"?'))

    def names_in(self, subjects: Term) -> list[str]:
        """The fields that subjects stand for; none where one is not known."""
        names: list[str] = []
        for subject in subjects.terms:
            if subject.head == "recent":
                recent = self.recent or (list(self.route.fields) if len(self.route.fields) == 1 else [])
                inner = [n for n in recent for n in self.spread(n)]
                names += inner[-int(subject.text) :] if subject.text else recent
            elif subject.head in {"ref", "name"} and self.route.find(subject.text) is not None:
                names.append(self.route.placeholders.get(subject.text, subject.text))
            elif subject.head in {"every", "both"} or subject == term("thing", "any"):
                names += list(self.route.fields)
            elif subject.head == "thing":
                names += self.of_kind(subject.text)
            else:
                return []
        return list(dict.fromkeys(names))

    def of_kind(self, wanted: str) -> list[str]:
        """The fields that may be of a kind, by what is known of them so far."""
        kinds = {"number": {"number", "integer"}, "date": {"date", "string"}}.get(wanted, {wanted})
        fitting = [name for name, found in self.route.fields.items() if found.kind in kinds | {None}]
        firm = [name for name in fitting if self.route.fields[name].kind == wanted]
        return firm or fitting

    def spread(self, name: str) -> list[str]:
        """A list of objects stands for their fields where "the last two" are spoken of."""
        found = self.route.find(name)
        return list(found.item.children) if found and found.item and found.item.children else [name]

    def is_request(self, shape: Term) -> bool:
        """Whether "gets {...}" tells what comes in: the request has a body, of which nothing is known yet."""
        keys = {pair.text for pair in shape.terms if pair.head == "pair"}
        if keys and is_concrete(shape) and keys <= self.route.shown.keys():
            value = json_of(shape)
            return (
                all(self.route.shown[key] == part for key, part in value.items()) if isinstance(value, dict) else False
            )
        return self.route.method not in {"GET", "DELETE"} and (not self.route.fields or keys <= self.shaped)


def _stands_for_a_value(text: str) -> bool:
    """Whether a value in a path only marks the place of one: `{n}`, `<n>`, `...`, `NN`, `xx`."""
    return text.startswith(("{", "<", ".", "[")) or re.fullmatch(r"(?:N+|X+|xx+|nn+|…|\?+)", text) is not None


def split_decls(decls: Term) -> tuple[Term, list[Term], list[Term]]:
    """Declarations without what is said of all of them, and of the last two: `a, b (both text)`."""
    if decls.head in {"decls_all", "decls_last"}:
        plain, common, last = split_decls(decls.terms[0])
        (common if decls.head == "decls_all" else last).append(decls.terms[1])
        return plain, common, last
    members: list[Term] = []
    common, last = [], []
    for part in decls.terms:
        if part.head in {"decls", "decls_all", "decls_last"}:
            plain, more, more_last = split_decls(part)
            members.extend(plain.terms)
            common, last = [*common, *more], [*last, *more_last]
        elif part.head == "desc":
            common.append(part)
        else:
            members.append(part)
    return Term("decls", tuple(members)), common, last


def is_telling(value: JsonValue) -> bool:
    """Whether a value in an object is an example rather than a placeholder."""
    return value is not None and value not in ("", [], {})


def query_value(field: Field, text: str) -> JsonValue:
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
