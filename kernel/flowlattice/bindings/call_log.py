"""The run log in SQLite: calls are queued and written in batches by a thread, so that recording never waits."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from pathlib import Path

from flowlattice.bindings.database import Database
from flowlattice.engine.calls import CallRecord

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, flow TEXT NOT NULL, run TEXT NOT NULL, node TEXT NOT NULL,
    attempt INTEGER NOT NULL, capability TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, key TEXT,
    outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_flow ON calls (flow, at);
"""
_BATCH = 500
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
        self._queue: queue.SimpleQueue[tuple[float, CallRecord] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="call-log", daemon=True)
        self._writer.start()

    def record(self, call: CallRecord) -> None:
        """Queue a call."""
        self._queue.put((time.time(), call))

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

    def _keep(self, batch: list[tuple[float, CallRecord]]) -> None:
        try:
            self._database.run_now(lambda connection: _insert(connection, self._flow, batch))
        except sqlite3.Error as error:  # a full disk must not stop the flow; that calls are lost is said
            _log.warning("run log: %d calls of %s are lost (%s)", len(batch), self._flow, error)

    def _next_batch(self) -> tuple[list[tuple[float, CallRecord]], bool]:
        batch: list[tuple[float, CallRecord]] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == _BATCH or self._queue.empty():
                return batch, False
            item = self._queue.get()
        return batch, True


def _insert(connection: sqlite3.Connection, flow: str, rows: list[tuple[float, CallRecord]]) -> None:
    connection.executemany(
        "INSERT INTO calls (at, flow, run, node, attempt, capability, method, target, key, outcome)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(at, flow, c.run, c.node, c.attempt, c.capability, c.method, c.target, c.key, c.outcome) for at, c in rows],
    )
