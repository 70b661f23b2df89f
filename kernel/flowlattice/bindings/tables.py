"""Tables in SQLite for db.read and db.write: one transaction at a time, on a connection of its own."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from flowlattice.capabilities.db import Cell, Row, Value
from flowlattice.record import Record

T = TypeVar("T")

_BUSY_MS: Final = 5000
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class SqliteTables:
    """`DbBackend` on a file, or in memory.

    Args:
        path: The file; none for memory.
        makes: Whether tables, columns and keys that are not there are made, as a double does; otherwise they are the
            owner's to make, and a statement that needs them fails.
        synced: Whether a transaction outlives the machine's end, and not only the process's.
    """

    def __init__(self, path: Path | None, *, makes: bool, synced: bool = True) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.makes = makes
        self._is_file = path is not None
        self._turn = asyncio.Lock()
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'OFF'}")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """Begin; commit at the end, or take everything back if it ends with an error."""
        async with self._turn:
            try:
                await self.run(lambda connection: connection.execute("BEGIN IMMEDIATE"))
                yield SqliteTransaction(self)
                await self.run(lambda connection: connection.execute("COMMIT"))
            except BaseException:
                await self.run(_take_back)
                raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work on the connection; in a thread where it may wait for the disk.

        Cancelling waits for the statement, so that whoever comes next finds the connection as it was left.
        """
        if not self._is_file:
            return self._now(work)
        statement = asyncio.ensure_future(asyncio.to_thread(self._now, work))
        cancelled: asyncio.CancelledError | None = None
        while not statement.done():
            try:
                await asyncio.wait({statement})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        return statement.result()

    def close(self) -> None:
        """Close the connection, after what is under way."""
        with self._lock:
            self._connection.close()

    def _now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            return work(self._connection)


class SqliteTransaction:
    """`DbConnection`: what is done in one transaction."""

    def __init__(self, tables: SqliteTables) -> None:
        self._tables = tables

    async def select(
        self, table: str, where: Mapping[str, Value], order_by: str | None, limit: int | None
    ) -> Sequence[Mapping[str, Cell]]:
        """Rows whose columns equal what is asked for."""
        condition, values = _condition(where)
        order = "" if order_by is None else f" ORDER BY {_name(order_by)}"
        most = "" if limit is None else f" LIMIT {int(limit)}"
        statement = f"SELECT * FROM {_name(table)}{condition}{order}{most}"

        def work(connection: sqlite3.Connection) -> list[Mapping[str, Cell]]:
            columns = [*where, *([] if order_by is None else [order_by])]
            if self._tables.makes and not _has(connection, table, columns):
                return []
            return [dict(row) for row in connection.execute(statement, values)]

        return await self._tables.run(work)

    async def upsert(self, table: str, row: Row, key: Sequence[str]) -> None:
        """Write a row in place of the one with the same key.

        Raises:
            ValueError: The row does not have the columns of the key.
        """
        cells = _cells(row)
        if not key or not set(key) <= set(cells):
            raise ValueError(f"the key ({', '.join(key)}) has to be among the columns ({', '.join(cells)})")
        rest = [column for column in cells if column not in key]
        changed = ", ".join(f"{_name(column)} = excluded.{_name(column)}" for column in rest)
        conflict = f" ON CONFLICT ({_names(key)}) DO {f'UPDATE SET {changed}' if rest else 'NOTHING'}"
        await self._insert(table, cells, conflict, tuple(key))

    async def insert(self, table: str, row: Row) -> None:
        """Add a row."""
        await self._insert(table, _cells(row), "", ())

    async def update(self, table: str, values: Mapping[str, Value], where: Mapping[str, Value]) -> int:
        """Change rows; how many."""
        cells = _cells(values)
        condition, wanted = _condition(where)
        assigned = ", ".join(f"{_name(column)} = ?" for column in cells)
        statement = f"UPDATE {_name(table)} SET {assigned}{condition}"
        return await self._count(table, [*where], [*cells], statement, [*cells.values(), *wanted])

    async def delete(self, table: str, where: Mapping[str, Value]) -> int:
        """Remove rows; how many."""
        condition, wanted = _condition(where)
        return await self._count(table, [*where], [], f"DELETE FROM {_name(table)}{condition}", wanted)

    async def _insert(self, table: str, cells: Mapping[str, Cell], conflict: str, key: tuple[str, ...]) -> None:
        marks = ", ".join("?" * len(cells))
        statement = f"INSERT INTO {_name(table)} ({_names(cells)}) VALUES ({marks}){conflict}"

        def work(connection: sqlite3.Connection) -> None:
            if self._tables.makes:
                _make(connection, table, [*cells], key)
            connection.execute(statement, list(cells.values()))

        await self._tables.run(work)

    async def _count(
        self, table: str, wanted: list[str], changed: list[str], statement: str, values: list[Cell]
    ) -> int:
        def work(connection: sqlite3.Connection) -> int:
            if self._tables.makes:
                if not _has(connection, table, wanted):
                    return 0
                _make(connection, table, changed, ())
            return connection.execute(statement, values).rowcount

        return await self._tables.run(work)


def _take_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _make(connection: sqlite3.Connection, table: str, columns: Sequence[str], key: Sequence[str]) -> None:
    """Make what is not there yet: the table, its columns, an index that makes the key one."""
    there = _columns(connection, table)
    if not there:
        connection.execute(f"CREATE TABLE {_name(table)} ({_names(columns)})")
        there = set(columns)
    for column in dict.fromkeys(column for column in columns if column not in there):
        connection.execute(f"ALTER TABLE {_name(table)} ADD COLUMN {_name(column)}")
    if key:
        index = _name(f"{table}_{'_'.join(key)}"[:63])
        connection.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {_name(table)} ({_names(key)})")


def _has(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> bool:
    """Whether a table is there with some columns; one that is not has no rows."""
    there = _columns(connection, table)
    return bool(there) and set(columns) <= there


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({_name(table)})")}


def _condition(where: Mapping[str, Value]) -> tuple[str, list[Cell]]:
    """A WHERE clause; `IS`, so that none equals none."""
    if not where:
        return "", []
    return " WHERE " + " AND ".join(f"{_name(column)} IS ?" for column in where), list(_cells(where).values())


def _cells(row: Row) -> dict[str, Cell]:
    values = row.model_dump(mode="json", by_alias=True) if isinstance(row, Record) else dict(row)
    if not values:
        raise ValueError("there has to be at least one column")
    return {column: _cell(value) for column, value in values.items()}


def _cell(value: object) -> Cell:
    match value:
        case None | str() | int() | float() | bytes():
            return value
        case Decimal() | UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case list() | dict():  # what a record nests
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
    raise TypeError(f"a {type(value).__name__} is no value of a table")


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_name, names))


def _name(name: str) -> str:
    """A table's or a column's name as SQL has it.

    Raises:
        ValueError: It is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a table or a column: letters, digits and _, at most 63")
    return f'"{name}"'
