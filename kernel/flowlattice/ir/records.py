"""The records of a flow's schemas with the data class of each field, as policies and comparisons see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, JsonValue


class ClassedField(BaseModel):
    """A field and its data class, none if it has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    data_class: str | None


class ClassedRecord(BaseModel):
    """A record and its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fields: tuple[ClassedField, ...]


def records_of(schemas: Mapping[str, JsonValue]) -> list[ClassedRecord]:
    """The records of an IR's schemas, nested ones included."""
    found: dict[str, ClassedRecord] = {}
    for name, schema in schemas.items():
        if isinstance(schema, dict):
            definitions = schema.get("$defs")
            inner = definitions if isinstance(definitions, dict) else {}
            for title, entry in {**inner, name: schema}.items():
                if isinstance(entry, dict) and isinstance(entry.get("properties"), dict):
                    found.setdefault(title, ClassedRecord(name=title, fields=tuple(_fields(entry))))
    return list(found.values())


def _fields(schema: Mapping[str, JsonValue]) -> Iterator[ClassedField]:
    properties = schema["properties"]
    for name, entry in properties.items() if isinstance(properties, dict) else ():
        given = entry.get("x-data-class") if isinstance(entry, dict) else None
        yield ClassedField(name=name, data_class=given if isinstance(given, str) else None)
