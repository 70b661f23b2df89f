"""From a route's clauses to its fields, rules and what is said of its reply. Nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.merging import Merging
from flowlattice_agents.models.offline.requests import query_value, split_decls
from flowlattice_agents.models.offline.routes import METHODS, Clause, split_path, values_in
from flowlattice_agents.models.offline.rules import EVERY_PROBLEM, FieldRule, FieldRules
from flowlattice_agents.models.offline.shapes import (
    NotUnderstoodError,
    apply_description,
    declared_fields,
)
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import (
    COURTESY,
    PURPOSE,
    Branch,
    Outcome,
    Understanding,
    outcome_of,
)

_SPOKEN_OF_ALL = re.compile(r"(?i)(?:both|all|each|they|these|it)\b")
_SAYING = frozenset(("define", "rule", "fill", "band", "claim", "do"))


class Intake(Merging):
    """Reads the clauses of one route, in order."""

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
        for clause in sorted(self.route.clauses, key=lambda clause: clause.title):
            self.take_parts(clause)
        self.merge_bands()
        self.merge_values()
        self.round_last()
        self.merge_choice()
        return self.result

    def take_parts(self, clause: Clause) -> None:
        """Take all that a clause says; where it says several things, each is accounted for by itself."""
        meanings = _flat(clause.meaning)
        if len(meanings) == 1:
            self.take(meanings[0], clause)
            return
        parts = [replace(clause) for _ in meanings]
        for meaning, part in zip(meanings, parts, strict=True):
            self.take(meaning, part)
        self.result.parts.append((clause, parts))

    def take(self, meaning: Term, clause: Clause) -> None:
        """Take what a statement says, by its head."""
        self.required = self.previous in {"about", "takes"}
        self.told_value = self.previous in {"define", "fill", "fills"}
        self.after_reply = self.previous in {"reply", "rounded_key"}
        self.goes_on = self.previous in _SAYING and self.previous_sentence == clause.sentence
        self.previous, self.previous_sentence = meaning.head, clause.sentence
        if self.required and meaning.head == "band" and meaning.terms[0] == term("else"):
            meaning = term("rule", term("else"), term("out", meaning.terms[1]))  # "else 422" behind what must hold
        handle: Callable[[Term, Clause], None] | None = getattr(self, f"_{meaning.head}", None)
        if handle is None:
            return
        self.attempt(clause, lambda: handle(meaning, clause))

    def _courtesy(self, _meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or COURTESY

    def _purpose(self, _meaning: Term, clause: Clause) -> None:
        clause.became = PURPOSE

    def _route(self, meaning: Term, clause: Clause) -> None:
        clause.became = clause.became or f"route {self.route.path}"
        named = [*self.route.parameters, *split_path(meaning.terms[-1].text)[1]]
        self.recent = [name for name in named if name in self.route.fields] or self.recent

    def _method_of(self, meaning: Term, clause: Clause) -> None:
        if METHODS.get(meaning.terms[0].text) != self.route.method:
            raise NotUnderstoodError("another method")
        clause.became = f"method {self.route.method}"

    def _takes(self, meaning: Term, clause: Clause) -> None:
        plain, common, last = split_decls(meaning.terms[-1])
        names = []
        if self.goes_on and clause.text.lower().startswith("and "):
            raise NotUnderstoodError("fields as part of what is said before")
        for declared, descriptions in declared_fields(plain):
            known = self.route.find(declared.name) or self.route.add(declared)
            known.optional = known.optional or declared.optional
            for description in (*descriptions, *common):
                apply_description(known, description)
            names.append(declared.name)
        for description in last:
            for inner in [inner for name in names for inner in self.spread(name)][-2:]:
                self.must_find(inner, description)
        self.recent = names
        clause.became = clause.became or f"fields {', '.join(names)}"

    def must_find(self, name: str, description: Term) -> None:
        """Describe a field that must be known."""
        found = self.route.find(name)
        if found is None:
            raise NotUnderstoodError(name)
        apply_description(found, description)

    def _takes_typed(self, meaning: Term, clause: Clause) -> None:
        self._takes(term("takes", term("decls_all", meaning.terms[-1], term("desc", meaning.terms[0]))), clause)

    def _shape(self, meaning: Term, clause: Clause) -> None:
        if self.is_reply(meaning.terms[0]):
            self._reply(term("reply", term("out", term("json", meaning.terms[0]))), clause)
            return
        self.recent = [pair.text for pair in meaning.terms[0].terms if pair.head == "pair"]
        clause.became = clause.became or f"fields {', '.join(self.recent)}"

    _example_shape = _shape

    def _about(self, meaning: Term, clause: Clause) -> None:
        names = self.names_in(meaning.terms[0])
        loose = meaning.terms[0] == term("list", term("recent")) and not meaning.terms[1].has("type", "oneof", "listof")
        of_result = self.after_reply and meaning.terms[0].has("recent") and _only_bounds(meaning.terms[1])
        if not names or of_result or (loose and self.told_value and not _SPOKEN_OF_ALL.match(clause.text)):
            return self.unclear(clause)
        for name in names:
            found = self.route.find(name)
            if found is None:
                return self.unclear(clause)
            apply_description(found, meaning.terms[1])
        clause.became = clause.became or f"what holds of {', '.join(names)}"
        self.recent = names
        return None

    def _reply(self, meaning: Term, clause: Clause) -> None:
        outcome = outcome_of(meaning.terms[0])
        if outcome.status is not None and outcome.status >= 400:
            raise NotUnderstoodError("an error as the reply")
        parts = list(_parts(outcome.contents))
        shown = [part for part in parts if part.head == "json"]
        if len(shown) == 1 and len(parts) > 1 and all(part.head in {"json", "value"} for part in parts):
            given = [(part.terms[0], replace(clause)) for part in parts if part.head == "value"]
            self.result.material.fills.extend(given)
            self.result.replies.append((Outcome(outcome.status, (shown[0],)), clause))
            return
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

    def _named_fill(self, meaning: Term, clause: Clause) -> None:
        if not any(part.meaning.has("do") for part in self.route.clauses):
            self.result.material.fills.append((meaning.terms[0], clause))
        else:
            self.result.material.fills.append((term("nothing"), clause))

    def _fills(self, meaning: Term, clause: Clause) -> None:
        self.result.material.fills.extend((value, clause) for value in meaning.terms)

    def _fill(self, meaning: Term, clause: Clause) -> None:
        self.result.material.fills.append((meaning.terms[0], clause))

    def _define(self, meaning: Term, clause: Clause) -> None:
        name = meaning.terms[0]
        if name.head == "ref" and self.route.find(name.text) is not None and meaning.terms[1].head in {"num", "str"}:
            raise NotUnderstoodError(name.text)
        self.result.material.defines.append(
            (name.text if name.head in {"ref", "named", "name"} else "", meaning.terms[1], clause)
        )

    def _do(self, meaning: Term, clause: Clause) -> None:
        if clause.title:
            self.result.material.fills.append((term("of", meaning.terms[0], term("it")), clause))
            return
        subject = meaning.terms[1] if len(meaning.terms) > 1 else None
        self.result.material.transforms.append((meaning.terms[0], subject, clause))

    def _status_note(self, meaning: Term, clause: Clause) -> None:
        """A status after what is said of fields is for values that are not so."""
        outcome = Outcome(int(meaning.terms[0].text))
        if not self.required or (outcome.status or 0) < 400:
            self._rule(term("rule", term("else"), term("out", meaning.terms[0])), clause)
            return
        for name in self.recent or self.route.fields:
            self.result.errors.append((FieldRule((name,), EVERY_PROBLEM), outcome, clause))
        clause.became = f"invalid input is answered {outcome.status}"

    def _prepare(self, meaning: Term, clause: Clause) -> None:
        operation, subject = meaning.terms
        if subject.head == "list":
            for one in subject.terms:
                self._prepare(term("prepare", operation, one), clause)
            return
        if subject.head in {"both", "every"}:
            for name, found in self.route.fields.items():
                if found.kind in {None, "string"}:
                    self._prepare(term("prepare", operation, term("ref", name)), clause)
            return
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

    def _said_text(self, meaning: Term, clause: Clause) -> None:
        """A word that is answered, where the brief says that it is plain text."""
        if not any(part.meaning.has("kind") for part in self.route.clauses):
            raise NotUnderstoodError("a word without quotes")
        self._reply(term("reply", term("out", term("text", term("str", meaning.terms[0].text)))), clause)

    def _respective(self, meaning: Term, clause: Clause) -> None:
        """A reply for each choice of the only field with as many choices, in their order."""
        count = len(meaning.terms)
        listed = [found for found in self.route.fields.values() if found.choices and len(found.choices) == count]
        if len(listed) != 1:
            raise NotUnderstoodError("which reply belongs to which value")
        for place, (choice, shape) in enumerate(zip(listed[0].choices or (), meaning.terms, strict=True)):
            value = term("str" if isinstance(choice, str) else "num", str(choice))
            condition = term("holds", term("list", term("ref", listed[0].name)), term("eq", value))
            last = place == count - 1
            self.result.branches.append(
                Branch(None if last else condition, outcome_of(term("out", term("json", shape))), clause)
            )

    def _takes_refs(self, meaning: Term, clause: Clause) -> None:
        names = self.names_in(meaning.terms[0])
        if not names:
            raise NotUnderstoodError("fields")
        self.recent = names
        clause.became = f"fields {', '.join(names)}"

    def _mention_rule(self, meaning: Term, clause: Clause) -> None:
        words = [part.text for part in meaning.terms[0].terms if part.head in {"word", "str"}]
        if any(self.route.find(word) is None for word in words):
            raise NotUnderstoodError("which word")
        clause.became = clause.became or "invalid input is answered with the field and the reason"

    def _other_path(self, meaning: Term, clause: Clause) -> None:
        outcome = outcome_of(meaning.terms[0])
        if outcome.status != 404 or outcome.contents:
            raise NotUnderstoodError("other paths")
        clause.became = "other paths are answered 404"

    def _claim(self, meaning: Term, clause: Clause) -> None:
        """What is said of results; of invalid input it is the status that is answered."""
        condition, wanted = meaning.terms
        status = re.fullmatch("4[0-9]{2}", wanted.terms[0].text) if wanted.head == "eq" else None
        if status and condition.has("missing", "wrong_type", "invalid", "not_desc"):
            self._rule(term("rule", condition, term("out", wanted.terms[0])), clause)
            return
        super()._claim(meaning, clause)

    def _more_of_rule(self, meaning: Term, clause: Clause) -> None:
        """A further condition for the error before it."""
        if not self.result.errors:
            raise NotUnderstoodError("no error before")
        self.error_rule(meaning.terms[0], self.result.errors[-1][1], clause)

    def _rule(self, meaning: Term, clause: Clause) -> None:
        condition, outcome = meaning.terms[0], outcome_of(meaning.terms[1])
        if outcome.status is not None and outcome.status >= 400:
            self.error_rule(condition, outcome, clause)
            return
        otherwise = condition.head == "else" or (condition.head == "unlisted" and not self.has_table())
        self.result.branches.append(Branch(None if otherwise else condition, outcome, clause))

    def _so_too(self, meaning: Term, clause: Clause) -> None:
        """A further problem with the outcome of the error before: "... and so is a negative one"."""
        self._more_of_rule(term("more_of_rule", term("holds", term("list", term("every")), meaning.terms[0])), clause)

    def _same_rule(self, meaning: Term, clause: Clause) -> None:
        """The errors of the clause before, for other fields: "same for b"."""
        if not self.result.errors:
            raise NotUnderstoodError("no error before")
        last = self.result.errors[-1]
        before = [(rule, outcome) for rule, outcome, known in self.result.errors if known is last[2]]
        for name in self.names_in(meaning.terms[0]) or _nothing_known():
            for rule, outcome in before:
                self.result.errors.append((FieldRule((name,), rule.problems), outcome, clause))
        clause.became = f"as for {', '.join(last[0].fields)}"

    def has_table(self) -> bool:
        """Whether a table of the brief says what is listed."""
        return any(part.head == "table" for clause in self.route.clauses for part in clause.meaning.walk())

    def error_rule(self, condition: Term, outcome: Outcome, clause: Clause) -> None:
        """An error: about fields where it can be, else a branch."""
        if condition.head == "else" and outcome == Outcome(404) and not self.route.alone and not self.has_table():
            clause.became = "other paths are answered 404"
            return
        if condition.head == "else" and self.result.branches and not self.required:
            self.result.branches.append(Branch(None, outcome, clause))
            return
        if condition.head == "unlisted" and not self.has_table():
            self.error_rule(term("else"), outcome, clause)
            return
        if condition.head == "unlisted":
            self.result.material.listed = True
            self.result.branches.append(Branch(condition, outcome, clause))
            return
        if condition.head == "else" and self.has_table() and not self.result.material.listed:
            self.result.material.listed = True
            self.result.branches.append(Branch(term("unlisted"), outcome, clause))
        rules = FieldRules(self.route, self.recent).read(condition)
        if rules is None and condition.head == "or":
            for part in condition.terms:
                self.error_rule(part, outcome, clause)
            return
        if rules is None:
            if condition.has("every") and len(self.route.fields) > 1:
                raise NotUnderstoodError("any or all of the fields")
            self.result.branches.append(Branch(condition, outcome, clause))
            return
        for rule in rules:
            self.result.errors.append((rule, outcome, clause))
        clause.became = clause.became or f"invalid input is answered {outcome.status}"

    def _json_bands(self, meaning: Term, clause: Clause) -> None:
        if any(part.head == "num" and part.text != "200" for band in meaning.terms for part in band.terms[2:]):
            raise NotUnderstoodError("ranges with a status each")
        for band in meaning.terms:
            shown = band.terms[0]
            if band.head == "json_else":
                shown = _replaced(self.result.json_bands[-1][0], shown)
            self.result.json_bands.append((shown, band.terms[1], clause))

    def _example(self, meaning: Term, clause: Clause) -> None:
        self.recent = [pair.text for pair in meaning.terms[0].terms if pair.head == "pair"] or self.recent
        if not is_concrete(meaning.terms[0]) or not is_concrete(meaning.terms[1].terms[0]):
            status = [part for part in meaning.terms[2:] if part.head == "num"]
            self._reply(term("reply", term("out", *status, meaning.terms[1])), clause)
            return
        request = json_of(meaning.terms[0])
        if isinstance(request, dict):
            self.sample(request, meaning, clause)

    def _example_path(self, meaning: Term, clause: Clause) -> None:
        values = values_in(meaning.terms[0].text, self.route.path)
        self.recent = list(values) or self.recent
        if not values or not is_concrete(meaning.terms[1].terms[0]):
            status = [part for part in meaning.terms[2:] if part.head == "num"]
            self._reply(term("reply", term("out", *status, meaning.terms[1])), clause)
            return
        self.sample(
            {name: query_value(self.route.fields[name], text) for name, text in values.items()}, meaning, clause
        )


def _replaced(shape: Term, member: Term) -> Term:
    """An object with another value for one of its members."""
    name, value = member.terms[0].text, member.terms[1]
    if name not in {one.text for one in shape.terms}:
        raise NotUnderstoodError(name)
    return Term(shape.head, tuple(term("pair", name, value) if one.text == name else one for one in shape.terms))


def _only_bounds(description: Term) -> bool:
    """Whether a description is about how big a number is, and says no type: "never more than 100"."""
    return all(part.head in {"ge", "gt", "le", "lt", "between", "never", "ne"} for part in description.terms)


def _nothing_known() -> list[str]:
    raise NotUnderstoodError("which fields")


def _parts(contents: Iterable[Term]) -> Iterator[Term]:
    """The contents of a reply, those of alternatives one by one."""
    for content in contents:
        if content.head in {"either", "out"}:
            yield from _parts(part for part in content.terms if part.head != "num")
        else:
            yield content


def _flat(meaning: Term) -> Sequence[Term]:
    return [inner for part in meaning.terms for inner in _flat(part)] if meaning.head == "all" else [meaning]
