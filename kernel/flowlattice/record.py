"""Records: what flows through ports. A record is a frozen pydantic model whose every field has a data class.

Validation is strict (text is no number, true is no integer), unknown fields are dropped, NaN and infinities are
invalid. A record's JSON Schema carries each field's class as `x-data-class`; a field that has none is DATA101. The
records that it extends are listed as `x-extends`, and a field that is a header, the whole body or the
id of a session says so as `x-in`.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, JsonValue
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class DataClass(Enum):
    """How sensitive a field is, from least to most."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    PII = "pii"
    PAYMENT = "payment"
    SECRET = "secret"

    def __str__(self) -> str:
        return str(self.value)


class Record(BaseModel):
    """Base of every record: `class InReq(Record, data="public"): v: str`.

    The class argument `data` is the data class of each field that does not give its own with `field(data=...)`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )
    record_data_class: ClassVar[DataClass | None] = None

    def __init_subclass__(cls, *, data: DataClass | str | None = None, **options: Any) -> None:  # noqa: ANN401 - pydantic's own class options pass through
        super().__init_subclass__(**options)
        if data is not None:
            cls.record_data_class = DataClass(data)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        own = handler.resolve_ref_schema(schema)
        if cls.record_data_class is not None:
            for name, entry in own.get("properties", {}).items():
                own["properties"][name] = {"x-data-class": cls.record_data_class.value} | entry
        for name, info in cls.model_fields.items():
            if info.alias not in {None, name} and info.alias in own.get("properties", {}):
                own["properties"][info.alias]["x-name"] = name
        extended = [base.__name__ for base in cls.__mro__[1:] if issubclass(base, Record) and base is not Record]
        if extended:
            own["x-extends"] = extended
        return schema


class Empty(Record, data="public"):
    """What a trigger hands on that accepts nothing."""


def field(  # noqa: PLR0913 - one keyword per constraint a field can have
    *,
    data: DataClass | str | None = None,
    alias: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    reason: str | None = None,
    header: str | None = None,
    body: bool = False,
    session: bool = False,
) -> FieldInfo:
    """Constraints of one field, which stand in its `Annotated`.

    `times: Annotated[int, field(ge=1, le=20)]` is a whole number from 1 to 20.

    Args:
        data: Data class of this field instead of the record's.
        alias: Name on the wire where it is no Python name.
        ge: At least this (numbers).
        gt: More than this (numbers).
        le: At most this (numbers).
        lt: Less than this (numbers).
        min_length: At least so many characters or items.
        max_length: At most so many characters or items.
        pattern: RE2 expression that must be found in the text.
        reason: What a caller is told whose value does not fit ("must hold one @"); never the value itself.
        header: The field travels as this HTTP header, which is also its name on the wire.
        body: The field is the whole body instead of a member of it: a list, a text.
        session: The field is the id of the visitor's session, which the host takes from a cookie of its own: a key of a
            `SessionStore`. It is a secret where nothing else is said, and never part of an answer.

    Raises:
        ValueError: It would be in two places, or have two names on the wire.
    """
    if header is not None and (body or alias is not None):
        raise ValueError(f"the field of header {header} is named after it and is not the body")
    if session and (header is not None or body):
        raise ValueError("the id of a session is neither a header nor the body")
    alias = alias if header is None else header
    extra: dict[str, JsonValue] = {}
    if header is not None or body or session:
        extra["x-in"] = "session" if session else "body" if body else "header"
    if data is not None or session:
        extra["x-data-class"] = DataClass(data or DataClass.SECRET).value
    if reason is not None:
        extra["x-reason"] = reason
    given = {
        "alias": alias,
        "ge": ge,
        "gt": gt,
        "le": le,
        "lt": lt,
        "min_length": min_length,
        "max_length": max_length,
        "pattern": pattern,
    }
    present: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    info: FieldInfo = Field(json_schema_extra=dict(extra) or None, **present)
    return info


def placed(info: FieldInfo) -> Literal["header", "body", "session"] | None:
    """Where a field travels over HTTP if it is no member like others: a header, the whole body, a session's cookie."""
    extra = info.json_schema_extra
    place = extra.get("x-in") if isinstance(extra, dict) else None
    match place:
        case "header" | "body" | "session":
            return place
        case _:
            return None
