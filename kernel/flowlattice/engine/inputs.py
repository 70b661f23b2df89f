"""What comes in becomes a record, or a list of problems in our own words; values never appear in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails, from_json

from flowlattice.engine.reply import json_bytes
from flowlattice.errors import FlowlatticeError
from flowlattice.record import Record

BODY: Final = "body"
REQUEST: Final = "request"
"""What is blamed where no field is known to be."""
MAX_PROBLEMS: Final = 100

_NAME_END: Final = re.compile(r"[.\[]")

ProblemKind = Literal["missing", "type", "value"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why input is invalid.

    Attributes:
        field: Where it is, as people write it: `lines[0].qty`; `body` for the body as a whole.
        name: The record's field that holds it: `lines`.
        kind: Whether the field is missing, of the wrong type, or of a value that is not allowed.
        reason: What is wrong, without what was sent.
    """

    field: str
    name: str
    kind: ProblemKind
    reason: str


class RejectedInput(FlowlatticeError):
    """Input that does not fit the trigger's record; every problem, in the order of the fields' declaration."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.field} {problem.reason}" for problem in problems))


class InputReader:
    """Reads records of one type."""

    def __init__(self, accepts: type[Record]) -> None:
        self._validator = accepts.__pydantic_validator__
        self._schema = accepts.model_json_schema(by_alias=True, mode="validation")
        properties = self._schema.get("properties", {})
        self._order = {name: position for position, name in enumerate(properties)}

    def from_json(self, text: bytes) -> Record:
        """The record that a JSON object is; no text at all is an empty object.

        Raises:
            RejectedInput: It is not JSON, not an object, or not such a record.
        """
        try:
            record: Record = self._validator.validate_json(text or b"{}", by_alias=True, by_name=False)
        except ValidationError as error:
            raise RejectedInput(self._problems(error)) from None
        return record

    def from_line(self, text: bytes) -> Record:
        """The record that a JSON document is; where its only field is the whole body, that document.

        Raises:
            RejectedInput: It is not JSON, or not such a record.
        """
        properties = self._schema.get("properties", {})
        only = next(iter(properties)) if len(properties) == 1 else None
        if only is None or properties[only].get("x-in") != "body":
            return self.from_json(text)
        return self.from_values({only: json_value(text)}, [])

    def from_values(self, values: Mapping[str, JsonValue], problems: list[Problem]) -> Record:
        """The record that has these members, some of which were found invalid before.

        Raises:
            RejectedInput: They are not such a record; all problems together.
        """
        try:
            record: Record = self._validator.validate_json(json_bytes(values), by_alias=True, by_name=False)
        except ValidationError as error:
            raise self.rejected([*problems, *self._problems(error)]) from None
        if problems:
            raise self.rejected(problems)
        return record

    def rejected(self, problems: Iterable[Problem]) -> RejectedInput:
        """Problems that were found before validation, in the order of declaration, each field once."""
        first: dict[str, Problem] = {}
        for problem in sorted(problems, key=self._position):
            first.setdefault(problem.field, problem)
        return RejectedInput(list(first.values())[:MAX_PROBLEMS])

    def _problems(self, error: ValidationError) -> list[Problem]:
        details = error.errors(include_url=False, include_input=False)
        return self.rejected(self._problem(detail) for detail in details).problems

    def _problem(self, detail: ErrorDetails) -> Problem:
        field, leaf, is_whole = self._walk(detail["loc"])
        kind, reason = _WORDS.get(detail["type"], _NOT_VALID)(detail.get("ctx", {}), leaf)
        if not is_whole:  # one of several alternatives, none of which fits
            kind, reason = "type", "is of none of the types it may have"
        own = leaf.get("x-reason")
        if kind == "value" and isinstance(own, str):
            reason = own
        return Problem(
            field=field or BODY, name=str(detail["loc"][0]) if detail["loc"] else BODY, kind=kind, reason=reason
        )

    def _walk(self, location: tuple[int | str, ...]) -> tuple[str, Mapping[str, JsonValue], bool]:
        """Follow a location through the schema: the path, the schema it leads to, and whether all of it was a path."""
        path, here = "", self._resolve(self._schema)
        for part in location:
            properties, items = here.get("properties"), here.get("items")
            if isinstance(part, int) and isinstance(items, dict):
                path, here = f"{path}[{part}]", self._resolve(items)
            elif isinstance(part, str) and isinstance(properties, dict) and part in properties:
                path = f"{path}.{part}" if path else part
                here = self._resolve(properties[part])
            elif isinstance(part, int | str) and "additionalProperties" in here:
                return path, here, True
            else:
                return path, here, False
        return path, here, True

    def _resolve(self, schema: JsonValue) -> Mapping[str, JsonValue]:
        if not isinstance(schema, dict):
            return {}
        beside = {name: value for name, value in schema.items() if name.startswith("x-")}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return {**self._resolve(self._schema["$defs"][reference.rpartition("/")[2]]), **beside}
        alternatives = schema.get("anyOf")
        if isinstance(alternatives, list):
            some = [one for one in alternatives if isinstance(one, dict) and one.get("type") != "null"]
            if len(some) == 1:
                return {**self._resolve(some[0]), **beside}
        return schema

    def _position(self, problem: Problem) -> int:
        return self._order.get(problem.name, len(self._order))


def invalid_field(field: str, reason: str) -> Problem:
    """What a node says about a field; `field` may be a path such as `lines[0].qty`."""
    return Problem(field=field, name=_NAME_END.split(field, maxsplit=1)[0], kind="value", reason=reason)


def json_value(text: bytes) -> JsonValue:
    """A JSON value.

    Raises:
        RejectedInput: It is not JSON.
    """
    try:
        value: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise RejectedInput([NOT_JSON]) from None
    return value


def json_object(text: bytes) -> dict[str, JsonValue]:
    """The members of a JSON object; no text at all is an empty object.

    Raises:
        RejectedInput: It is not JSON or not an object.
    """
    value = json_value(text or b"{}")
    if not isinstance(value, dict):
        raise RejectedInput([NOT_AN_OBJECT])
    return value


NOT_JSON: Final = Problem(field=BODY, name=BODY, kind="type", reason="is not valid JSON")
NOT_AN_OBJECT: Final = Problem(field=BODY, name=BODY, kind="type", reason="must be an object")

_Context = Mapping[str, object]
_Leaf = Mapping[str, JsonValue]
_Wording = Callable[[_Context, _Leaf], tuple[ProblemKind, str]]


def _says(kind: ProblemKind, reason: str) -> _Wording:
    return lambda _context, _leaf: (kind, reason)


def _bound(reason: str, name: str) -> _Wording:
    return lambda context, _leaf: ("value", f"{reason} {_shown(context.get(name))}")


def _shown(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _at_least(unit: str) -> _Wording:
    def words(context: _Context, _leaf: _Leaf) -> tuple[ProblemKind, str]:
        least = context.get("min_length")
        return "value", "must not be empty" if least == 1 else f"must have at least {least} {unit}s"

    return words


def _at_most(unit: str) -> _Wording:
    def words(context: _Context, _leaf: _Leaf) -> tuple[ProblemKind, str]:
        most = context.get("max_length")
        return "value", f"must have at most {most} {unit}{'' if most == 1 else 's'}"

    return words


def _choice(context: _Context, leaf: _Leaf) -> tuple[ProblemKind, str]:
    choices = leaf.get("enum")
    if not isinstance(choices, list):
        choices = [leaf["const"]] if "const" in leaf else []
    names = ", ".join(str(choice) for choice in choices)
    return "value", f"must be one of {names}" if len(choices) > 1 else f"must be {names}" if names else "is not valid"


_TEXT, _WHOLE, _NUMBER = (
    _says("type", "must be text"),
    _says("type", "must be a whole number"),
    _says("type", "must be a number"),
)
_TRUTH, _LIST, _OBJECT = (
    _says("type", "must be true or false"),
    _says("type", "must be a list"),
    _says("type", "must be an object"),
)
_DATE = _says("type", "must be a date such as 2026-01-31")
_TIME = _says("type", "must be a time such as 13:45:00")
_MOMENT = _says("type", "must be a date and time such as 2026-01-31T13:45:00Z")
_NOT_VALID: Final = _says("value", "is not valid")

_WORDS: Final[Mapping[str, _Wording]] = {
    "missing": _says("missing", "is required"),
    "json_invalid": _says("type", "is not valid JSON"),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _says("value", "is too large"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _says("value", "must be a finite number"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "time_type": _TIME,
    "time_parsing": _TIME,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "uuid_type": _says("type", "must be a UUID"),
    "uuid_parsing": _says("type", "must be a UUID"),
    "literal_error": _choice,
    "enum": _choice,
    "greater_than": _bound("must be more than", "gt"),
    "greater_than_equal": _bound("must be at least", "ge"),
    "less_than": _bound("must be less than", "lt"),
    "less_than_equal": _bound("must be at most", "le"),
    "multiple_of": _bound("must be a multiple of", "multiple_of"),
    "string_too_short": _at_least("character"),
    "string_too_long": _at_most("character"),
    "too_short": _at_least("item"),
    "too_long": _at_most("item"),
    "string_pattern_mismatch": _says("value", "does not have the form it must have"),
    "none_required": _says("type", "must be null"),
}
