"""Reading values from the text of paths, queries and forms, strictly.

| kind | text |
|---|---|
| whole number | `[+-]?[0-9]+` |
| number | the same, or with a decimal point and an exponent: `1.5`, `.5`, `2e-3`; finite |
| boolean | `true`, `false`, `1`, `0` |
| text | any UTF-8 text, also for dates and choices, which the record's own validation reads |

A list is made of all parameters of its name, in their order; anything else may be given once. A parameter that is not
there is an absent field; one that is there and empty is the empty text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from pydantic import JsonValue

from flowlattice.engine.inputs import Problem
from flowlattice.plan import FieldSource

MAX_PARAMETERS = 1000

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_MAX_DIGITS = 4000  # the interpreter refuses to read longer ones


def pairs(encoded: bytes) -> list[tuple[str, str]]:
    """The parameters of a query string or a form; bytes that are no UTF-8 come out as lone surrogates.

    Raises:
        ValueError: There are more than `MAX_PARAMETERS`.
    """
    text = encoded.decode("utf-8", "surrogateescape")
    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_PARAMETERS)


def read_fields(
    sources: Iterable[FieldSource], given: Mapping[str, list[str]]
) -> tuple[dict[str, JsonValue], list[Problem]]:
    """The JSON values of fields from text, and what is wrong with those that have none.

    Args:
        sources: The fields to read.
        given: All parameters by name, each with its values in order.
    """
    values: dict[str, JsonValue] = {}
    problems: list[Problem] = []
    for source in sources:
        texts = given.get(source.name)
        if texts is None:
            continue
        if len(texts) > 1 and not source.many:
            problems.append(_problem(source, "value", "is given more than once"))
            continue
        read: list[JsonValue] = []
        for index, text in enumerate(texts):
            value, reason = _read(source, text)
            if reason is not None:
                place = f"[{index}]" if source.many else ""
                problems.append(_problem(source, "value" if reason in _VALUES else "type", reason, place))
                break
            read.append(value)
        else:
            values[source.name] = read if source.many else read[0]
    return values, problems


_TOO_LARGE = "is too large"
_NOT_FINITE = "must be a finite number"
_VALUES = frozenset({_TOO_LARGE, _NOT_FINITE})


def _read(source: FieldSource, text: str) -> tuple[JsonValue, str | None]:
    match source.kind:
        case "text":
            return (text, None) if text.isascii() or _is_unicode(text) else (None, "must be UTF-8 text")
        case "boolean":
            return (_TRUTHS[text], None) if text in _TRUTHS else (None, "must be true or false")
        case "whole_number":
            if not _WHOLE.fullmatch(text):
                return None, "must be a whole number"
            return (int(text), None) if len(text) < _MAX_DIGITS else (None, _TOO_LARGE)
        case "number":
            if not _NUMBER.fullmatch(text):
                return None, "must be a number"
            if _WHOLE.fullmatch(text) and len(text) < 16:  # whole below 2^53: no float needed to be exact
                return int(text), None
            value = float(text)
            return (value, None) if math.isfinite(value) else (None, _NOT_FINITE)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _problem(source: FieldSource, kind: str, reason: str, place: str = "") -> Problem:
    return Problem(
        field=f"{source.name}{place}",
        name=source.name,
        kind="value" if kind == "value" else "type",
        reason=reason,
    )
