"""Log files, their lines, and what the warehouse keeps."""

from datetime import datetime

from flowlattice import Record


class LogFile(Record, data="internal"):
    source: str
    lines: list[str]


class Line(Record, data="internal"):
    """A line of a file: `source` is the file's digest, `number` counts from 1. The two say which line it is."""

    source: str
    number: int
    text: str


class Traffic(Record, data="internal"):
    ts: datetime
    customer_id: str
    bytes: int


class Log(Traffic, data="internal"):
    """What a line says, and which line it was."""

    source: str
    number: int


class AggRow(Record, data="internal"):
    customer_id: str
    window_start: datetime
    window_end: datetime
    bytes: int
