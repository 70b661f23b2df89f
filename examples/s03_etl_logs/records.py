"""Log files, their lines, and what the warehouse keeps."""

from datetime import datetime

from flowlattice import Record


class LogFile(Record, data="internal"):
    lines: list[str]


class Line(Record, data="internal"):
    text: str


class Log(Record, data="internal"):
    ts: datetime
    customer_id: str
    bytes: int


class AggRow(Record, data="internal"):
    customer_id: str
    window_start: datetime
    window_end: datetime
    bytes: int
