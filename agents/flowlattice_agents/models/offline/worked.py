"""Examples told in words: "2001 g express is 765", "12 loaves cost 4800"."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from flowlattice_agents.models.offline.fields import json_of
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.routes import Clause, Route
from flowlattice_agents.models.offline.terms import Term


@dataclass
class WorkedExample:
    """What is given, part by part, and the number that must come out, in the field `key` where one is named."""

    given: tuple[Term, ...]
    key: str
    wanted: JsonValue
    clause: Clause


def worked_example(meaning: Term, clause: Clause) -> WorkedExample:
    """The example that a term tells."""
    given, wanted, *key = meaning.terms
    return WorkedExample(given.terms, key[0].text if key else "", json_of(wanted), clause)


def example_inputs(example: WorkedExample, route: Route) -> dict[str, JsonValue] | None:
    """The request that an example means; none where it is not clear which field a part is about."""
    found: dict[str, JsonValue] = {}
    for part in example.given:
        names = _fields_of(part, route)
        if len(names) != 1 or names[0] in found:
            return None
        found[names[0]] = json_of(part.terms[0]) if part.head == "amount_given" else part.head == "flag_given"
    complete = all(name in found or field.optional for name, field in route.fields.items())
    return found if complete else None


def _fields_of(part: Term, route: Route) -> list[str]:
    """The fields that a part of an example may be about."""
    if part.head != "amount_given":
        name = part.terms[0].text
        return [name] if name in route.fields and route.fields[name].kind == "boolean" else []
    numeric = [name for name, field in route.fields.items() if field.kind in {"integer", "number"}]
    noun = part.terms[1].text.lower() if len(part.terms) > 1 else ""
    named = [name for name in numeric if noun and (noun == name or noun.rstrip("s") in _words(name))]
    return named or (numeric if len(numeric) == 1 else [])


def _words(name: str) -> set[str]:
    return {word.rstrip("s") for word in parts_of(name)} | {name.rstrip("s")}
