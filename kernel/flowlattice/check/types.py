"""Whether what one port gives is what another takes, over the schemas of the IR.

Records are told apart by name, as in Python: two records with the same fields are two types. A record also fits where
one of those is taken that it extends (`x-extends`), a member where a union is taken, an integer where a number is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import JsonValue

Schemas: TypeAlias = Mapping[str, JsonValue]


def fits(given: str, taken: str, schemas: Schemas) -> bool:
    """Whether values of the schema named `given` may go where values of the schema named `taken` are expected."""
    if given == taken:
        return True
    return _fits(_Type(given, schemas.get(given)), _Type(taken, schemas.get(taken)))


class _Type:
    """A schema with what its references mean, and the record's name if it is one."""

    def __init__(self, name: str, schema: JsonValue, definitions: Mapping[str, JsonValue] | None = None) -> None:
        self.schema: Mapping[str, JsonValue] = schema if isinstance(schema, dict) else {}
        own = self.schema.get("$defs")
        self.definitions: Mapping[str, JsonValue] = {**(definitions or {}), **(own if isinstance(own, dict) else {})}
        reference = self.schema.get("$ref")
        if isinstance(reference, str):
            name = reference.rpartition("/")[2]
            target = self.definitions.get(name)
            self.schema = target if isinstance(target, dict) else {}
        self.record = name if "properties" in self.schema or "x-extends" in self.schema else None

    def member(self, schema: JsonValue) -> _Type:
        return _Type("", schema, self.definitions)

    def members(self) -> list[_Type]:
        """The members of a union; the type itself otherwise."""
        found = self.schema.get("anyOf")
        return [part for entry in found for part in self.member(entry).members()] if isinstance(found, list) else [self]


def _fits(given: _Type, taken: _Type) -> bool:
    return all(any(_one_fits(part, option) for option in taken.members()) for part in given.members())


def _one_fits(given: _Type, taken: _Type) -> bool:
    if not set(taken.schema) - {"title", "description", "$defs"}:
        return True  # anything
    if given.record is not None or taken.record is not None:
        bases = given.schema.get("x-extends")
        return given.record == taken.record or (isinstance(bases, list) and taken.record in bases)
    kinds = (given.schema.get("type"), taken.schema.get("type"))
    if kinds == ("integer", "number"):
        return True
    if kinds[0] != kinds[1] or given.schema.get("format") != taken.schema.get("format"):
        return False
    if not _values_fit(given.schema, taken.schema):
        return False
    return all(
        _fits(given.member(given.schema.get(inner)), taken.member(taken.schema.get(inner)))
        for inner in ("items", "additionalProperties")
        if isinstance(taken.schema.get(inner), dict)
    )


def _values_fit(given: Mapping[str, JsonValue], taken: Mapping[str, JsonValue]) -> bool:
    """Literals and enumerations: what is given must be among what is taken."""
    allowed = _values(taken)
    if allowed is None:
        return True
    found = _values(given)
    return found is not None and all(value in allowed for value in found)


def _values(schema: Mapping[str, JsonValue]) -> list[JsonValue] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) else None
