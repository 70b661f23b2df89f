"""Where the fields of an accepted record come from: the path, the query, a header, a form or a JSON body, and how text
is read.

A function of a trigger and its schema; the reading itself is a host's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from flowlattice.errors import FlowlatticeError
from flowlattice.ir import model as ir

TextKind = Literal["text", "whole_number", "number", "boolean"]
Origin = Literal["path", "query", "header", "form", "body", "whole", "session"]

_PARAMETER = re.compile(r"\{(\w+)\}")
_KINDS: Mapping[str, TextKind] = {
    "string": "text",
    "integer": "whole_number",
    "number": "number",
    "boolean": "boolean",
}


class UnreadableField(FlowlatticeError):
    """A field that cannot come from where the route would take it from."""


class UnboundParameter(UnreadableField):
    """A parameter of the path that is no field of the accepted record."""


class FieldSource(BaseModel):
    """Where one field comes from.

    Attributes:
        name: Its name on the wire.
        origin: Path parameter, query parameter, header, form field, member of the JSON body, the `whole` of it, or the
            cookie of the `session`.
        kind: How its text is read; `text` also stands for dates and choices, which validation reads.
        many: Whether it is a list, made of all parameters of that name.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    origin: Origin
    kind: TextKind = "text"
    many: bool = False


def field_sources(trigger: ir.Trigger, schema: JsonValue) -> tuple[FieldSource, ...]:
    """The sources of all fields of a record, in the order of their declaration.

    Raises:
        UnboundParameter: A parameter of the path is no field.
        UnreadableField: A field would have to be read from text and is neither text, a number, a boolean nor a list
            of them.

    """
    properties = schema.get("properties") if isinstance(schema, dict) else None
    fields = properties if isinstance(properties, dict) else {}
    parameters = _PARAMETER.findall(trigger.path or "")
    unknown = [name for name in parameters if name not in fields]
    if fields and unknown:
        raise UnboundParameter(f"{trigger.path}: the accepted record has no field {unknown[0]}")
    placed = {name: field.get("x-in") if isinstance(field, dict) else None for name, field in fields.items()}
    wholes = [name for name, place in placed.items() if place == "body"]
    if wholes and (len(wholes) > 1 or trigger.body != "json"):
        raise UnreadableField(f"field {wholes[-1]} cannot be the whole body: {_WHY_NOT_WHOLE[len(wholes) > 1]}")
    rest: Origin = "query" if trigger.body is None or wholes else trigger.body if trigger.body == "form" else "body"
    found = []
    for name, field in fields.items():
        origin = _PLACES.get(str(placed[name]), "path" if name in parameters else rest)
        kind, many = ("text", False) if origin in {"body", "whole"} else _reading(name, field, schema, origin)
        if origin == "session" and (kind != "text" or many):
            raise UnreadableField(f"field {name} cannot be the id of a session: that is text")
        found.append(FieldSource(name=name, origin=origin, kind=kind, many=many))
    return tuple(found)


_PLACES: Mapping[str, Origin] = {"header": "header", "body": "whole", "session": "session"}
_WHY_NOT_WHOLE = {True: "another field is, too", False: "the route has no JSON body"}


def _reading(name: str, field: JsonValue, schema: JsonValue, origin: str) -> tuple[TextKind, bool]:
    shape = _shape(field, schema)
    if shape.get("type") == "array" and origin != "path":
        kind = _kind(_shape(shape.get("items"), schema))
        many = True
    else:
        kind, many = _kind(shape), False
    if kind is None:
        raise UnreadableField(f"field {name} cannot be read from the {origin}: its type has no form as text")
    return kind, many


def _shape(field: JsonValue, schema: JsonValue) -> dict[str, JsonValue]:
    """A field's schema without reference and without the alternative null."""
    if not isinstance(field, dict):
        return {}
    reference = field.get("$ref")
    if isinstance(reference, str) and isinstance(schema, dict):
        definitions = schema.get("$defs")
        known = definitions.get(reference.rpartition("/")[2]) if isinstance(definitions, dict) else None
        return _shape(known, schema)
    alternatives = field.get("anyOf")
    if isinstance(alternatives, list):
        shapes = [shape for one in alternatives if (shape := _shape(one, schema)).get("type") != "null"]
        if len(shapes) == 1:
            return shapes[0]
        kinds = {_kind(shape) for shape in shapes}
        # Several readings are possible: text keeps what was sent, a number covers the whole numbers.
        if None not in kinds:
            return {"type": "string" if kinds & {"text", "boolean"} else "number"}
        return {}
    return field


def _kind(shape: Mapping[str, JsonValue]) -> TextKind | None:
    named = shape.get("type")
    if isinstance(named, str):
        return _KINDS.get(named)
    choices = shape.get("enum", [shape["const"]] if "const" in shape else None)
    if isinstance(choices, list) and choices:
        if all(isinstance(choice, str) for choice in choices):
            return "text"
        if all(isinstance(choice, int) and not isinstance(choice, bool) for choice in choices):
            return "whole_number"
    return None
