"""Making one record from another, field by field where names and types allow; what is missing becomes a parameter.

It works on the schemas of the IR and gives an expression, so it can be tried without reading a file. A field is taken
over where the other record has one of that name and the same type, a whole number where a number is taken, a value
where it or nothing is taken, and a record or a list of records that can itself be converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice.ir.model import FlowIR

_DEPTH = 5
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass
class Conversion:
    """How a record is made from another.

    Attributes:
        expression: The code that makes it from `parameter`; one argument a line where it is long.
        records: The names of the records in it that it makes.
        missing: What the other record does not give, by the name of the parameter that stands for it, with its type.
    """

    expression: str
    records: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)


def convertible(flow: FlowIR, given: str | None, taken: str | None) -> bool:
    """Whether both are records of the flow's own, so that one can be made from the other."""
    return all(name is not None and name in flow.places and _properties(flow, name) for name in (given, taken))


def conversion(flow: FlowIR, given: str, taken: str, parameter: str) -> Conversion:
    """How the record `taken` is made from a parameter that holds a `given`."""
    return _Converter(flow).record(_schema(flow, given), _schema(flow, taken), taken, parameter)


def _properties(flow: FlowIR, name: str) -> bool:
    schema = flow.schemas.get(name)
    return isinstance(schema, dict) and isinstance(schema.get("properties"), dict) and name.isidentifier()


def _schema(flow: FlowIR, name: str) -> _Schema:
    entry = flow.schemas.get(name)
    entry = entry if isinstance(entry, dict) else {}
    definitions = entry.get("$defs")
    return _Schema(entry, definitions if isinstance(definitions, dict) else {})


class _Schema:
    """A schema with what its references mean; `name` is the record's or the enumeration's."""

    def __init__(self, entry: JsonValue, definitions: Mapping[str, JsonValue]) -> None:
        self.own: Mapping[str, JsonValue] = entry if isinstance(entry, dict) else {}
        self.entry = self.own
        self.definitions = definitions
        reference = self.entry.get("$ref")
        self.name = reference.rpartition("/")[2] if isinstance(reference, str) else None
        if self.name is not None:
            target = definitions.get(self.name)
            self.entry = target if isinstance(target, dict) else {}

    def inner(self, entry: JsonValue) -> _Schema:
        return _Schema(entry, self.definitions)

    @property
    def fields(self) -> Mapping[str, _Schema]:
        found = self.entry.get("properties")
        return {name: self.inner(part) for name, part in found.items()} if isinstance(found, dict) else {}

    @property
    def by_name(self) -> Mapping[str, _Schema]:
        """The fields by what they are called in Python."""
        return {part.python_name(wire): part for wire, part in self.fields.items()}

    @property
    def required(self) -> set[str]:
        found = self.entry.get("required")
        return set(map(str, found)) if isinstance(found, list) else set()

    @property
    def members(self) -> list[_Schema]:
        found = self.entry.get("anyOf")
        return [self.inner(part) for part in found] if isinstance(found, list) else [self]

    @property
    def present(self) -> _Schema | None:
        """What an optional type is when it is not null; none if it is no optional type of one member."""
        others = [member for member in self.members if member.entry.get("type") != "null"]
        return others[0] if len(others) == 1 and len(self.members) == 2 else None

    @property
    def items(self) -> _Schema | None:
        found = self.entry.get("items")
        return self.inner(found) if self.entry.get("type") == "array" and isinstance(found, dict) else None

    def python_name(self, wire: str) -> str:
        """What a field of this type is called in Python, whose name on the wire may be another."""
        return str(self.own.get("x-name", wire))

    def shape(self) -> JsonValue:
        """What has to be equal for two types to be the same: no titles, constraints or data classes."""
        if self.name is not None and self.fields:
            return {"record": self.name}
        if self.name is not None:
            return {"enum": self.name}
        if "anyOf" in self.entry:
            return {"anyOf": sorted((member.shape() for member in self.members), key=str)}
        items, values = self.entry.get("items"), self.entry.get("additionalProperties")
        shape: dict[str, JsonValue] = {
            key: self.entry[key] for key in ("type", "format", "enum", "const", "contentEncoding") if key in self.entry
        }
        if isinstance(items, dict):
            shape["items"] = self.inner(items).shape()
        if isinstance(values, dict):
            shape["values"] = self.inner(values).shape()
        return shape


@dataclass
class _Converter:
    flow: FlowIR

    def record(self, given: _Schema, taken: _Schema, name: str, value: str, depth: int = 0) -> Conversion:
        """Make a record field by field; what has a default and is not given keeps it."""
        made = Conversion("", {name})
        arguments = []
        for wire, target in taken.fields.items():
            python = target.python_name(wire)
            source = given.by_name.get(python)
            if source is None and wire not in taken.required:
                continue
            known = None if source is None else self._value(source, target, f"{value}.{python}", depth)
            if known is None:
                hole = _free(python, {value.partition(".")[0], *made.missing})
                made.missing[hole] = _annotation(target)
                known = Conversion(hole)
            made.records |= known.records
            made.missing |= known.missing
            arguments.append(f"{python}={known.expression}")
        made.expression = _call(name, arguments)
        return made

    def _value(self, given: _Schema, taken: _Schema, value: str, depth: int) -> Conversion | None:
        """A value as another type; none where it cannot be told how."""
        if _same(given, taken):
            return Conversion(value)
        if depth >= _DEPTH:
            return None
        maybe, target = given.present, taken.present
        if maybe is not None and target is not None:
            inner = self._value(maybe, target, value, depth + 1)
            return inner and _changed(inner, f"None if {value} is None else {inner.expression}")
        if maybe is None and target is not None:
            return self._value(given, target, value, depth + 1)
        if given.fields and taken.fields and taken.name is not None:
            inner = self.record(given, taken, taken.name, value, depth + 1)
            return None if inner.missing else inner
        if given.items is not None and taken.items is not None:
            inner = self._value(given.items, taken.items, "item", depth + 1)
            return inner and _changed(inner, f"[{inner.expression} for item in {value}]")
        return None


def _same(given: _Schema, taken: _Schema) -> bool:
    """Whether a value fits as it is: equal types, an extending record, a whole number for a number, it or nothing."""
    shape = taken.shape()
    if given.shape() == shape or (given.shape() == {"type": "integer"} and shape == {"type": "number"}):
        return True
    bases = given.entry.get("x-extends")
    if isinstance(bases, list) and taken.fields and taken.name in bases:
        return True
    return taken.present is not None and given.present is None and _same(given, taken.present)


def _changed(inner: Conversion, expression: str) -> Conversion:
    return Conversion(expression, inner.records, inner.missing)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name


def _annotation(target: _Schema) -> str:
    """The type of what is missing, as far as it can be written without importing anything."""
    if target.present is not None:
        return f"{_annotation(target.present)} | None"
    if target.items is not None:
        return f"list[{_annotation(target.items)}]"
    if "format" in target.entry or target.name is not None:
        return "object"
    return _SCALARS.get(str(target.entry.get("type")), "object")


def _call(name: str, arguments: list[str]) -> str:
    line = f"{name}({', '.join(arguments)})"
    return line if len(line) <= 90 else f"{name}(\n" + "".join(f"        {a},\n" for a in arguments) + "    )"
