"""Cron triggers: `cron("0 9 * * 1,3")` starts a run on a schedule, or one for each record that waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, cast, overload

from flowlattice.language.annotations import NO_TYPE, hints, without_metadata
from flowlattice.language.checkpoints import Checkpoint
from flowlattice.language.triggers import Trigger
from flowlattice.record import Record

V = TypeVar("V", bound=Record)
V_co = TypeVar("V_co", bound=Record, covariant=True)


class Tick(Record, data="public"):
    """What a schedule emits: the time that it was due, in UTC, whenever the run begins."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class CronTrigger(Trigger[V_co], Generic[V_co]):
    """A schedule that starts runs. Built by `cron`."""

    schedule: str
    during: Checkpoint[V_co] | None

    @property
    def emits(self) -> type[V_co]:
        """`Tick`, or the view of the records that wait."""
        if self.during is None:
            return cast("type[V_co]", Tick)  # without a checkpoint, `cron` says so to a type checker
        view = self.during.view
        made = view if isinstance(view, type) else without_metadata(hints(view).get("return", NO_TYPE))
        return cast("type[V_co]", made)


@overload
def cron(schedule: str) -> CronTrigger[Tick]: ...
@overload
def cron(schedule: str, *, during: Checkpoint[V]) -> CronTrigger[V]: ...
def cron(schedule: str, *, during: Checkpoint[V] | None = None) -> CronTrigger[Tick] | CronTrigger[V]:
    """A schedule: `cron("0 9 * * 1,3")` is nine o'clock on Mondays and Wednesdays.

    Args:
        schedule: Minute, hour, day of the month, month, day of the week (0 or 7 is Sunday), in UTC. Each is `*`,
            numbers, ranges `1-5`, steps `*/15`, or a list of these joined by commas; months and days of the week also
            by the first three letters of their English names.
        during: Emits, each time, what waits at this checkpoint, one view each, instead of the time.
    """
    return CronTrigger(schedule=schedule, during=during)
