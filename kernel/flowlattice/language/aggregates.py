"""`Aggregate`: the records of a window become one for each key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from flowlattice.language.ports import Place, Step, calling_place
from flowlattice.record import Record

T = TypeVar("T")
O = TypeVar("O", bound=Record)  # noqa: E741 - the field's usual name for an output type
A = TypeVar("A")

Operation = Literal["sum", "count", "min", "max", "avg", "fold"]

WINDOW_START = "window_start"
WINDOW_END = "window_end"


@dataclass(frozen=True, kw_only=True)
class AggregateFunction:
    """One number, or whatever a fold makes, of the records of a group.

    Attributes:
        op: What is done.
        field: Of which field; none for a count and a fold, which see the whole record.
        as_: The field of the result.
        initial: Of a fold: what it begins with.
        step: Of a fold: what comes next, of what was and one more record.
    """

    op: Operation
    as_: str
    field: str | None = None
    initial: object = None
    step: Callable[..., object] | None = None


class Aggregate(Step[T, O]):
    """One record for each key of each window.

    `Aggregate.by_key(Log, "customer_id", into=Traffic).sum("bytes").count(as_="events")` fills the fields of `Traffic`
    by name: the key, what the functions give, and `window_start` and `window_end` where it has them (datetimes, or
    whole seconds since 1970 in UTC). Each function gives a new aggregate; what is connected is the last one.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - built by `by_key`; the parts of an aggregate
        self,
        record: type[T],
        into: type[O],
        keys: tuple[str, ...],
        functions: tuple[AggregateFunction, ...],
        name: str,
        place: Place,
    ) -> None:
        self.record = record
        self.into = into
        self.keys = keys
        self.functions = functions
        self.name = name
        self.place = place

    @classmethod
    def by_key(cls, record: type[T], *keys: str, into: type[O], name: str = "aggregate") -> Aggregate[T, O]:
        """Group by fields.

        Args:
            record: What goes in.
            keys: The fields that make a group; one group for all without any.
            into: What comes out.
            name: Its name in the graph.
        """
        return Aggregate(record, into, keys, (), name, calling_place())

    def sum(self, field: str, *, as_: str | None = None) -> Aggregate[T, O]:
        """The sum of a field of numbers, into the field of the same name or `as_`."""
        return self._with(AggregateFunction(op="sum", field=field, as_=as_ or field))

    def count(self, *, as_: str = "count") -> Aggregate[T, O]:
        """How many records there are."""
        return self._with(AggregateFunction(op="count", as_=as_))

    def min(self, field: str, *, as_: str | None = None) -> Aggregate[T, O]:
        """The smallest value of a field of numbers, times or texts."""
        return self._with(AggregateFunction(op="min", field=field, as_=as_ or field))

    def max(self, field: str, *, as_: str | None = None) -> Aggregate[T, O]:
        """The largest value of a field of numbers, times or texts."""
        return self._with(AggregateFunction(op="max", field=field, as_=as_ or field))

    def avg(self, field: str, *, as_: str | None = None) -> Aggregate[T, O]:
        """The mean of a field of numbers: a decimal of decimals, a float of all others."""
        return self._with(AggregateFunction(op="avg", field=field, as_=as_ or field))

    def fold(self, as_: str, initial: A, step: Callable[[A, T], A]) -> Aggregate[T, O]:
        """What a pure function makes of the records, one after the other: `.fold("urls", (), add_url)`.

        Args:
            as_: The field of the result.
            initial: What a group begins with.
            step: What comes next, of what was and one more record.
        """
        return self._with(AggregateFunction(op="fold", as_=as_, initial=initial, step=step))

    def _with(self, function: AggregateFunction) -> Aggregate[T, O]:
        return Aggregate(self.record, self.into, self.keys, (*self.functions, function), self.name, self.place)
