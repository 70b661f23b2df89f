"""The run log in SQLite: calls are queued and written in batches by a thread, so that recording never waits.

Beside each call stands what the flow says of its node: how its keys are made, whether a second effect does nothing more
under the same key, and what undoes it. So whoever reads the log later need not know which version of the flow ran.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import AwareDatetime

from flowlattice.bindings.database import Database
from flowlattice.engine.calls import AiExchange, CallRecord, RunEnd
from flowlattice.errors import UsageError
from flowlattice.ir.model import FlowIR
from flowlattice.ir.repeating import may_repeat

_SCHEMA = """
CREATE TABLE IF NOT EXISTS logged_calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, flow TEXT NOT NULL, run TEXT NOT NULL, node TEXT NOT NULL,
    attempt INTEGER NOT NULL, capability TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, key TEXT,
    outcome TEXT NOT NULL, given TEXT, version TEXT NOT NULL, derived_from TEXT NOT NULL, repeatable INTEGER NOT NULL,
    undone_by TEXT
);
CREATE INDEX IF NOT EXISTS logged_calls_by_flow ON logged_calls (flow, at);
CREATE TABLE IF NOT EXISTS exchanges (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, flow TEXT NOT NULL, run TEXT NOT NULL, exchange TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS exchanges_by_flow ON exchanges (flow, at);
CREATE TABLE IF NOT EXISTS ends (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, flow TEXT NOT NULL, run TEXT NOT NULL, how TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ends_by_flow ON ends (flow, at);
"""
CALLS_FILE: Final = "calls.sqlite"
"""The name of a run log in the folder of a flow's state."""

_CALL: Final = tuple(CallRecord.model_fields)
_SAID: Final = ("version", "derived_from", "repeatable", "undone_by")
_WRITTEN: Final = ("at", "flow", *_CALL, *_SAID)
_BATCH = 500
_Ended: TypeAlias = tuple[str, RunEnd]
_Row: TypeAlias = tuple[float, CallRecord | AiExchange | _Ended]
_log = logging.getLogger("flowlattice.bindings")


class LoggedCall(CallRecord):
    """A call as it stands in the log.

    Attributes:
        at: When it was recorded.
        version: The flow's version that made it.
        derived_from: The fields of its node's input that its key is made from; none where it has no key.
        repeatable: Whether a second effect under the same key does nothing more, by contract of the receiver.
        undone_by: The node that undoes what its node did where the run fails; none where none does.
    """

    at: AwareDatetime
    version: str
    derived_from: tuple[str, ...]
    repeatable: bool
    undone_by: str | None


class SqliteCallLog:
    """The run log of one flow in a file; `close` writes what is still queued.

    Args:
        path: The file, which several flows may share.
        flow: The flow.
    """

    def __init__(self, path: Path, flow: FlowIR) -> None:
        self._database = Database(path, _SCHEMA)
        self._flow = flow.name
        self._said = _said_of(flow)
        self._unknown: _Said = (flow.version, "[]", 0, None)
        self._queue: queue.SimpleQueue[_Row | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="call-log", daemon=True)
        self._writer.start()

    def record(self, call: CallRecord) -> None:
        """Queue a call."""
        self._queue.put((time.time(), call))

    def exchange(self, exchange: AiExchange) -> None:
        """Queue what a language model was asked and answered."""
        self._queue.put((time.time(), exchange))

    def ended(self, run: str, how: RunEnd) -> None:
        """Queue how a run ended."""
        self._queue.put((time.time(), (run, how)))

    def calls(self) -> list[CallRecord]:
        """The flow's calls that are written, oldest first."""

        def work(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
            return connection.execute(
                f"SELECT {', '.join(_CALL)} FROM logged_calls WHERE flow = ? ORDER BY id", (self._flow,)
            ).fetchall()

        return [CallRecord.model_validate(dict(zip(_CALL, row, strict=True))) for row in self._database.run_now(work)]

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
            self._database.run_now(lambda connection: self._insert(connection, batch))
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

    def _insert(self, connection: sqlite3.Connection, rows: list[_Row]) -> None:
        calls = [(at, row) for at, row in rows if isinstance(row, CallRecord)]
        exchanges = [(at, row) for at, row in rows if isinstance(row, AiExchange)]
        ends = [(at, row) for at, row in rows if isinstance(row, tuple)]
        connection.executemany(
            f"INSERT INTO logged_calls ({', '.join(_WRITTEN)}) VALUES ({', '.join('?' * len(_WRITTEN))})",
            [
                (at, self._flow, *(getattr(c, name) for name in _CALL), *self._said.get(c.node, self._unknown))
                for at, c in calls
            ],
        )
        connection.executemany(
            "INSERT INTO exchanges (at, flow, run, exchange) VALUES (?, ?, ?, ?)",
            [(at, self._flow, one.run, one.model_dump_json()) for at, one in exchanges],
        )
        connection.executemany(
            "INSERT INTO ends (at, flow, run, how) VALUES (?, ?, ?, ?)", [(at, self._flow, *end) for at, end in ends]
        )


_Said: TypeAlias = tuple[str, str, int, str | None]


def _said_of(flow: FlowIR) -> dict[str, _Said]:
    """What stands beside the calls of each node."""
    names = {node.id: node.name for node in flow.nodes}
    return {
        node.name: (
            flow.version,
            json.dumps([] if node.idempotency is None else node.idempotency.fields),
            int(may_repeat(node)),
            None if node.compensate is None else names.get(node.compensate),
        )
        for node in flow.nodes
    }


def logged(path: Path, flow: str, since: datetime) -> tuple[list[LoggedCall], dict[str, RunEnd]]:
    """What a file has of a flow since a time: its calls, oldest first, and how runs ended.

    Args:
        path: The file; one that is not there has nothing.
        flow: The flow's name.
        since: The time.
    """
    if not path.is_file():
        return [], {}
    columns = ("at", *_CALL, *_SAID)
    with closing(Database(path, _SCHEMA)) as database:
        rows, ends = database.run_now(
            lambda connection: (
                connection.execute(
                    f"SELECT {', '.join(columns)} FROM logged_calls WHERE flow = ? AND at >= ? ORDER BY id",
                    (flow, since.timestamp()),
                ).fetchall(),
                connection.execute("SELECT run, how FROM ends WHERE flow = ? ORDER BY id", (flow,)).fetchall(),
            )
        )
    return [_logged_call(dict(zip(columns, row, strict=True))) for row in rows], dict(ends)


def logged_flows(path: Path) -> list[str]:
    """The names of the flows that a file has something of.

    Raises:
        UsageError: It is no run log.
    """
    try:
        with closing(Database(path, _SCHEMA)) as database:
            found = database.run_now(
                lambda connection: connection.execute(
                    "SELECT flow FROM logged_calls UNION SELECT flow FROM ends"
                ).fetchall()
            )
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{path}: no run log ({error})") from error
    return sorted(name for (name,) in found)


def _logged_call(row: dict[str, object]) -> LoggedCall:
    at = datetime.fromtimestamp(float(str(row["at"])), UTC)
    return LoggedCall.model_validate({**row, "at": at, "derived_from": json.loads(str(row["derived_from"]))})
