"""The input side of a route's spec: records, invalid replies, checks and calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from flowlattice_agents.expressions import Type, identifiers
from flowlattice_agents.models.offline.fields import Field, is_concrete, json_of, record_name
from flowlattice_agents.models.offline.lowering import Lowering
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.replies import BodyBuilder
from flowlattice_agents.models.offline.routes import Clause, Gap
from flowlattice_agents.models.offline.rules import EVERY_PROBLEM
from flowlattice_agents.models.offline.scope import Scope, Typed
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import Outcome, Parse, Understanding
from flowlattice_agents.spec import (
    CallSpec,
    CheckSpec,
    FieldSpec,
    InvalidReplySpec,
    RecordSpec,
)


class InputAssembler:
    """Holds what is understood of a route and writes what it accepts."""

    def __init__(self, known: Understanding, parse: Parse, words: frozenset[str], prefix: str) -> None:
        self.known, self.parse, self.words, self.prefix = known, parse, words, prefix
        self.route = known.route
        self.gaps: list[Gap] = list(known.gaps)
        self.tests: list[str] = []
        self._open: list[Clause] = []
        self.names = identifiers(self.route.fields)
        numbers = [part.text for clause in known.route.clauses for part in clause.meaning.walk() if part.head == "num"]
        said_twice = any(re.search(r"(?i)\b(twice|double)\b", clause.text) for clause in known.route.clauses)
        numbers += ["2"] if said_twice else []
        self.builder = BodyBuilder(self.route, self.scope(), known.material, words, numbers)

    def scope(self) -> Scope:
        """What names and pronouns of this route stand for."""
        types: dict[str, Type] = {}
        for name, field in self.route.fields.items():
            found = field.type
            if found is not None:
                types[self.names[name]] = found
        paths = dict(self._paths())
        plain = Scope(types, dict(paths), (), parse=self.parse)
        for name, operation in self.known.material.prepared.items():
            prepared = Lowering(plain).values(term("of", operation, term("ref", name)))
            paths[name] = prepared[0].text if prepared else paths[name]
        subjects = tuple(name for name in self.route.fields if self.names[name] in types)
        any_case = self.known.material.any_case is not None
        any_space = self.known.material.any_space is not None
        return Scope(
            types,
            paths,
            subjects,
            any_case=any_case,
            any_space=any_space,
            in_cents=self._in_cents(),
            parse=self.parse,
            defined=self.defined,
        )

    def _in_cents(self) -> bool:
        """Whether the brief speaks of amounts in cents: by the name of a field, or by an amount such as 390 cents."""
        names = {part for name, _ in self._paths() for part in parts_of(name)}
        for clause in self.route.clauses:
            named = (part.text for part in clause.meaning.walk() if part.head in {"pair", "name", "ref", "named"})
            names |= {part for name in named for part in parts_of(name)}
        told = any(
            re.search(r"\d cents?\b|\b(?:in|whole|of) cents\b(?! each)", clause.text) for clause in self.route.clauses
        )
        return bool(names & {"cent", "cents"}) or told

    def _paths(self) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for stands, name in self.route.placeholders.items():
            if name in self.names and stands not in self.route.fields:
                seen.add(stands)
                yield stands, self.names[name]
        for path, field in self.route.all_fields():
            head, *rest = path.split(".")
            if field.name not in seen:
                seen.add(field.name)
                yield field.name, ".".join((self.names[head], *rest))

    def defined(self, name: str) -> list[Typed]:
        """A name that the brief defines, or a field of the reply that is already worked out."""
        if name in self.builder.found:
            return [self.builder.found[name]]
        for defined, value, clause in self.known.material.defines:
            if defined == name and clause not in self._open:
                self._open.append(clause)
                try:
                    readings = Lowering(self.builder.scope).values(value)
                finally:
                    self._open.remove(clause)
                if readings:
                    self.builder.use(clause, f"`{name}` is `{readings[0].text}`")
                    return readings
        return []

    def _invalid(self) -> Iterator[InvalidReplySpec]:
        merged: dict[tuple[int, str], list[tuple[tuple[str, ...], frozenset[str], Outcome]]] = {}
        said_missing = {name for rule, _, _ in self.known.errors if "missing" in rule.problems for name in rule.fields}
        for rule, outcome, _ in self.known.errors:
            if outcome.status != 422 or outcome.contents:
                key = (outcome.status or 422, str(outcome.contents))
                # What is not there is not of the type either, where nothing else is said of it.
                unsaid = "type" in rule.problems and not said_missing & set(rule.fields)
                problems = rule.problems | {"missing"} if unsaid else rule.problems
                merged.setdefault(key, []).append((rule.fields, problems, outcome))
        for entries in merged.values():
            yield from self._invalid_entries(entries)

    def _invalid_entries(
        self, entries: Sequence[tuple[tuple[str, ...], frozenset[str], Outcome]]
    ) -> Iterator[InvalidReplySpec]:
        problems: dict[str, set[str]] = {}
        for names, found, _ in entries:
            for name in names:
                problems.setdefault(self._top(name), set()).update(found)
        outcome = entries[0][2]
        groups: dict[frozenset[str], list[str]] = {}
        for name, kinds in problems.items():
            groups.setdefault(frozenset(kinds), []).append(self.names[name])
        for group, members in groups.items():
            everything = set(members) == set(self.names.values())
            for problem in [None] if group == EVERY_PROBLEM else sorted(group):
                yield self._invalid_reply(() if everything else tuple(members), problem, outcome)

    def _top(self, name: str) -> str:
        for top, field in self.route.fields.items():
            if any(inner.name == name for inner in field.walk()):
                return top
        return name

    def _invalid_reply(self, fields: tuple[str, ...], problem: str | None, outcome: Outcome) -> InvalidReplySpec:
        body = None
        text = None
        for content in outcome.contents:
            if content.head == "json" and is_concrete(shape := _with_marks(content.terms[0])):
                body = json_of(shape)
            elif content.head == "text" and content.terms[0].head == "str":
                text = content.terms[0].text
            else:
                self.gaps.append(Gap("error_body", f"What exactly is answered with status {outcome.status}?"))
        return InvalidReplySpec.model_validate(
            {"fields": fields, "problem": problem, "status": outcome.status or 422, "body": body, "text": text}
        )

    def _checks(self) -> Iterator[CheckSpec]:
        for name, test, told in self._left():
            yield CheckSpec(require=test, field=self.names[name], reason=told)
        for name, field in self.route.fields.items():
            if field.decimals is not None:
                rounded = f"numbers.round_half_up({self.names[name]}, {field.decimals}) == {self.names[name]}"
                yield CheckSpec(
                    require=rounded, field=self.names[name], reason=f"must have at most {field.decimals} decimals"
                )
            for value in field.excluded:
                yield CheckSpec(
                    require=f"{self.names[name]} != {value}",
                    field=self.names[name],
                    reason=f"must not be {value}",
                )
            if field.distinct:
                yield CheckSpec(
                    require=f"not lists.has_duplicates({self.names[name]})",
                    field=self.names[name],
                    reason="must be distinct",
                )

    def _left(self) -> Iterator[tuple[str, str, str]]:
        """What must hold of fields once they are prepared: the field, the condition, and the words for it."""
        for name, predicate, clause in self.known.material.left:
            subject = term("list", term("ref", name))
            tests = self.builder.lowering().conditions(term("holds", subject, predicate))
            if len(tests) == 1:
                clause.became = f"a check of {name}: `{tests[0].text}`"
                yield name, tests[0].text, clause.text.partition(" must ")[2].join(("must ", ""))

    def _calls(self) -> Iterator[CallSpec]:
        call = self.known.call
        if call is None:
            return
        sent = call.fields or list(self.route.fields)
        host = re.sub(r"^https?://(?:api\.|www\.)?", "", call.url).split(".")[0]
        binding = re.sub(r"\W", "_", host) or "service"
        body = ", ".join(f"{name!r}: {self.builder.scope.paths[name]}" for name in sent)
        yield CallSpec(
            name=f"post_to_{binding}",
            binding=binding if binding not in self.names.values() else f"{binding}_service",
            url=call.url,
            body="{" + body + "}",
            key=tuple(self.names[name] for name in self.known.key),
            ttl_s=self.known.key_ttl_s,
        )

    def _records(self, name: str) -> Iterator[RecordSpec]:
        yield RecordSpec(name=name, fields=tuple(self._field(field) for field in self.route.fields.values()))
        for field in self.route.fields.values():
            for inner in field.walk():
                if inner.kind == "object":
                    yield RecordSpec(
                        name=record_name(inner.name),
                        fields=tuple(self._field(child) for child in inner.children.values()),
                    )

    def _field(self, field: Field) -> FieldSpec:
        name = identifiers([field.name])[field.name] if field.name not in self.names else self.names[field.name]
        limits = dict(field.limits)
        pattern = field.pattern or (r"\S" if field.unblank else None)
        return FieldSpec.model_validate(
            {
                "name": name,
                "type": _type_name(field),
                "alias": field.name if field.name != name else None,
                "required": not field.optional,
                "nullable": field.nullable,
                "default": field.default,
                "choices": field.choices,
                "pattern": pattern,
                "data": data_class(field.name),
                **limits,
            }
        )


_PAYMENT = frozenset("card iban account bic cvv cvc pan".split())


_SECRET = frozenset("password passwd pwd token secret pin apikey".split())


_PERSONAL = frozenset(
    "name names firstname lastname surname email mail phone mobile fax address street zip postcode plz city birth "
    "birthday birthdate born dob age ip gender customer person holder traveller passport ssn nachname vorname".split()
)


_TECHNICAL = frozenset("file host domain product path item field tag event host".split())


def _with_marks(shape: Term) -> Term:
    """The body of an error with marks for the failing fields in the place of `[...]`."""
    if shape.head == "arr" and all(part.head in {"more", "hole"} for part in shape.terms):
        return term("str", "$fields")
    return Term(shape.head, tuple(_with_marks(part) if isinstance(part, Term) else part for part in shape.args))


def _type_name(field: Field) -> str:
    if field.kind == "list" and field.item is not None:
        return f"list[{_type_name(field.item)}]"
    return record_name(field.name) if field.kind == "object" else str(field.kind)


def data_class(name: str) -> str:
    """The data class that a field's name suggests; what nothing suggests is internal."""
    parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    if parts & _SECRET:
        return "secret"
    if parts & _PAYMENT:
        return "payment"
    if parts & _PERSONAL and not parts & _TECHNICAL:
        return "pii"
    return "internal"
