"""Key-value and dedupe stores in SQLite; entries whose time is over do not exist."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta

from flowlattice.bindings.database import Database
from flowlattice.engine.backends import EffectInDoubt
from flowlattice.errors import ReservationHeld

SCHEMA = """
CREATE TABLE IF NOT EXISTS kv (
    binding TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires REAL, PRIMARY KEY (binding, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dedupe (
    binding TEXT NOT NULL, key BLOB NOT NULL, state TEXT NOT NULL, result BLOB, since REAL NOT NULL,
    expires REAL NOT NULL, PRIMARY KEY (binding, key)
) WITHOUT ROWID;
"""

Clock = Callable[[], float]


class SqliteKv:
    """`KvWrite`: one binding's entries."""

    def __init__(self, database: Database, binding: str, now: Clock = time.time) -> None:
        self._database = database
        self._binding = binding
        self._now = now

    async def get(self, key: str) -> str | None:
        """The entry's value, or none when there is none or its time is over."""

        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(
                "SELECT value FROM kv WHERE binding = ? AND key = ? AND (expires IS NULL OR expires > ?)",
                (self._binding, key, self._now()),
            ).fetchone()
            return None if row is None else str(row[0])

        return await self._database.run(work)

    async def set(self, key: str, value: str, *, ttl: timedelta | None = None) -> None:
        """Set an entry, for ever or for `ttl`."""
        expires = None if ttl is None else self._now() + ttl.total_seconds()
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO kv VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET value = excluded.value, expires = excluded.expires",
                (self._binding, key, value, expires),
            )
        )

    async def delete(self, key: str) -> None:
        """Remove an entry; one that is not there is no error."""
        await self._database.run(
            lambda connection: connection.execute("DELETE FROM kv WHERE binding = ? AND key = ?", (self._binding, key))
        )


class SqliteDedupe:
    """`DedupeBackend`: one binding's keys, each reserved, confirmed or in doubt."""

    def __init__(self, database: Database, binding: str, now: Clock = time.time) -> None:
        self._database = database
        self._binding = binding
        self._now = now

    async def reserve(self, key: bytes, *, ttl: timedelta) -> bytes | None:
        """Reserve a key; what was confirmed under it instead if it is taken.

        Raises:
            ReservationHeld: Another run holds the key.
            EffectInDoubt: Its effect may have happened.
        """
        now = self._now()

        def work(connection: sqlite3.Connection) -> tuple[str, bytes | None] | None:
            connection.execute(
                "DELETE FROM dedupe WHERE binding = ? AND key = ? AND expires <= ?", (self._binding, key, now)
            )
            made = connection.execute(
                "INSERT INTO dedupe VALUES (?, ?, 'reserved', NULL, ?, ?) ON CONFLICT DO NOTHING",
                (self._binding, key, now, now + ttl.total_seconds()),
            )
            if made.rowcount == 1:
                return None
            state, result = connection.execute(
                "SELECT state, result FROM dedupe WHERE binding = ? AND key = ?", (self._binding, key)
            ).fetchone()
            return str(state), result

        taken = await self._database.run(work)
        match taken:
            case None:
                return None
            case ("confirmed", bytes(result)):
                return result
            case ("in_doubt", _):
                raise EffectInDoubt(f"nobody knows whether the effect of key {key.hex()} happened; a person decides")
            case _:
                raise ReservationHeld(f"another run holds the key {key.hex()}")

    async def confirm(self, key: bytes, result: bytes) -> None:
        """The effect happened; remember what it returned."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE dedupe SET state = 'confirmed', result = ? WHERE binding = ? AND key = ?",
                (result, self._binding, key),
            )
        )

    async def release(self, key: bytes) -> None:
        """The effect certainly did not happen; the key is free again, unless it was confirmed."""
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM dedupe WHERE binding = ? AND key = ? AND state <> 'confirmed'", (self._binding, key)
            )
        )

    async def doubt(self, key: bytes) -> None:
        """The effect may have happened; the key stays taken until its time is over or a person decides."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE dedupe SET state = 'in_doubt' WHERE binding = ? AND key = ? AND state = 'reserved'",
                (self._binding, key),
            )
        )
