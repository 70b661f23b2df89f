"""How the fields of a request are read, and what is wrong with them: the simulator's half of the host's reading.

Of the items of a list, and of the members of a record inside of one, only the first problem is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from flowlattice_agents.patterns import matches
from flowlattice_agents.spec import FieldSpec, FlowSpec, RecordSpec

ProblemKind = Literal["missing", "type", "value"]
_ABSENT = object()


@dataclass(frozen=True)
class FieldProblem:
    """Why a field of a request is invalid; `place` is where inside of it (`[0].qty`), the first one there."""

    name: str
    kind: ProblemKind
    reason: str
    place: str = ""


@dataclass
class ReadValues:
    """The values of a record by field name, and what is wrong with those that cannot be."""

    values: dict[str, object] = field(default_factory=dict)
    problems: list[FieldProblem] = field(default_factory=list)


class Text(str):
    """A value from a path, a query or a form: text from which numbers, dates and booleans are read."""

    __slots__ = ()


def read_record(spec: FlowSpec, record: RecordSpec, given: Mapping[str, object]) -> ReadValues:
    """Read a record from values by name on the wire; what is text is a `Text` where it may stand for something else."""
    read = ReadValues()
    for member in record.fields:
        value = given.get(member.wire_name, _ABSENT)
        if value is _ABSENT:
            if member.required:
                read.problems.append(FieldProblem(member.name, "missing", "is required"))
            default = member.default
            read.values[member.name] = (
                date.fromisoformat(default) if member.type == "date" and isinstance(default, str) else default
            )
            continue
        if value is None and (member.nullable or (not member.required and member.default is None)):
            read.values[member.name] = None
            continue
        found = _read_value(spec, member.type, value)
        problem = _type_problem(member, found) or _value_problem(member, found)
        if problem is not None:
            read.problems.append(problem)
        read.values[member.name] = found
    return read


def _type_problem(member: FieldSpec, found: object) -> FieldProblem | None:
    if isinstance(found, _Misfit):
        named = "list" if member.type.startswith("list[") else member.type
        reason = found.reason or f"must be {_KINDS.get(named, 'an object')}"
        return FieldProblem(member.name, found.kind, reason, found.place)
    return None


_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "list": "a list",
}


@dataclass(frozen=True)
class _Misfit:
    kind: ProblemKind = "type"
    reason: str = ""
    place: str = ""


def _read_value(spec: FlowSpec, type_name: str, value: object) -> object:
    wrapped = re.fullmatch(r"list\[(.+)\]", type_name)
    if wrapped:
        if not isinstance(value, list):
            return _Misfit()
        items = [_read_value(spec, wrapped[1], item) for item in value]
        for index, item in enumerate(items):
            if isinstance(item, _Misfit):
                reason = item.reason or f"must be {_KINDS.get(wrapped[1], 'an object')}"
                return replace(item, reason=reason, place=f"[{index}]{item.place}")
        return items
    table = re.fullmatch(r"map\[(?:string, ?)?(.+)\]", type_name)
    if table:
        if not isinstance(value, Mapping):
            return _Misfit()
        entries = {key: _read_value(spec, table[1], item) for key, item in value.items()}
        misfit = next((item for item in entries.values() if isinstance(item, _Misfit)), None)
        if misfit is None:
            return entries
        return replace(misfit, reason=misfit.reason or f"must be {_KINDS.get(table[1], 'an object')}")
    record = spec.record(type_name)
    if record is not None:
        if not isinstance(value, Mapping):
            return _Misfit()
        inner = read_record(spec, record, value)
        first = next(iter(inner.problems), None)
        if first is None:
            return inner.values
        return _Misfit(first.kind, first.reason, f".{wire_name(record, first.name)}{first.place}")
    return _read_scalar(type_name, value)


def _read_scalar(type_name: str, value: object) -> object:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Text):
        value = value[0]
    if isinstance(value, list) and any(isinstance(item, Text) for item in value):
        return _Misfit("value", "is given more than once")
    if isinstance(value, Text) and type_name != "string":
        value = _parsed(type_name, value)
    if type_name == "string":
        return str(value) if isinstance(value, str) else _Misfit()
    if type_name == "boolean":
        return value if isinstance(value, bool) else _Misfit()
    if type_name == "integer":
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else _Misfit()
    if type_name == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else _Misfit()
    return _parsed_date(value)


def _parsed(type_name: str, text: str) -> object:
    if type_name == "integer":
        return int(text) if re.fullmatch(r"[-+]?[0-9]{1,300}", text) else _Misfit()
    if type_name == "number":
        return (
            _number(text) if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text) else _Misfit()
        )
    if type_name == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, _Misfit())
    return str(text)


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"[-+]?[0-9]{1,14}", text) else float(text)


def _parsed_date(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return _Misfit()
    try:
        return date.fromisoformat(value)
    except ValueError:
        return _Misfit()


def _value_problem(member: FieldSpec, value: object) -> FieldProblem | None:
    place, reason = next(_violations(member, value), ("", None))
    return FieldProblem(member.name, "value", member.reason or reason, place) if reason else None


def _violations(member: FieldSpec, value: object) -> Iterator[tuple[str, str]]:
    """Where and why a value, or an item of a list, is not allowed."""
    if not isinstance(value, list):
        yield from (("", reason) for reason in _item_violations(member, value))
        return
    for index, item in enumerate(value):
        yield from ((f"[{index}]", reason) for reason in _item_violations(member, item))
    yield from (("", reason) for reason in _size_violations(len(value), member.min_items, member.max_items, "item"))


def _item_violations(member: FieldSpec, item: object) -> Iterator[str]:
    if member.choices and item not in member.choices:
        few = len(member.choices) == 1
        yield f"must be {'' if few else 'one of '}{', '.join(map(str, member.choices))}"
    if isinstance(item, int | float) and not isinstance(item, bool):
        yield from _bound_violations(member, item)
    if isinstance(item, str):
        yield from _size_violations(len(item), member.min_length, member.max_length, "character")
        if member.pattern and not matches(member.pattern, item):
            yield "does not have the form it must have"


def _bound_violations(member: FieldSpec, value: float) -> Iterator[str]:
    if member.minimum is not None and value < member.minimum:
        yield f"must be at least {member.minimum}"
    if member.maximum is not None and value > member.maximum:
        yield f"must be at most {member.maximum}"
    if member.exclusive_minimum is not None and value <= member.exclusive_minimum:
        yield f"must be more than {member.exclusive_minimum}"
    if member.exclusive_maximum is not None and value >= member.exclusive_maximum:
        yield f"must be less than {member.exclusive_maximum}"


def _size_violations(size: int, least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least is not None and size < least:
        yield "must not be empty" if least == 1 else f"must have at least {least} {unit}s"
    if most is not None and size > most:
        yield f"must have at most {most} {unit}{'' if most == 1 else 's'}"


def wire_name(record: RecordSpec | None, name: str) -> str:
    """The name on the wire of a record's field; what is no field is called as it is."""
    member = record.field(name) if record else None
    return member.wire_name if member else name
