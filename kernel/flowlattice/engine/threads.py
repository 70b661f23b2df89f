"""Synchronous nodes that may block run in threads of their own, at most so many at once."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """Daemon threads: one that never comes back can be given up, and does not hold up the end of the process.

    Args:
        limit: How many run at once; further calls wait their turn.
    """

    def __init__(self, limit: int = 64) -> None:
        self._free = asyncio.Semaphore(limit)

    async def call(self, function: Callable[[], T]) -> T:
        """Call a function in a thread. Cancelling gives the thread up; its place is free when it has ended."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def finish(value: T | None, error: BaseException | None) -> None:
            self._free.release()
            if result.done():
                return
            if error is not None:
                result.set_exception(error)
            else:
                result.set_result(value)  # type: ignore[arg-type]  # a value wherever there is no error

        def work() -> None:
            value, error = None, None
            try:
                value = context.run(function)
            except BaseException as raised:  # noqa: BLE001 - handed on to whoever awaits the result
                error = raised
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, value, error)

        threading.Thread(target=work, name="flow-node", daemon=True).start()
        return await result
