"""Whether two results of a node are the same within the tolerance that it declares for replays.

With no tolerance they have to be the same to the letter. Otherwise texts may differ in a share of their words: the
least number of words to insert, delete or replace (Levenshtein 1966) over the words of the longer one. Numbers may
differ by that share of the larger one. What has parts is compared part by part, and what is streamed, a list of
records, field by field: its texts as the one text that they make together, since where a stream is cut into pieces
means nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from pydantic import JsonValue


def within_tolerance(one: JsonValue, other: JsonValue, tolerance: Decimal) -> bool:
    """Whether two results are the same within a share from 0 to 1."""
    if tolerance == 0:
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    if isinstance(one, list) and isinstance(other, list):
        return _lists(one, other, tolerance)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(within_tolerance(one[name], other[name], tolerance) for name in one)
    if isinstance(one, str) and isinstance(other, str):
        return _texts(one, other, tolerance)
    if _is_number(one) and _is_number(other):
        first, second = (Decimal(str(value)) for value in (one, other))
        return abs(first - second) <= tolerance * max(abs(first), abs(second))
    return _kind(one) == _kind(other) and one == other


def _lists(one: list[JsonValue], other: list[JsonValue], tolerance: Decimal) -> bool:
    if all(isinstance(item, dict) for item in (*one, *other)):
        first, second = (_columns(cast("list[dict[str, JsonValue]]", items)) for items in (one, other))
        return within_tolerance(first, second, tolerance)
    if all(isinstance(item, str) for item in (*one, *other)):
        return _texts("".join(map(str, one)), "".join(map(str, other)), tolerance)
    return len(one) == len(other) and all(
        within_tolerance(first, second, tolerance) for first, second in zip(one, other, strict=True)
    )


def _columns(items: list[dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """What all items have under each name; what is null is not there."""
    names = sorted({name for item in items for name, value in item.items() if value is not None})
    return {name: [item[name] for item in items if item.get(name) is not None] for name in names}


def _texts(one: str, other: str, tolerance: Decimal) -> bool:
    first, second = one.split(), other.split()
    longest = max(len(first), len(second))
    return _distance(first, second) <= math.floor(tolerance * longest)


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, 1):
        before, row[0] = row[0], number
        for column, against in enumerate(other, 1):
            cost = before + (word != against)
            before = row[column]
            row[column] = min(cost, row[column] + 1, row[column - 1] + 1)
    return row[-1]


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: JsonValue) -> str:
    """Numbers are one kind, true and false another."""
    return "number" if _is_number(value) else type(value).__name__
