"""Attempts at a node: the one owner of retries in this process, and the limit of what may go into a node.

A failed attempt is followed by another where the plan says so, the failure may pass by itself, and the run's deadline
leaves time for the wait and for an attempt as quick as the quickest so far. What the other side asked to wait
(`Retry-After`) is waited for at least.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from flowlattice.engine.run import Attempt
from flowlattice.engine.throttle import Throttle
from flowlattice.errors import (
    BudgetExceeded,
    CallFailed,
    DeadlineExceeded,
    EngineUnavailable,
    NodeFailed,
    ObjectMissing,
    PinBroken,
    UsageError,
)

T = TypeVar("T")

Failure = NodeFailed | DeadlineExceeded
"""How an attempt fails: by what its code raised, or by the bound of its time."""

LONGEST_WAIT_S: Final = 60.0
"""Who is asked to wait longer than this fails at once: nothing waits so long in a process for one record."""
_JITTER: Final = (0.05, 0.10)
_STAYS: Final = (BudgetExceeded, EngineUnavailable, ObjectMissing, PinBroken, UsageError)
_PASSING_KINDS: Final = frozenset({"rate_limited", "transient"})

PAUSE: Final[ContextVar[Callable[[float], Awaitable[object]]]] = ContextVar("pause", default=asyncio.sleep)
"""How the seconds between two attempts pass; who only looks at what is waited for lets them pass at once."""

_log = logging.getLogger("flowlattice.engine")


@dataclass(frozen=True)
class Retries:
    """How often a node is attempted.

    Attributes:
        attempts: The first included.
        backoff_s: The wait before the second.
        factor: How much longer each wait is than the one before.
    """

    attempts: int
    backoff_s: float = 0.0
    factor: float = 2.0

    def backoff(self, number: int) -> float:
        """The wait after an attempt, 5 to 10 % longer than planned, so that those who fail together part."""
        exact = min(self.backoff_s * self.factor ** (number - 1), LONGEST_WAIT_S)
        return _longer(exact)


def _longer(wait: float) -> float:
    return wait * (1 + random.uniform(*_JITTER))


class Attempts:
    """How one node is attempted.

    Args:
        retries: How often.
        throttle: What limits how many records go into it; each attempt counts.
    """

    def __init__(self, retries: Retries, throttle: Throttle | None) -> None:
        self._retries = retries
        self._throttle = throttle

    async def make(
        self, first: Attempt, work: Callable[[Attempt], Awaitable[T]], may_repeat: Callable[[Attempt, Failure], bool]
    ) -> T:
        """Make an attempt, and others after it where it fails.

        Args:
            first: The first; when all is over it knows of the uncertain effects of all.
            work: What is attempted.
            may_repeat: Whether nothing was done that must not be done twice.

        Raises:
            NodeFailed: The last attempt failed.
            DeadlineExceeded: It took too long.
            NodeBusy: The limit leaves no room in time.
        """
        attempt, quickest = first, LONGEST_WAIT_S
        try:
            while True:
                if self._throttle is not None:
                    await self._throttle.enter(attempt.run)
                began = time.monotonic()
                try:
                    return await work(attempt)
                except (NodeFailed, DeadlineExceeded) as error:
                    quickest = min(quickest, time.monotonic() - began)
                    wait = self._wait(attempt, error, quickest) if may_repeat(attempt, error) else None
                    if wait is None:
                        raise
                    _note(attempt, error, wait)
                    await PAUSE.get()(wait)
                    if attempt.run.cancelled:
                        raise
                attempt = attempt.next()
        finally:
            first.uncertain = attempt.uncertain

    def _wait(self, attempt: Attempt, error: Failure, quickest: float) -> float | None:
        """Seconds until the next attempt; none where there is none, or it could not end in time."""
        if attempt.attempt >= self._retries.attempts or attempt.run.cancelled or not _may_pass(error):
            return None
        asked = _asked(attempt, error)
        wait = self._retries.backoff(attempt.attempt)
        if asked is not None:
            wait = max(wait, _longer(asked.total_seconds()))
        remaining = attempt.run.remaining()
        if wait > LONGEST_WAIT_S * (1 + _JITTER[1]) or (remaining is not None and wait + quickest >= remaining):
            return None
        return wait


def _may_pass(error: Failure) -> bool:
    """Whether the same may go well another time."""
    cause = error.cause if isinstance(error, NodeFailed) else error
    if isinstance(cause, CallFailed):
        return cause.kind in _PASSING_KINDS
    return isinstance(cause, Exception) and not isinstance(cause, _STAYS)


def _asked(attempt: Attempt, error: Failure) -> timedelta | None:
    """How long the other side asked to wait."""
    if isinstance(error, NodeFailed) and isinstance(error.cause, CallFailed):
        return error.cause.retry_after or attempt.retry_after
    return attempt.retry_after


def _note(attempt: Attempt, error: Failure, wait: float) -> None:
    """One line, without the failure's text, which may hold what the client sent."""
    name = type(error.cause if isinstance(error, NodeFailed) else error).__name__
    said = {"run": attempt.run_id, "flow": attempt.run.flow, "node": attempt.node}
    _log.info(
        "attempt %d at node %s failed in run %s: %s; the next follows in %.3f s",
        *(attempt.attempt, attempt.node, attempt.run_id, name, wait),
        extra=said,
    )
