"""JSON Schemas of the IR as schemas of an OpenAPI document: what has a name stands once, among the components."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from pydantic import JsonValue
from pydantic_core import to_json

Schema: TypeAlias = dict[str, JsonValue]

_REFERENCE: Final = "#/components/schemas/"
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_UNTOLD: Final = frozenset({"$defs", "x-name", "x-in", "x-extends"})
_BY_NAME: Final = frozenset({"properties", "patternProperties", "$defs"})
_DATA: Final = frozenset({"default", "const", "enum", "examples"})
# Patterns are RE2, those of OpenAPI are ECMA-262: these constructs of the one mean nothing, or another thing, in it.
_NOT_ECMA: Final = re.compile(r"\(\?[a-zA-Z-]*[a-zA-Z][:)]|\(\?P<|\\[AzZQE]|\[\[:")


class Components:
    """The named schemas of one document.

    Args:
        entries: The schemas of a flow, by their names in the IR.

    Attributes:
        schemas: What is referred to, by name.
    """

    def __init__(self, entries: Mapping[str, JsonValue]) -> None:
        self._entries = entries
        self._names: dict[bytes, str] = {}
        self.schemas: Schema = {}

    def entry(self, name: str | None) -> Schema:
        """The schema of the IR as it stands there; empty for none."""
        found = self._entries.get(name or "")
        return found if isinstance(found, dict) else {}

    def schema(self, name: str | None) -> Schema:
        """A schema of the IR, a record by reference; anything for none."""
        found = self.entry(name)
        return self.part(found, found)

    def members(self, name: str | None, chosen: Iterable[str] | None = None, *, as_text: bool = False) -> Schema:
        """A record as an object of some of its fields.

        Args:
            name: Its name in the IR.
            chosen: The fields; those that stand in the body of an answer by default.
            as_text: Whether they travel as text, in which there is no null.
        """
        found = self.entry(name)
        fields = fields_of(found)
        names = [field for field in fields if is_member(fields[field])] if chosen is None else [*chosen]
        if names == list(fields) and not as_text:
            return self.schema(name)
        parts = {field: self.part(fields[field], found) for field in names}
        required = [field for field in required_of(found) if field in names]
        return self.own(
            str(found.get("title", name)),
            {
                **({"description": found["description"]} if "description" in found else {}),
                "type": "object",
                "properties": {field: without_null(part) if as_text else part for field, part in parts.items()},
                **({"required": [*required]} if required else {}),
            },
        )

    def part(self, schema: JsonValue, root: Schema) -> Schema:
        """A schema that stands inside another, whose definitions it may refer to."""
        told = self._told(schema, root)
        found = told if isinstance(told, dict) else {}
        title = found.get("title")
        if isinstance(title, str) and "properties" in found:
            return self._referred(title, found)
        return {key: value for key, value in found.items() if key != "title"}

    def own(self, name: str, schema: Schema) -> Schema:
        """A schema of the host's own, by reference."""
        return self._referred(name, schema)

    def _told(self, value: JsonValue, root: Schema) -> JsonValue:
        match value:
            case dict() if "$ref" in value:
                return self._followed(value, str(value["$ref"]).rpartition("/")[2], root)
            case dict():
                return {
                    key: self._inner(key, part, root) for key, part in _in_ecma(value).items() if key not in _UNTOLD
                }
            case list():
                return [self._told(part, root) for part in value]
            case _:
                return value

    def _inner(self, key: str, part: JsonValue, root: Schema) -> JsonValue:
        if key in _DATA:
            return part
        if key in _BY_NAME and isinstance(part, dict):
            return {name: self.part(one, root) for name, one in part.items()}
        return self._told(part, root)

    def _followed(self, value: Schema, name: str, root: Schema) -> Schema:
        definitions = root.get("$defs")
        definition = definitions.get(name) if isinstance(definitions, dict) else None
        beside = {key: part for key, part in value.items() if key not in _UNTOLD | {"$ref", "title"}}
        key = to_json([name, definition])
        if key not in self._names:
            self._names[key] = self._free(name)  # before its content, which may refer to itself
            told = self._told(definition, root)
            self.schemas[self._names[key]] = told
        return {"$ref": _REFERENCE + self._names[key], **beside}

    def _referred(self, title: str, told: Schema) -> Schema:
        key = to_json([title, told])
        if key not in self._names:
            known = next((name for name, schema in self.schemas.items() if schema == told), None)
            self._names[key] = known or self._free(title)
            self.schemas[self._names[key]] = told
        return {"$ref": _REFERENCE + self._names[key]}

    def _free(self, wanted: str) -> str:
        taken = {*self.schemas, *self._names.values()}
        base = _NO_NAME.sub("_", wanted).strip("_") or "Record"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        return name


def fields_of(schema: Schema) -> dict[str, Schema]:
    """The fields of a record by their names on the wire."""
    found = schema.get("properties")
    fields = found if isinstance(found, dict) else {}
    return {name: field for name, field in fields.items() if isinstance(field, dict)}


def required_of(schema: Schema) -> list[str]:
    """The fields that a record cannot be without."""
    found = schema.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def is_header(field: Schema) -> bool:
    """Whether a field travels as a header."""
    return field.get("x-in") == "header"


def is_member(field: Schema) -> bool:
    """Whether a field of an answer stands in its body."""
    return field.get("x-in") not in {"header", "session"}


def without_null(schema: Schema) -> Schema:
    """A schema of what travels as text, in which there is no null: a parameter that has no value is not there."""
    alternatives = schema.get("anyOf")
    if not isinstance(alternatives, list):
        return schema
    some = [one for one in alternatives if isinstance(one, dict) and one.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**some[0], **rest} if len(some) == 1 else {**rest, "anyOf": [*some]}


def _in_ecma(schema: Schema) -> Schema:
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or _NOT_ECMA.search(pattern) is None:
        return schema
    return {"x-pattern" if key == "pattern" else key: value for key, value in schema.items()}
