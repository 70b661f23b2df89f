"""`Distinct`: of several records with one key, the first goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from flowlattice.language.ports import Step, calling_place

T = TypeVar("T")


class Distinct(Step[T, T]):
    """The first record of each key goes on, the others end here: `Distinct(Click, by="event_id", within=hours(1))`.

    Args:
        record: What goes through.
        by: The field, or fields, that tell records apart.
        within: How long a key is remembered.
        name: Its name in the graph.
    """

    def __init__(self, record: type[T], *, by: str | Sequence[str], within: timedelta, name: str = "distinct") -> None:
        self.record = record
        self.by = (by,) if isinstance(by, str) else tuple(by)
        self.within = within
        self.name = name
        self.place = calling_place()
