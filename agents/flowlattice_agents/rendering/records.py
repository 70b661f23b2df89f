"""Records of a flow file: those that the spec names, and those that replies build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flowlattice import DataClass
from flowlattice_agents.expressions import (
    ListType,
    MapType,
    OptionalType,
    RecordType,
    Scalar,
    Type,
    type_named,
)
from flowlattice_agents.rendering.text import Names, class_name, literal
from flowlattice_agents.spec import DataClassName, FieldSpec, FlowSpec, RecordSpec

_SCALARS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "date": "date",
    "null": "None",
    "nothing": "str",
}
_NO_ITEM = {
    "minimum": None,
    "maximum": None,
    "exclusive_minimum": None,
    "exclusive_maximum": None,
    "pattern": None,
}
"""What of a list's constraints is meant for each item."""
_ORDER = [member.value for member in DataClass]


@dataclass
class Imports:
    """What the flow file imports, collected while it is rendered."""

    flowlattice: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    typing: set[str] = field(default_factory=set)
    dates: bool = False


@dataclass
class Records:
    """Renders record classes; `sources` holds their text in the order in which they must stand."""

    spec: FlowSpec
    names: Names
    imports: Imports
    sources: dict[str, str] = field(default_factory=dict)
    _built: dict[RecordType, str] = field(default_factory=dict)

    def render_declared(self) -> None:
        """All records that the spec names, those that others hold first.

        Raises:
            ExpressionError: The type of a field is none, or a record holds itself.
        """
        for record in self.spec.records:
            type_named(record.name, self.spec)
            self._declared(record)

    def annotation(self, of: Type, hint: str = "Value") -> str:
        """The Python annotation of a type; `hint` names a record that has no name yet."""
        if isinstance(of, Scalar):
            self.imports.dates |= of.name == "date"
            return _SCALARS[of.name]
        if isinstance(of, ListType):
            return f"list[{self.annotation(of.item, f'{hint}Item')}]"
        if isinstance(of, OptionalType):
            return f"{self.annotation(of.item, hint)} | None"
        if isinstance(of, MapType):
            return f"dict[str, {self.annotation(of.value, f'{hint}Entry')}]"
        if isinstance(of, RecordType):
            return of.name or self.built(of, hint, {})
        return "str"

    def built(self, of: RecordType, hint: str, classes: Mapping[str, str]) -> str:
        """The class of a record that an expression builds.

        Args:
            of: Its type.
            hint: The name it gets if that is free.
            classes: Data class of each field, by identifier; a field that is not there is public.
        """
        if of not in self._built:
            name = self.names.take(class_name(hint))
            self._built[of] = name
            self.imports.flowlattice.add("Record")
            fields = []
            for part in of.fields:
                annotation = self.annotation(part.type, f"{name} {part.name}")
                if part.wire != part.name:
                    annotation = self._annotated(annotation, [f"alias={literal(part.wire)}"])
                fields.append(f"    {part.name}: {annotation}")
            data = most_sensitive(classes.values())
            self.sources[name] = "\n".join([f'class {name}(Record, data="{data}"):', *(fields or ["    pass"])])
        return self._built[of]

    def answer(self, name: str, fields: Iterable[tuple[str, str, str]], data: str) -> None:
        """The class of an answer that has headers.

        Args:
            name: Its name.
            fields: For each field its name, its annotation, and the argument of `field` that says where it travels.
            data: Data class of all of them.
        """
        self.imports.flowlattice.add("Record")
        lines = [f"    {part}: {self._annotated(annotation, [place])}" for part, annotation, place in fields]
        self.sources[name] = "\n".join([f'class {name}(Record, data="{data}"):', *lines])

    def _declared(self, record: RecordSpec) -> None:
        if record.name in self.sources:
            return
        for part in record.fields:
            for inner in re.findall(r"\w+", part.type):
                held = self.spec.record(inner)
                if held is not None and held.name != record.name:
                    self._declared(held)
        self.imports.flowlattice.add("Record")
        data = record.data or most_common([part.data for part in record.fields])
        head = f'class {record.name}(Record, data="{data}"):' if data else f"class {record.name}(Record):"
        ordered = sorted(record.fields, key=lambda part: not part.required)
        lines = [self._field(part, data) for part in ordered] or ["    pass"]
        self.sources[record.name] = "\n".join([head, *lines])

    def _field(self, part: FieldSpec, data: str | None) -> str:
        annotation = self._items(part, data) or self._choices(part) or self.annotation(type_named(part.type, self.spec))
        # Inside of Annotated, so that a field's alias is the field's and not one of a union member.
        annotation += " | None" if part.nullable or (not part.required and part.default is None) else ""
        constraints = list(_constraints(part, data))
        if constraints:
            annotation = self._annotated(annotation, constraints)
        default = "" if part.required else f" = {literal(part.default)}"
        return f"    {part.name}: {annotation}{default}"

    def _items(self, part: FieldSpec, data: str | None) -> str | None:
        """The annotation of a list whose items are constrained; none for anything else."""
        item = re.fullmatch(r"list\[(.+)\]", part.type)
        if item is None:
            return None
        inner = part.model_copy(update={"type": item[1], "alias": None, "source": None, "data": None, "reason": None})
        annotation = self._items(inner, data) or self._choices(inner) or self.annotation(type_named(item[1], self.spec))
        constraints = list(_constraints(inner, data))
        constraints += [f"reason={literal(part.reason)}"] if constraints and part.reason else []
        return f"list[{self._annotated(annotation, constraints) if constraints else annotation}]"

    def _choices(self, part: FieldSpec) -> str | None:
        if not part.choices:
            return None
        self.imports.typing.add("Literal")
        return f"Literal[{', '.join(map(literal, part.choices))}]"

    def _annotated(self, annotation: str, constraints: list[str]) -> str:
        self.imports.typing.add("Annotated")
        self.imports.flowlattice.add("field")
        return f"Annotated[{annotation}, field({', '.join(constraints)})]"


def most_sensitive(classes: Iterable[str]) -> str:
    """The most sensitive of some data classes; public where there are none."""
    return max(classes, key=_ORDER.index, default=_ORDER[0])


def most_common(classes: Iterable[DataClassName | None]) -> str | None:
    """The data class that most fields have, the more sensitive one of two; none if a field has none."""
    found: list[str | None] = list(classes)
    if not found or None in found:
        return None
    return max(_ORDER, key=lambda data: (found.count(data), _ORDER.index(data)))


def _constraints(part: FieldSpec, data: str | None) -> Iterable[str]:
    is_list = part.type.startswith("list[")
    item = part.model_copy(update=_NO_ITEM) if is_list else part
    given = {
        "header": part.wire_name if part.source == "header" else None,
        "body": True if part.source == "body" else None,
        "alias": part.alias if part.alias != part.name and part.source != "header" else None,
        "data": part.data if part.data != data else None,
        "ge": item.minimum,
        "gt": item.exclusive_minimum,
        "le": item.maximum,
        "lt": item.exclusive_maximum,
        "min_length": part.min_items if is_list else part.min_length,
        "max_length": part.max_items if is_list else part.max_length,
        "pattern": item.pattern,
        "reason": part.reason,
    }
    for name, value in given.items():
        if value is not None:
            yield f"{name}={literal(value)}"
