"""Limits at the door: the token bucket. What a caller over a limit is told is the host's business.

A host makes the buckets of what it serves with a `Limits`: `OwnLimits` for one process, `SharedLimits`
(engine/shared_limits.py) for several that let in together what one would.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol


class TokenBucket:
    """At most `burst` at once and `qps` a second over time. Starts full; used from one thread.

    Args:
        qps: Tokens that come back in a second.
        burst: How many tokens there are at most.
        clock: A monotonic clock in seconds.
    """

    __slots__ = ("_at", "_burst", "_clock", "_qps", "_tokens")

    def __init__(self, qps: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._qps = qps
        self._burst = float(max(burst, 1))  # a bucket that never holds a whole token would let nothing in
        self._clock = clock
        self._tokens = self._burst
        self._at = clock()

    def take(self) -> float:
        """Take a token: 0.0 if there was one, else after how many seconds there will be one."""
        now = self._clock()
        tokens = min(self._burst, self._tokens + (now - self._at) * self._qps)
        self._at = now
        if tokens >= 1.0:
            self._tokens = tokens - 1.0
            return 0.0
        self._tokens = tokens
        return (1.0 - tokens) / self._qps

    def go_on_from(self, before: TokenBucket) -> None:
        """Take over the tokens of the bucket that was there before, so that a new version of a flow brings none."""
        self._tokens, self._at = min(self._burst, before._tokens), before._at


class Limits(Protocol):
    """Where a host has its buckets from."""

    def bucket(self, name: str, qps: float, burst: int) -> TokenBucket:
        """The bucket of a limit; asked for again under its name, it goes on with the tokens that are in it.

        Args:
            name: Names the limit among all that are served.
            qps: Tokens that come back in a second.
            burst: How many tokens there are at most.
        """


class OwnLimits:
    """Buckets of one process.

    Args:
        clock: A monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def bucket(self, name: str, qps: float, burst: int) -> TokenBucket:
        """The bucket of that name, with what an earlier one of the name holds."""
        bucket = TokenBucket(qps, burst, self._clock)
        if (before := self._buckets.get(name)) is not None:
            bucket.go_on_from(before)
        self._buckets[name] = bucket
        return bucket


def retry_after(seconds: float) -> int:
    """The value of a Retry-After header: whole seconds, at least 1."""
    return max(1, math.ceil(seconds))
