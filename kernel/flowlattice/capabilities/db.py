"""Tables of a database. There is no SQL in a flow: what is called says which table, and the run log has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias
from uuid import UUID

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

Cell: TypeAlias = str | int | float | bool | bytes | None
"""A value as a table gives it back."""

Value: TypeAlias = Cell | Decimal | date | datetime | UUID
"""A value as a table takes it; what is no `Cell` is kept as its text."""

Row: TypeAlias = Record | Mapping[str, Value]
"""A row as a table takes it: a record, by its names on the wire, or a mapping of columns."""


@capability(
    "db.read",
    effects=Effects.READ_ONLY,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    backends=["sqlite", "postgres"],
)
class DbRead(Protocol):
    """Reading rows."""

    async def select(
        self,
        table: str,
        *,
        where: Mapping[str, Value] | None = None,
        order_by: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Mapping[str, Cell]]:
        """Rows whose columns equal what is asked for; all rows without `where`.

        Args:
            table: The table.
            where: What columns have to equal.
            order_by: The column that they are sorted by; without it no order is promised.
            limit: At most so many.
        """

    async def first(self, table: str, *, where: Mapping[str, Value]) -> Mapping[str, Cell] | None:
        """One such row, or none."""


@capability(
    "db.write",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    idempotent_sink=True,
    repeats=["insert"],
    backends=["sqlite", "postgres"],
)
class DbWrite(DbRead, Protocol):
    """Reading and changing rows.

    Repeating an `upsert`, an `update` or a `delete` leaves the rows as they are; an `insert` adds its row again.
    """

    async def upsert(self, table: str, row: Row, *, key: str | Sequence[str]) -> None:
        """Write a row in place of the one that has the same values in the `key` columns."""

    async def insert(self, table: str, row: Row) -> None:
        """Add a row."""

    async def update(self, table: str, values: Mapping[str, Value], *, where: Mapping[str, Value]) -> int:
        """Change columns of the rows whose columns equal what is asked for; how many there were."""

    async def delete(self, table: str, *, where: Mapping[str, Value]) -> int:
        """Remove the rows whose columns equal what is asked for; how many there were."""

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """What is called inside is done as a whole or not at all: `async with db.transaction(): …`."""
