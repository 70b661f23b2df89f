"""Grants of db.read and db.write. Their target in the run log is the table.

Changes are recorded when they are committed; those that were taken back did not happen and are recorded nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from flowlattice.capabilities.db import Cell, Row, Value
from flowlattice.engine.backends import Bindings, DbBackend, DbConnection
from flowlattice.engine.calls import Outcome
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse

T = TypeVar("T")


class GrantedDb(Granted):
    """`DbRead`."""

    def __init__(self, use: CapabilityUse, backend: DbBackend, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend
        self._open: DbConnection | None = None

    async def select(
        self,
        table: str,
        *,
        where: Mapping[str, Value] | None = None,
        order_by: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Mapping[str, Cell]]:
        """Rows whose columns equal what is asked for; all rows without `where`."""
        self._read("select", table, "db.read")
        return await self._on(lambda connection: connection.select(table, where or {}, order_by, limit))

    async def first(self, table: str, *, where: Mapping[str, Value]) -> Mapping[str, Cell] | None:
        """One such row, or none."""
        self._read("first", table, "db.read")
        rows = await self._on(lambda connection: connection.select(table, where, None, 1))
        return rows[0] if rows else None

    async def _on(self, work: Callable[[DbConnection], Awaitable[T]]) -> T:
        """Work in the transaction that is open, or in one of its own."""
        if self._open is not None:
            return await work(self._open)
        async with self._backend.transaction() as connection:
            return await work(connection)


class GrantedDbWrite(GrantedDb):
    """`DbWrite`."""

    def __init__(self, use: CapabilityUse, backend: DbBackend, attempt: Attempt) -> None:
        super().__init__(use, backend, attempt)
        self._pending: list[tuple[str, str, str | None]] = []

    async def upsert(self, table: str, row: Row, *, key: str | Sequence[str]) -> None:
        """Write a row in place of the one that has the same values in the `key` columns."""
        columns = (key,) if isinstance(key, str) else tuple(key)
        await self._write("upsert", table, lambda connection: connection.upsert(table, row, columns))

    async def insert(self, table: str, row: Row) -> None:
        """Add a row."""
        await self._write("insert", table, lambda connection: connection.insert(table, row))

    async def update(self, table: str, values: Mapping[str, Value], *, where: Mapping[str, Value]) -> int:
        """Change columns of the rows whose columns equal what is asked for; how many there were."""
        return await self._write("update", table, lambda connection: connection.update(table, values, where))

    async def delete(self, table: str, *, where: Mapping[str, Value]) -> int:
        """Remove the rows whose columns equal what is asked for; how many there were."""
        return await self._write("delete", table, lambda connection: connection.delete(table, where))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """What is called inside is done as a whole or not at all.

        Raises:
            RuntimeError: One is open already.
        """
        if self._open is not None:
            raise RuntimeError(f"binding {self._use.binding} has a transaction open already; they do not nest")
        committing = False
        try:
            async with self._backend.transaction() as connection:
                self._open = connection
                yield
                committing = True
                self._attempt.uncertain += len(self._pending)
            self._recorded("done")
        except BaseException:
            if committing:  # it may have been committed, or not
                self._recorded("unknown")
            raise
        finally:
            self._open = None
            self._pending.clear()

    def _recorded(self, outcome: Outcome) -> None:
        for method, table, key in self._pending:
            self._attempt.record(self._use.name, method, table, key=key, outcome=outcome)

    async def _write(self, method: str, table: str, work: Callable[[DbConnection], Awaitable[T]]) -> T:
        if self._open is None:
            async with self.transaction():
                return await self._write(method, table, work)
        result = await work(self._open)
        self._pending.append((method, table, self._attempt.next_key()))
        return result


def read(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant db.read."""
    backend = bindings.db(use.binding)
    return lambda attempt: GrantedDb(use, backend, attempt)


def write(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant db.write."""
    backend = bindings.db(use.binding)
    return lambda attempt: GrantedDbWrite(use, backend, attempt)
