"""Key-value and session stores in SQLite; entries whose time is over do not exist."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from flowlattice.bindings.database import Database
from flowlattice.bindings.keys import KEYS

SCHEMA = f"""{KEYS}
CREATE TABLE IF NOT EXISTS kv (
    binding TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires REAL, PRIMARY KEY (binding, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
    binding TEXT NOT NULL, id TEXT NOT NULL, held TEXT NOT NULL, expires REAL, PRIMARY KEY (binding, id)
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


class SqliteSessions:
    """`SessionStore`: one binding's sessions."""

    def __init__(self, database: Database, binding: str, now: Clock = time.time) -> None:
        self._database = database
        self._binding = binding
        self._now = now

    async def read(self, session: str) -> Mapping[str, str]:
        """What a session holds; nothing where there is none, or its time is over."""

        def work(connection: sqlite3.Connection) -> Mapping[str, str]:
            row = connection.execute(
                "SELECT held FROM session WHERE binding = ? AND id = ? AND (expires IS NULL OR expires > ?)",
                (self._binding, session, self._now()),
            ).fetchone()
            held: dict[str, str] = {} if row is None else json.loads(row[0])
            return held

        return await self._database.run(work)

    async def write(self, session: str, values: Mapping[str, str], *, ttl: timedelta | None = None) -> None:
        """Set what a session holds, in place of what it held, for ever or for `ttl`."""
        expires = None if ttl is None else self._now() + ttl.total_seconds()
        held = json.dumps(dict(values), ensure_ascii=False)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET held = excluded.held, expires = excluded.expires",
                (self._binding, session, held, expires),
            )
        )

    async def end(self, session: str) -> None:
        """Forget a session; one that is not there is no error."""
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM session WHERE binding = ? AND id = ?", (self._binding, session)
            )
        )
