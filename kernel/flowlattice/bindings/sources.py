"""The clock and the random source as they are, and as tests and certification pin them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID


class SystemClock:
    """`Clock`: the machine's."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        return datetime.now(UTC)


class PinnedClock:
    """`Clock` that starts somewhere and goes on by a millisecond with every question."""

    def __init__(self, start: datetime) -> None:
        self._next = start

    def now(self) -> datetime:
        """The next time."""
        now, self._next = self._next, self._next + timedelta(milliseconds=1)
        return now


class Randomness:
    """`Rng`: the machine's, or a repeatable one from a seed."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.SystemRandom() if seed is None else random.Random(seed)

    def random(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def uuid(self) -> UUID:
        """A random (version 4) UUID."""
        return UUID(int=self._random.getrandbits(128), version=4)
