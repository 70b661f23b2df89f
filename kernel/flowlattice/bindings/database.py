"""SQLite as the backends use it: one connection, WAL, synchronous FULL, off the event loop where there is a disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from flowlattice.bindings.presence import Presence

T = TypeVar("T")

_BUSY_MS = 5000


class Database:
    """A database file, or one in memory.

    Args:
        path: The file; none for memory.
        schema: Statements that make what is not there yet.
        synced: Whether a transaction outlives the machine's end, and not only the process's.

    Attributes:
        presence: This process among those that have the file open.
    """

    def __init__(self, path: Path | None, schema: str, *, synced: bool = True) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._is_file = path is not None
        self.presence = Presence(None if path is None else path.with_name(f"{path.name}-alive"))
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'OFF'}")
        self._connection.executescript(schema)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work in one transaction; in a thread where it may wait for the disk."""
        if self._is_file:
            return await asyncio.to_thread(self.run_now, work)
        return self.run_now(work)

    def run_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work in one transaction, here."""
        with self._lock, self._transaction():
            return work(self._connection)

    def close(self) -> None:
        """Close the connection, after what is under way."""
        with self._lock:
            self._connection.close()
            self.presence.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a disk that is full may have ended it
                self._connection.execute("ROLLBACK")
            raise
