"""Simpler inputs: from a JSON value to those that are a step simpler, the simplest first.

They are tried many at once, since each trial is a set of processes. Simpler is what has fewer characters of JSON, and
of two with as many the one that comes first as text, so that the search ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

from pydantic import JsonValue

MOST = 60

T = TypeVar("T")


def simpler(value: JsonValue) -> list[JsonValue]:
    """At most `MOST` values that are simpler than a value, the simplest first; not all of them fit its type."""
    bound = weight(value)
    found = {weight(one): one for one in _steps(value) if weight(one) < bound}
    return [found[key] for key in sorted(found)][:MOST]


def weight(value: JsonValue) -> tuple[int, str]:
    """What values are ordered by: the lighter one is the simpler."""
    text = json.dumps(value)
    return len(text), text


def _steps(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        for name in value:
            yield {key: item for key, item in value.items() if key != name}
        for name, item in value.items():
            yield from ({**value, name: step} for step in _steps(item))
    elif isinstance(value, list):
        yield from _shorter(value)
        for at, item in enumerate(value):
            yield from ([*value[:at], step, *value[at + 1 :]] for step in _steps(item))
    elif isinstance(value, str):
        yield from ("".join(part) for part in _shorter(list(value)))
        yield from ("a" * len(value), "0" * len(value), "".join(c if c.isascii() else "a" for c in value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (0, 1, int(value), int(value) // 2) if abs(value) < 1e18 else (0, 1)


def _shorter(items: list[T]) -> Iterator[list[T]]:
    """Without all, without a half, without each one."""
    half = len(items) // 2
    yield from ([], items[:half], items[half:])
    yield from (items[:at] + items[at + 1 :] for at in range(min(len(items), 20)))
