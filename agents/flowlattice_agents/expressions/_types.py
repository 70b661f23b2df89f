"""The types of expressions: what they are, how two of them join, and how a spec's type names read.

Types are values: frozen, hashable, equal when they mean the same. What does not live here: how the type of an
expression is found (`_infer`), and the annotations of operators (`_signatures`).
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.spec import FieldSpec, FlowSpec

ScalarName = Literal["string", "integer", "number", "boolean", "date", "null", "nothing"]


@dataclass(frozen=True)
class Scalar:
    """A type without parts. `nothing` has no values: it is the item type of `[]`."""

    name: ScalarName

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ListType:
    """A list; all items are of one type."""

    item: Type

    def __str__(self) -> str:
        return f"list[{self.item}]"


@dataclass(frozen=True)
class OptionalType:
    """A value or null; made with `optional`, which never nests it."""

    item: Type

    def __str__(self) -> str:
        return f"optional[{self.item}]"


@dataclass(frozen=True)
class MapType:
    """A table from text to values of one type."""

    value: Type

    def __str__(self) -> str:
        return f"map[string,{self.value}]"


@dataclass(frozen=True)
class RecordField:
    """A field: `name` is the identifier for Python, `wire` the key in JSON."""

    name: str
    type: Type
    wire: str


@dataclass(frozen=True)
class RecordType:
    """A record; `name` is the spec's name for it, none for one that an expression builds."""

    fields: tuple[RecordField, ...]
    name: str | None = None

    def __str__(self) -> str:
        return self.name or "{" + ", ".join(f"{field.wire}: {field.type}" for field in self.fields) + "}"

    def field(self, key: str) -> RecordField | None:
        """The field of that name, or else of that key on the wire."""
        named = (field for field in self.fields if field.name == key)
        return next(named, next((field for field in self.fields if field.wire == key), None))


@dataclass(frozen=True)
class VariableType:
    """A type that a call of an operator settles; one of `choices`, or any where there are none."""

    name: str
    choices: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return " or ".join(map(str, self.choices)) or "anything"


@dataclass(frozen=True)
class FunctionType:
    """A function of the spec: what a call of it takes, by name in order, and what it gives. No value is one."""

    parameters: tuple[tuple[str, Type], ...]
    returns: Type

    def __str__(self) -> str:
        return "function"


Type: TypeAlias = Scalar | ListType | OptionalType | MapType | RecordType | VariableType | FunctionType

STRING = Scalar("string")
INTEGER = Scalar("integer")
NUMBER = Scalar("number")
BOOLEAN = Scalar("boolean")
DATE = Scalar("date")
NULL = Scalar("null")
NOTHING = Scalar("nothing")

_SCALARS: Mapping[str, Type] = {scalar.name: scalar for scalar in (STRING, INTEGER, NUMBER, BOOLEAN, DATE, NULL)}


def optional(item: Type) -> Type:
    """The type whose values are those of `item` and null."""
    if isinstance(item, OptionalType) or item == NULL:
        return item
    return NULL if item == NOTHING else OptionalType(item)


def is_numeric(candidate: Type) -> bool:
    """Whether arithmetic takes it."""
    return candidate in (INTEGER, NUMBER)


def join(left: Type, right: Type) -> Type | None:
    """The smallest type that holds the values of both; none where there is no such type."""
    if right in (left, NOTHING):
        return left
    if left == NOTHING:
        return right
    if is_numeric(left) and is_numeric(right):
        return NUMBER
    if _has_null(left) or _has_null(right):
        item = join(without_null(left), without_null(right))
        return None if item is None else optional(item)
    return _join_parts(left, right)


def assignable(actual: Type, expected: Type) -> bool:
    """Whether a value of `actual` can stand where `expected` is asked for."""
    return join(actual, expected) == expected


def identifiers(keys: Iterable[str]) -> dict[str, str]:
    """A distinct Python identifier for each key on the wire, in order: `class` is `class_`, `e-mail` is `e_mail`."""
    names: dict[str, str] = {}
    for key in keys:
        name = re.sub(r"\W+", "_", key, flags=re.ASCII).strip("_") or "field"
        if name[0].isdigit():
            name = f"field_{name}"
        while keyword.iskeyword(name) or name in names.values():
            name += "_"
        names[key] = name
    return names


def anonymous_record(fields: Iterable[tuple[str, Type]]) -> RecordType:
    """The record that a dict display builds, from its keys on the wire and the types of its values."""
    typed = dict(fields)
    names = identifiers(typed)
    return RecordType(tuple(RecordField(names[key], value, key) for key, value in typed.items()))


def type_named(name: str, spec: FlowSpec) -> Type:
    """The type that a spec means by a name such as `integer`, `list[Line]` or `Customer`.

    Raises:
        ExpressionError: The name is no type, or a record holds itself.
    """
    return _type_named(name, spec, ())


def names_of_record(name: str, spec: FlowSpec) -> dict[str, Type]:
    """The names and types of a record's fields: what the expressions of a route that accepts it start from.

    Raises:
        ExpressionError: There is no such record, or a field's type is none.
    """
    record = type_named(name, spec)
    if not isinstance(record, RecordType):
        raise ExpressionError(f"`{name}` is not a record")
    return {field.name: field.type for field in record.fields}


def functions_of(spec: FlowSpec) -> dict[str, Type]:
    """The functions of a spec: names that every expression of it may call.

    Raises:
        ExpressionError: The type of a parameter, or of what is returned, is none.
    """
    return {
        function.name: FunctionType(
            tuple((part.name, type_named(part.type, spec)) for part in function.parameters),
            type_named(function.returns, spec),
        )
        for function in spec.functions
    }


def _type_named(name: str, spec: FlowSpec, inside: tuple[str, ...]) -> Type:
    if name in _SCALARS:
        return _SCALARS[name]
    wrapped = re.fullmatch(r"(list|optional|map)\[(?:(?<=map\[)string, ?)?(.+)\]", name)
    if wrapped:
        wrappers: Mapping[str, Callable[[Type], Type]] = {"list": ListType, "optional": optional, "map": MapType}
        return wrappers[wrapped[1]](_type_named(wrapped[2], spec, inside))
    record = spec.record(name)
    if record is None:
        raise ExpressionError(f"`{name}` is neither a type nor a record of the spec")
    if name in inside:
        raise ExpressionError(f"the record `{name}` holds itself")
    deeper = (*inside, name)
    return RecordType(tuple(_record_field(field, spec, deeper) for field in record.fields), name)


def _record_field(field: FieldSpec, spec: FlowSpec, inside: tuple[str, ...]) -> RecordField:
    declared = _type_named(field.type, spec, inside)
    may_be_null = field.nullable or (not field.required and field.default is None)
    return RecordField(field.name, optional(declared) if may_be_null else declared, field.wire_name)


def _has_null(candidate: Type) -> bool:
    return candidate == NULL or isinstance(candidate, OptionalType)


def without_null(candidate: Type) -> Type:
    """The type without null: `nothing` for null itself."""
    if candidate == NULL:
        return NOTHING
    return candidate.item if isinstance(candidate, OptionalType) else candidate


def _join_parts(left: Type, right: Type) -> Type | None:
    if isinstance(left, ListType) and isinstance(right, ListType):
        item = join(left.item, right.item)
        return None if item is None else ListType(item)
    if isinstance(left, MapType) and isinstance(right, MapType):
        value = join(left.value, right.value)
        return None if value is None else MapType(value)
    if isinstance(left, RecordType) and isinstance(right, RecordType):
        return _join_records(left, right)
    return None


def _join_records(left: RecordType, right: RecordType) -> RecordType | None:
    keys = [(field.name, field.wire) for field in left.fields]
    if left.name or right.name or keys != [(field.name, field.wire) for field in right.fields]:
        return None
    fields: list[RecordField] = []
    for one, other in zip(left.fields, right.fields, strict=True):
        joined = join(one.type, other.type)
        if joined is None:
            return None
        fields.append(RecordField(one.name, joined, one.wire))
    return RecordType(tuple(fields))
