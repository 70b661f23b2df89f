"""Kafka triggers: `kafka("clicks", accepts=Click)` starts a run for each record of a topic."""

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
class KafkaTrigger(Trigger[T_co], Generic[T_co]):
    """A topic whose records start runs. Built by `kafka`."""

    topic: str
    accepts: type[T_co]
    group: str | None
    visibility_timeout: timedelta
    max_deliveries: int
    idle: timedelta | None

    @property
    def emits(self) -> type[T_co]:
        """The record that the topic holds."""
        return self.accepts


def kafka(  # noqa: PLR0913 - one keyword per property of a subscription
    topic: str,
    *,
    accepts: type[T],
    group: str | None = None,
    visibility_timeout: timedelta = seconds(30),  # noqa: B008 - a constant
    max_deliveries: int = 5,
    idle: timedelta | None = None,
) -> KafkaTrigger[T]:
    """The records of a topic, in the order of each of its partitions.

    Args:
        topic: Its name.
        accepts: The record that each message holds as JSON; what does not fit goes to `rejected`.
        group: The consumer group; the flow's name by default.
        visibility_timeout: After this long without an acknowledgement a record is delivered again.
        max_deliveries: How often it is delivered at most.
        idle: After this long without a record, a partition no longer holds the watermark back; never by default.
    """
    return KafkaTrigger(
        topic=topic,
        accepts=accepts,
        group=group,
        visibility_timeout=visibility_timeout,
        max_deliveries=max_deliveries,
        idle=idle,
    )
