"""Bounds in time: what runs over is told before it is cancelled, so that it can see why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from flowlattice.errors import DeadlineExceeded


@asynccontextmanager
async def bounded(seconds: float, tell: Callable[[], None], what: str) -> AsyncIterator[None]:
    """Cancel the body after so many seconds.

    Args:
        seconds: The bound.
        tell: Called just before the body is cancelled.
        what: What took too long, for the error.

    Raises:
        DeadlineExceeded: The body took longer.
    """
    # Started before the timeout's own timer, so that it fires before it.
    telling = asyncio.get_running_loop().call_later(seconds, tell)
    try:
        async with asyncio.timeout(seconds) as timeout:
            yield
    except TimeoutError:
        if not timeout.expired():  # the body's own
            raise
        raise DeadlineExceeded(f"{what} took too long") from None
    finally:
        telling.cancel()
