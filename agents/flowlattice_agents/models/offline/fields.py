"""Fields of a request while they are being understood: types, bounds and defaults, and what is still open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from flowlattice_agents.expressions import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    ListType,
    RecordField,
    RecordType,
    Type,
    identifiers,
    optional,
)
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.terms import Term

Kind = Literal["string", "integer", "number", "boolean", "date", "list", "object"]
SCALARS: dict[str, Type] = {"string": STRING, "integer": INTEGER, "number": NUMBER, "boolean": BOOLEAN, "date": DATE}
_CONCRETE = frozenset({"obj", "pair", "arr", "str", "num", "true", "false", "null", "date"})


class ContradictionError(Exception):
    """Two things said of one field that cannot both hold."""


@dataclass
class Field:
    """One field as far as it is understood.

    Attributes:
        kind: Its type; none while nothing says it.
        firm: Whether the brief states the type, rather than an example hinting at it.
        item: What a list holds, or the fields of an object as children.
    """

    name: str
    kind: Kind | None = None
    firm: bool = False
    item: Field | None = None
    children: dict[str, Field] = field(default_factory=dict)
    optional: bool = False
    default: JsonValue = None
    nullable: bool = False
    choices: tuple[str | int, ...] = ()
    limits: dict[str, float | int] = field(default_factory=dict)
    pattern: str | None = None
    reason: str | None = None
    unblank: bool = False
    distinct: bool = False
    excluded: list[int | float] = field(default_factory=list)
    decimals: int | None = None
    samples: list[JsonValue] = field(default_factory=list)

    @property
    def type(self) -> Type | None:
        """The type for expressions, none while it is open."""
        found = self.plain_type
        return optional(found) if found is not None and self.optional and self.default is None else found

    @property
    def plain_type(self) -> Type | None:
        """The type without null."""
        if self.kind == "list":
            inner = self.item.plain_type if self.item else None
            return None if inner is None else ListType(inner)
        if self.kind == "object":
            return self.record_type
        return SCALARS.get(self.kind or "")

    @property
    def record_type(self) -> RecordType | None:
        """The type of an object, none while a part of it is open."""
        names = identifiers(self.children)
        parts = [RecordField(names[key], child.type, key) for key, child in self.children.items() if child.type]
        return RecordType(tuple(parts), record_name(self.name)) if parts and len(parts) == len(self.children) else None

    def set_kind(self, kind: Kind, *, firm: bool = True) -> None:
        """Say the type; a firm one replaces a hint.

        Raises:
            ContradictionError: Two firm types differ (a whole number is also a number).
        """
        if self.kind is None or not self.firm:
            if firm or self.kind is None or (self.kind, kind) == ("integer", "number"):
                self.kind, self.firm = kind, firm or self.firm
        elif firm and kind != self.kind:
            if {kind, self.kind} == {"integer", "number"}:
                self.kind = "integer"
            elif not {kind, self.kind} <= {"string", "date"}:
                raise ContradictionError(f"`{self.name}` is said to be both {self.kind} and {kind}")
            else:
                self.kind = "date"

    def limit(self, name: str, value: float | int) -> None:
        """Say a bound.

        Raises:
            ContradictionError: The brief says another value for the same bound.
        """
        known = self.limits.get(name)
        if known is not None and known != value:
            words = name.replace("_", " ")
            raise ContradictionError(f"`{self.name}` has two different bounds ({words} {known:g} and {value:g})")
        self.limits[name] = value

    def walk(self) -> Iterator[Field]:
        """This field and all inside it."""
        yield self
        if self.item:
            yield from self.item.walk()
        for child in self.children.values():
            yield from child.walk()

    def learn_sample(self, value: JsonValue) -> None:
        """Take an example value for what it says about the type."""
        self.samples.append(value)
        if isinstance(value, bool):
            self.set_kind("boolean", firm=False)
        elif isinstance(value, int | float):
            self.set_kind("integer" if isinstance(value, int) else "number", firm=False)
        elif isinstance(value, str):
            self.set_kind("date" if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else "string", firm=False)
        elif isinstance(value, list):
            self.set_kind("list", firm=True)
            self.item = self.item or Field(f"{self.name}_item")
            for item in value:
                self.item.learn_sample(item)
        elif isinstance(value, dict):
            self.set_kind("object", firm=True)
            for key, part in value.items():
                self.children.setdefault(key, Field(key)).learn_sample(part)


def record_name(name: str) -> str:
    """A record's name from a field's: `ship_to` holds a ShipTo."""
    return "".join(part.capitalize() for part in parts_of(name)) or "Record"


def item_name(name: str) -> str:
    """What one of several is called: items are item."""
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith("s") and not name.endswith("ss") and len(name) > 2:
        return name[:-1]
    return name + "_item"


def number_of(text: str) -> int | float:
    """The number that a `num` term writes."""
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


def json_of(value: Term) -> JsonValue:
    """The JSON value of a concrete term.

    Raises:
        ValueError: It holds a placeholder or something to compute.
    """
    if value.head == "num":
        return number_of(value.text)
    if value.head in {"str", "date"}:
        return value.text
    if value.head in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[value.head]
    if value.head == "arr":
        return [json_of(item) for item in value.terms]
    if value.head == "obj":
        return {pair.text: json_of(pair.terms[0]) for pair in value.terms if pair.head == "pair" and pair.terms}
    raise ValueError(f"{value.head} has no fixed value")


def is_concrete(value: Term) -> bool:
    """Whether a term is a JSON value without placeholders."""
    return all(part.head in _CONCRETE for part in value.walk())
