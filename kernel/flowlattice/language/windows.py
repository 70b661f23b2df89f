"""`Window`: records are put into windows of event time, each of which closes once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar

from flowlattice.language.ports import Branch, Place, Step, calling_place

T = TypeVar("T")

WindowShape = Literal["tumbling", "sliding", "session"]

LATE_EVENTS = "late_events"


@dataclass(frozen=True, kw_only=True)
class WindowSpec:
    """How windows are cut, and how long they wait.

    Attributes:
        shape: Tumbling windows follow each other; sliding ones overlap; a session lasts while records keep coming.
        event_time: The field that says when an event happened: a datetime, or whole seconds since 1970 in UTC.
        size: How long a window is; of a session none.
        slide: Sliding: a window begins that often.
        gap: Session: it ends after that long without a record.
        allowed_lateness: The watermark is the highest event time seen, less this.
        idle: After this long without a record, a partition no longer holds the watermark back; never by default.
    """

    shape: WindowShape
    event_time: str
    size: timedelta | None = None
    slide: timedelta | None = None
    gap: timedelta | None = None
    allowed_lateness: timedelta
    idle: timedelta | None


class Window(Step[T, T]):
    """Windows over records of one type, made by `tumbling`, `sliding` and `session`.

    A window closes when the watermark passes its end, the lowest watermark over the partitions that are not idle. What
    comes for a closed window is late and goes, whole, to `late_events`.
    """

    def __init__(self, record: type[T], spec: WindowSpec, name: str, place: Place) -> None:
        self.record = record
        self.spec = spec
        self.name = name
        self.place = place

    @classmethod
    def tumbling(  # noqa: PLR0913 - one keyword per property of a window
        cls,
        record: type[T],
        *,
        event_time: str,
        size: timedelta,
        allowed_lateness: timedelta = timedelta(0),
        idle: timedelta | None = None,
        name: str = "window",
    ) -> Window[T]:
        """Windows that follow each other: `Window.tumbling(Log, event_time="ts", size=minutes(5))`.

        Args:
            record: What goes through.
            event_time: The field that says when an event happened.
            size: How long each window is.
            allowed_lateness: How far events may be behind the latest one seen.
            idle: After this long without a record, a partition no longer holds the watermark back.
            name: Its name in the graph.
        """
        spec = WindowSpec(
            shape="tumbling", event_time=event_time, size=size, allowed_lateness=allowed_lateness, idle=idle
        )
        return Window(record, spec, name, calling_place())

    @classmethod
    def sliding(  # noqa: PLR0913 - one keyword per property of a window
        cls,
        record: type[T],
        *,
        event_time: str,
        size: timedelta,
        slide: timedelta,
        allowed_lateness: timedelta = timedelta(0),
        idle: timedelta | None = None,
        name: str = "window",
    ) -> Window[T]:
        """Windows that overlap: one of `size` begins every `slide`, and an event is in each that covers it.

        Args:
            record: What goes through.
            event_time: The field that says when an event happened.
            size: How long each window is.
            slide: How often one begins.
            allowed_lateness: How far events may be behind the latest one seen.
            idle: After this long without a record, a partition no longer holds the watermark back.
            name: Its name in the graph.
        """
        spec = WindowSpec(
            shape="sliding",
            event_time=event_time,
            size=size,
            slide=slide,
            allowed_lateness=allowed_lateness,
            idle=idle,
        )
        return Window(record, spec, name, calling_place())

    @classmethod
    def session(  # noqa: PLR0913 - one keyword per property of a window
        cls,
        record: type[T],
        *,
        event_time: str,
        gap: timedelta,
        allowed_lateness: timedelta = timedelta(0),
        idle: timedelta | None = None,
        name: str = "window",
    ) -> Window[T]:
        """Windows that last while events are less than `gap` apart, for each key of the aggregate that follows.

        Args:
            record: What goes through.
            event_time: The field that says when an event happened.
            gap: After this long without an event the window ends.
            allowed_lateness: How far events may be behind the latest one seen.
            idle: After this long without a record, a partition no longer holds the watermark back.
            name: Its name in the graph.
        """
        spec = WindowSpec(shape="session", event_time=event_time, gap=gap, allowed_lateness=allowed_lateness, idle=idle)
        return Window(record, spec, name, calling_place())

    @property
    def late_events(self) -> Branch[T]:
        """Records whose windows are closed, whole."""
        return Branch(self, LATE_EVENTS)
