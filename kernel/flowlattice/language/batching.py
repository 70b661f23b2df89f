"""`Batch`: a hint that records may be taken together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Batch:
    """How many records are taken together: `batch=Batch(1000, within=ms(200))`.

    Attributes:
        size: At most so many.
        within: How long the first one waits for the others; none: until there are enough.
    """

    size: int
    within: timedelta | None = None
