"""Answers of language models that are kept: in memory, or in a file that outlives the process."""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from flowlattice.bindings.database import Database

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, binding TEXT NOT NULL, key BLOB NOT NULL, pieces TEXT NOT NULL,
    UNIQUE (binding, key)
);
"""
_MOST_IN_MEMORY: Final = 1_000
_MOST_IN_A_FILE: Final = 100_000


class MemoryAnswers:
    """`AnswerStore`: the answers that were asked for last, for as long as the process lives."""

    def __init__(self, most: int = _MOST_IN_MEMORY) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()

    async def get(self, key: bytes) -> Sequence[str] | None:
        """The pieces of an answer; none if it is not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    async def put(self, key: bytes, pieces: Sequence[str]) -> None:
        """Keep an answer; the one that nobody has asked for longest makes room."""
        self._kept[key] = tuple(pieces)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


class SqliteAnswers:
    """`AnswerStore`: one binding's newest answers in a file."""

    def __init__(self, database: Database, binding: str, most: int = _MOST_IN_A_FILE) -> None:
        self._database = database
        self._binding = binding
        self._most = most

    async def get(self, key: bytes) -> Sequence[str] | None:
        """The pieces of an answer; none if it is not kept."""

        def work(connection: sqlite3.Connection) -> list[str] | None:
            row = connection.execute(
                "SELECT pieces FROM answers WHERE binding = ? AND key = ?", (self._binding, key)
            ).fetchone()
            return None if row is None else list(json.loads(row[0]))

        return await self._database.run(work)

    async def put(self, key: bytes, pieces: Sequence[str]) -> None:
        """Keep an answer; the oldest makes room."""

        def work(connection: sqlite3.Connection) -> None:
            made = connection.execute(
                "INSERT OR REPLACE INTO answers (binding, key, pieces) VALUES (?, ?, ?)",
                (self._binding, key, json.dumps(list(pieces))),
            )
            connection.execute("DELETE FROM answers WHERE id <= ?", ((made.lastrowid or 0) - self._most,))

        await self._database.run(work)
