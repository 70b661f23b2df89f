"""The run log in SQLite: calls are queued and written in batches by a thread, so that recording never waits."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from pathlib import Path
from typing import TypeAlias

from flowlattice.bindings.database import Database
from flowlattice.engine.calls import AiExchange, CallRecord

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, flow TEXT NOT NULL, run TEXT NOT NULL, node TEXT NOT NULL,
    attempt INTEGER NOT NULL, capability TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, key TEXT,
    outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_flow ON calls (flow, at);
CREATE TABLE IF NOT EXISTS exchanges (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, flow TEXT NOT NULL, run TEXT NOT NULL, exchange TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS exchanges_by_flow ON exchanges (flow, at);
"""
_BATCH = 500
_Row: TypeAlias = tuple[float, CallRecord | AiExchange]
_log = logging.getLogger("flowlattice.bindings")


class SqliteCallLog:
    """The run log of one flow in a file; `close` writes what is still queued.

    Args:
        path: The file, which several flows may share.
        flow: The flow's name.
    """

    def __init__(self, path: Path, flow: str) -> None:
        self._database = Database(path, _SCHEMA)
        self._flow = flow
        self._queue: queue.SimpleQueue[_Row | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="call-log", daemon=True)
        self._writer.start()

    def record(self, call: CallRecord) -> None:
        """Queue a call."""
        self._queue.put((time.time(), call))

    def exchange(self, exchange: AiExchange) -> None:
        """Queue what a language model was asked and answered."""
        self._queue.put((time.time(), exchange))

    def calls(self) -> list[CallRecord]:
        """The flow's calls that are written, oldest first."""

        def work(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
            return connection.execute(
                "SELECT run, node, attempt, capability, method, target, key, outcome FROM calls"
                " WHERE flow = ? ORDER BY id",
                (self._flow,),
            ).fetchall()

        names = ("run", "node", "attempt", "capability", "method", "target", "key", "outcome")
        return [CallRecord.model_validate(dict(zip(names, row, strict=True))) for row in self._database.run_now(work)]

    def exchanges(self) -> list[AiExchange]:
        """What the flow's language models were asked and answered, as far as it is written, oldest first."""

        def work(connection: sqlite3.Connection) -> list[tuple[str]]:
            return connection.execute(
                "SELECT exchange FROM exchanges WHERE flow = ? ORDER BY id", (self._flow,)
            ).fetchall()

        return [AiExchange.model_validate_json(row[0]) for row in self._database.run_now(work)]

    def close(self) -> None:
        """Write what is queued and close the file."""
        self._queue.put(None)
        self._writer.join()
        self._database.close()

    def _write(self) -> None:
        while True:
            batch, is_last = self._next_batch()
            if batch:
                self._keep(batch)
            if is_last:
                return

    def _keep(self, batch: list[_Row]) -> None:
        try:
            self._database.run_now(lambda connection: _insert(connection, self._flow, batch))
        except sqlite3.Error as error:  # a full disk must not stop the flow; that calls are lost is said
            self._lost(batch, error)
        except Exception as error:  # noqa: BLE001 - the thread must go on: nobody else would write what comes later
            if len(batch) == 1:
                self._lost(batch, error)
            else:  # one of them cannot be written; the others can
                for row in batch:
                    self._keep([row])

    def _lost(self, batch: list[_Row], error: Exception) -> None:
        why = error if isinstance(error, sqlite3.Error) else type(error).__name__  # others quote what they were given
        _log.warning("run log: %d calls of %s are lost (%s)", len(batch), self._flow, why)

    def _next_batch(self) -> tuple[list[_Row], bool]:
        batch: list[_Row] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == _BATCH or self._queue.empty():
                return batch, False
            item = self._queue.get()
        return batch, True


def _insert(connection: sqlite3.Connection, flow: str, rows: list[_Row]) -> None:
    calls = [(at, call) for at, call in rows if isinstance(call, CallRecord)]
    connection.executemany(
        "INSERT INTO calls (at, flow, run, node, attempt, capability, method, target, key, outcome)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(at, flow, c.run, c.node, c.attempt, c.capability, c.method, c.target, c.key, c.outcome) for at, c in calls],
    )
    connection.executemany(
        "INSERT INTO exchanges (at, flow, run, exchange) VALUES (?, ?, ?, ?)",
        [(at, flow, one.run, one.model_dump_json()) for at, one in rows if isinstance(one, AiExchange)],
    )
