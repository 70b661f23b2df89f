"""Keys of effects in SQLite: reserved, confirmed, or in doubt.

A key is reserved by a process. Where that has ended without saying what became of the effect, nobody knows: the key is
in doubt, and stays so until a person decides. Only what is confirmed is forgotten when its time is over.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta

from flowlattice.bindings.database import Database
from flowlattice.engine.backends import EffectInDoubt, Holder, ResultUnknown
from flowlattice.errors import ReservationHeld

KEYS = """
CREATE TABLE IF NOT EXISTS effects (
    binding TEXT NOT NULL, key BLOB NOT NULL, state TEXT NOT NULL, result BLOB, since REAL NOT NULL,
    expires REAL NOT NULL, owner TEXT NOT NULL, flow TEXT NOT NULL, node TEXT NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (binding, key)
) WITHOUT ROWID;
"""
NOBODY = Holder("", "", "")


class SqliteDedupe:
    """`DedupeBackend`: one binding's keys."""

    def __init__(self, database: Database, binding: str, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._binding = binding
        self._now = now

    async def reserve(
        self, key: bytes, *, ttl: timedelta, holder: Holder = NOBODY, may_repeat: bool = False
    ) -> bytes | None:
        """Reserve a key; what was confirmed under it instead if it is taken.

        A key in doubt whose effect may be repeated is reserved again, but keeps its end: receivers forget keys as well.

        Raises:
            ReservationHeld: Another run holds the key.
            EffectInDoubt: Its effect may have happened.
            ResultUnknown: Its effect happened, and there is nothing that it returned.
        """
        now = self._now()
        times = now, now + ttl.total_seconds()

        def work(connection: sqlite3.Connection) -> tuple[str, bytes | None] | None:
            connection.execute(
                "DELETE FROM effects WHERE binding = ? AND key = ? AND expires <= ? AND state = 'confirmed'",
                (self._binding, key, now),
            )
            made = connection.execute(
                "INSERT INTO effects VALUES (?, ?, 'reserved', NULL, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (self._binding, key, *times, self._database.presence.id, *holder),
            )
            if made.rowcount == 1:
                return None
            mark_abandoned(connection, self._database, (self._binding, key))
            if may_repeat and self._retaken(connection, key, now, holder):
                return None
            state, result = connection.execute(
                "SELECT state, result FROM effects WHERE binding = ? AND key = ?", (self._binding, key)
            ).fetchone()
            return str(state), result

        match await self._database.run(work):
            case None:
                return None
            case ("confirmed", bytes(result)):
                return result
            case ("confirmed", _):
                raise ResultUnknown(
                    f"the effect of key {key.hex()} happened; what it returned is not known, or was undone"
                )
            case ("in_doubt", _):
                raise EffectInDoubt(f"nobody knows whether the effect of key {key.hex()} happened; a person decides")
            case _:
                raise ReservationHeld(f"another run holds the key {key.hex()}")

    def _retaken(self, connection: sqlite3.Connection, key: bytes, now: float, holder: Holder) -> bool:
        retaken = connection.execute(
            "UPDATE effects SET state = 'reserved', since = ?, owner = ?, flow = ?, node = ?, run = ?"
            " WHERE binding = ? AND key = ? AND state = 'in_doubt' AND expires > ?",
            (now, self._database.presence.id, *holder, self._binding, key, now),
        )
        return retaken.rowcount == 1

    async def confirm(self, key: bytes, result: bytes) -> None:
        """The effect happened; remember what it returned, unless it was undone meanwhile."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE effects SET state = 'confirmed', result = ?"
                " WHERE binding = ? AND key = ? AND state <> 'confirmed'",
                (result, self._binding, key),
            )
        )

    async def undone(self, key: bytes) -> None:
        """The effect happened and was undone: it is not repeated, and what it returned holds no more."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE effects SET state = 'confirmed', result = NULL WHERE binding = ? AND key = ?",
                (self._binding, key),
            )
        )

    async def release(self, key: bytes) -> None:
        """The effect certainly did not happen; the key is free again, unless it was confirmed."""
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM effects WHERE binding = ? AND key = ? AND state <> 'confirmed'", (self._binding, key)
            )
        )

    async def doubt(self, key: bytes) -> None:
        """The effect may have happened; the key stays taken until a person decides."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE effects SET state = 'in_doubt' WHERE binding = ? AND key = ? AND state = 'reserved'",
                (self._binding, key),
            )
        )


def mark_abandoned(connection: sqlite3.Connection, database: Database, only: tuple[str, bytes] | None = None) -> None:
    """Put in doubt what processes had reserved that have ended.

    Args:
        connection: A transaction of the database.
        database: It.
        only: Binding and key of the one to look at; all by default.
    """
    where, values = ("", ()) if only is None else (" AND binding = ? AND key = ?", only)
    owners = connection.execute(f"SELECT DISTINCT owner FROM effects WHERE state = 'reserved'{where}", values)
    for (owner,) in owners.fetchall():
        if not database.presence.is_alive(owner):
            connection.execute(
                f"UPDATE effects SET state = 'in_doubt' WHERE state = 'reserved' AND owner = ?{where}", (owner, *values)
            )
