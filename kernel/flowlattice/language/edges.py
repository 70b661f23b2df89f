"""Edges: how records travel from one element to the next, and what may wait on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flowlattice.language.ports import Element, Place, Side

Delivery = Literal["at_least_once", "at_most_once", "exactly_once"]
Ordering = Literal["ordered", "unordered"]
OnFull = Literal["backpressure", "drop_newest", "drop_oldest", "spill"]

DEFAULT_MAX_ITEMS = 64


@dataclass(frozen=True, kw_only=True)
class Spill:
    """Where records go that find the buffer full: `Spill(max_bytes=mib(64), blob="overflow")`.

    Attributes:
        max_bytes: At most so many bytes wait there.
        blob: The blob binding that holds them.
        bytes_per_second: They are written and read back no faster than this.
    """

    max_bytes: int | None = None
    blob: str | None = None
    bytes_per_second: int | None = None


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """An edge's buffer.

    Attributes:
        max_items: How many records wait in it.
        spill: Where more of them go.
        on_full: What happens when it is full: the producer waits (the default without a spill), a record is dropped,
            or it is spilled (the default with one).
    """

    max_items: int = DEFAULT_MAX_ITEMS
    spill: Spill | None = None
    on_full: OnFull | None = None


@dataclass(frozen=True, kw_only=True)
class EdgeControls:
    """What an author says about an edge; none where nothing is said."""

    delivery: Delivery | None = None
    ordering: Ordering | None = None
    buffer: Buffer | None = None
    timeout: timedelta | None = None

    def then(self, later: EdgeControls) -> EdgeControls:
        """These controls with what is said later, which counts."""
        return EdgeControls(
            delivery=later.delivery or self.delivery,
            ordering=later.ordering or self.ordering,
            buffer=self.buffer if later.buffer is None else later.buffer,
            timeout=self.timeout if later.timeout is None else later.timeout,
        )

    def names(self) -> tuple[str, ...]:
        """The controls that are given."""
        return tuple(name for name, value in vars(self).items() if value is not None)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """An edge as it was written: by `connect`, or, to say more about one that is there, by `edge`."""

    source: Element
    case: str | None
    target: Element
    into: Side | None
    controls: EdgeControls
    place: Place

    def joins(self, other: Connection) -> bool:
        """Whether both mean the same edge."""
        return (
            self.source is other.source
            and self.target is other.target
            and (self.case, self.into) == (other.case, other.into)
        )
