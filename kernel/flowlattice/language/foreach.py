"""`ForEach`: one record becomes many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flowlattice.language.ports import Step, calling_place, name_of

T = TypeVar("T")
U = TypeVar("U")


class ForEach(Step[T, U]):
    """Each item that a pure function makes of a record goes on by itself: `ForEach(lines_of, concurrency=8)`.

    Args:
        split: The items of a record, in order.
        concurrency: How many items may be under way at once; as many as the host allows by default.
        name: Its name in the graph; the function's by default.
    """

    def __init__(
        self, split: Callable[[T], Sequence[U]], *, concurrency: int | None = None, name: str | None = None
    ) -> None:
        self.function = split
        self.concurrency = concurrency
        self.name = name or name_of(split, "foreach")
        self.place = calling_place()
