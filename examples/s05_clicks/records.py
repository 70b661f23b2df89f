"""Clicks as browsers send them, and as they are stored."""

from datetime import datetime
from typing import Annotated, Literal

from flowlattice import Record, field


class RawClick(Record, data="internal"):
    user: str
    event: str
    at: datetime
    kind: Literal["view", "add", "buy"]
    page: Annotated[str, field(max_length=2000)]


class Click(Record, data="internal"):
    user_id: str
    event_id: str
    ts: datetime
    type: Literal["view", "add", "buy"]
    page: str
