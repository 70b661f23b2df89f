"""JSON Schemas of the types on a flow's ports: one name for one type, and where records and fields are written."""

from __future__ import annotations

import ast
import json
import typing
from typing import cast

from pydantic import BaseModel, JsonValue, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError

from flowlattice.ir import model as ir
from flowlattice.ir import numbers
from flowlattice.language.annotations import NO_TYPE, spelled, without_metadata
from flowlattice.language.ports import Place
from flowlattice.language.sources import SourceFiles

_NO_SCHEMA = (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema, PydanticUserError)


class Schemas:
    """The schemas of one flow.

    Args:
        sources: The flow's files.
        package: The name that the flow's folder has as a package; it differs between machines and is cut off.
    """

    def __init__(self, sources: SourceFiles, package: str) -> None:
        self.entries: dict[str, JsonValue] = {}
        self.places: dict[str, ir.Source] = {}
        self._types: dict[str, object] = {}
        self._sources = sources
        self._package = package

    def name(self, annotation: object) -> str | None:
        """The name of a type's schema, added if need be; none for no type or one that has no schema."""
        if annotation is NO_TYPE:
            return None
        wanted = spelled(annotation, self._package)
        name, number = wanted, 1
        while name in self._types and not _same(self._types[name], annotation):
            number += 1
            name = f"{wanted}#{number}"
        if name in self._types:
            return name
        try:
            schema = TypeAdapter(cast("type[object]", annotation)).json_schema(mode="validation")
        except _NO_SCHEMA:
            return None
        self._types[name] = annotation
        self.entries[name] = self._portable(schema)
        self._locate(annotation)
        return name

    def source(self, place: Place) -> ir.Source:
        """A place as the IR has it."""
        place = self._sources.in_characters(place)
        return ir.Source(
            file=self._sources.relative(place.file),
            line=place.line,
            column=place.column,
            end_line=place.end_line,
            end_column=place.end_column,
        )

    def _portable(self, schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
        # Pydantic tells records of one name apart by their modules, which carry the package's name.
        text = json.dumps(numbers.schema(schema))
        found: dict[str, JsonValue] = json.loads(
            text.replace(f"{self._package}__", "").replace(f"{self._package}.", "")
        )
        return found

    def _locate(self, annotation: object) -> None:
        """Find where the records inside a type are written, and their fields."""
        annotation = without_metadata(annotation)
        for argument in typing.get_args(annotation):
            self._locate(argument)
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return
        if annotation.__name__ in self.places:
            return
        found = self._sources.class_(annotation)
        if found is None:
            return
        filename, syntax = found
        self.places[annotation.__name__] = self.source(self._sources.name_place(filename, syntax))
        for name, info in annotation.model_fields.items():
            self._locate(info.annotation)
            self._locate_field(annotation, name, info.alias or name)

    def _locate_field(self, record: type[BaseModel], name: str, on_the_wire: str) -> None:
        for base in record.__mro__:
            found = self._sources.class_(base)
            for part in found[1].body if found else ():
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id == name:
                    place = self._sources.place(found[0] if found else "", part)
                    self.places[f"{record.__name__}.{on_the_wire}"] = self.source(place)
                    return


def wire_name(record: object, field: str) -> str:
    """The name on the wire of a field that an author names by its attribute; what is no field stays as it is."""
    known = getattr(without_metadata(record), "model_fields", {})
    return known[field].alias or field if field in known else field


def _same(one: object, other: object) -> bool:
    return one is other or bool(one == other)
