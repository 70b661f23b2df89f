"""Queue triggers: `queue("jobs", accepts=Job)` starts a run for each record of a queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from flowlattice.durations import seconds
from flowlattice.language.triggers import Trigger
from flowlattice.record import Record

T = TypeVar("T", bound=Record)
T_co = TypeVar("T_co", bound=Record, covariant=True)


@dataclass(frozen=True, kw_only=True)
class QueueTrigger(Trigger[T_co], Generic[T_co]):
    """A queue whose records start runs. Built by `queue`."""

    name: str
    accepts: type[T_co]
    visibility_timeout: timedelta
    max_deliveries: int
    idle: timedelta | None

    @property
    def emits(self) -> type[T_co]:
        """The record that the queue holds."""
        return self.accepts


def queue(
    name: str,
    *,
    accepts: type[T],
    visibility_timeout: timedelta = seconds(30),  # noqa: B008 - a constant
    max_deliveries: int = 5,
    idle: timedelta | None = None,
) -> QueueTrigger[T]:
    """The records of a queue.

    Args:
        name: The queue's name.
        accepts: The record that each message holds as JSON; what does not fit goes to `rejected`.
        visibility_timeout: How long a delivery is hidden from others before it is delivered again.
        max_deliveries: How often it is delivered at most.
        idle: After this long without a record, the queue no longer holds the watermark back; never by default.
    """
    return QueueTrigger(
        name=name,
        accepts=accepts,
        visibility_timeout=visibility_timeout,
        max_deliveries=max_deliveries,
        idle=idle,
    )
