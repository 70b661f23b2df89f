"""Readings, their minutes, and the entries that the device keeps until it is online."""

from datetime import datetime

from flowlattice import Record


class Reading(Record, data="internal"):
    id: str
    tick: datetime
    celsius: float


class Minute(Record, data="internal"):
    id: str
    window_start: datetime
    window_end: datetime
    mean: float
    peak: float
    readings: int


class Entry(Record, data="internal"):
    id: str
    tick: datetime
    mean: float
    peak: float
    readings: int
