"""The ledger: scopes with ceilings, reservations in them, in SQLite (WAL, synchronous FULL), atomic across processes.

A scope's totals include all that is below it. A reservation is added to its scope and each ancestor in one transaction
that nobody else can write beside (BEGIN IMMEDIATE), or to none. It counts at its worst case until it is settled, and
for ever if it never is: when its owner has died or its lease is over it is booked as it stands and marked `assumed`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flowlattice.budgets.amounts import Amount, Remaining, Report, Reservation
from flowlattice.budgets.owners import Owner
from flowlattice.errors import BudgetExceeded, UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scopes (
    id TEXT PRIMARY KEY, parent TEXT REFERENCES scopes, ceiling_micro_usd INTEGER, ceiling_tokens INTEGER,
    spent_micro_usd INTEGER NOT NULL DEFAULT 0, spent_tokens INTEGER NOT NULL DEFAULT 0,
    assumed_micro_usd INTEGER NOT NULL DEFAULT 0, assumed_tokens INTEGER NOT NULL DEFAULT 0,
    held_micro_usd INTEGER NOT NULL DEFAULT 0, held_tokens INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL REFERENCES scopes, state TEXT NOT NULL,
    micro_usd INTEGER NOT NULL, tokens INTEGER NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, lease_ends REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS reservations_held ON reservations (id) WHERE state = 'held';
CREATE INDEX IF NOT EXISTS scopes_by_parent ON scopes (parent);
"""
_ANCESTRY = """
WITH RECURSIVE above(id, distance) AS (
    SELECT id, 0 FROM scopes WHERE id = ? UNION ALL
    SELECT scopes.parent, above.distance + 1 FROM scopes JOIN above USING (id) WHERE scopes.parent IS NOT NULL
)
"""
_BUSY_S = 60.0
LEASE = timedelta(hours=2)
"""How long a reservation may be held: longer than any call to a model takes, with its retries."""


class Ledger:
    """What was and may be spent, for all processes that open the same file."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        """Open it, or make it.

        Args:
            path: The file.
            now: The time of day in seconds since the epoch; leases go by it.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._now = now
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._db.close()

    def open_scope(
        self,
        scope: str,
        *,
        parent: str | None = None,
        ceiling_micro_usd: int | None = None,
        ceiling_tokens: int | None = None,
    ) -> None:
        """Make a scope, or give one that is there new ceilings.

        Args:
            scope: Its name, unique in the ledger.
            parent: The scope that it is part of; it shares what remains there.
            ceiling_micro_usd: The most that may be spent (micro-dollars); None leaves it as it is, at first unlimited.
            ceiling_tokens: The same in tokens.

        Raises:
            UsageError: There is no such parent, or the scope is part of another one.
        """
        with self._transaction():
            if parent is not None:
                self._scope(parent)
            self._db.execute("INSERT INTO scopes (id, parent) VALUES (?, ?) ON CONFLICT DO NOTHING", (scope, parent))
            if (known := self._scope(scope)["parent"]) != parent:
                raise UsageError(f"budget {scope} is part of {known}, not of {parent}")
            self._db.execute(
                "UPDATE scopes SET ceiling_micro_usd = coalesce(?, ceiling_micro_usd),"
                " ceiling_tokens = coalesce(?, ceiling_tokens) WHERE id = ?",
                (ceiling_micro_usd, ceiling_tokens, scope),
            )

    def reserve(
        self, scope: str, amount: Amount, *, owner: Owner | None = None, lease: timedelta = LEASE
    ) -> Reservation:
        """Set an amount aside, here and in all that the scope is part of, or nowhere.

        Args:
            scope: Where.
            amount: The most that it can come to.
            owner: The process that will settle it; this one by default.
            lease: How long it may take to.

        Raises:
            BudgetExceeded: It does not fit; the nearest scope that is too small is named.
            UsageError: There is no such scope.
        """
        owner = owner or Owner.current()
        with self._transaction():
            for row in self._ancestry(scope):
                if not (left := _left(row)).fits(amount):
                    raise BudgetExceeded(row["id"], (amount.micro_usd, amount.tokens), (left.micro_usd, left.tokens))
            self._move(scope, "held", amount)
            cursor = self._db.execute(
                "INSERT INTO reservations (scope, state, micro_usd, tokens, host, pid, started, lease_ends)"
                " VALUES (?, 'held', ?, ?, ?, ?, ?, ?)",
                (
                    scope,
                    amount.micro_usd,
                    amount.tokens,
                    owner.host,
                    owner.pid,
                    owner.started,
                    self._now() + lease.total_seconds(),
                ),
            )
            return Reservation(id=int(cursor.lastrowid or 0), scope=scope, amount=amount)

    def settle(self, reservation: Reservation, actual: Amount) -> None:
        """Book what it came to, also if that is more than was reserved, or if it was assumed meanwhile.

        Raises:
            UsageError: It was settled or released before.
        """
        with self._transaction():
            self._take_back(reservation)
            self._move(reservation.scope, "spent", actual, calls=1)
            self._mark(reservation.id, "settled")

    def release(self, reservation: Reservation) -> None:
        """Give it back: nothing was spent.

        Raises:
            UsageError: It was settled or released before.
        """
        with self._transaction():
            self._take_back(reservation)
            self._mark(reservation.id, "released")

    def remaining(self, scope: str) -> Remaining:
        """What can still be reserved, all ceilings above considered.

        Raises:
            UsageError: There is no such scope.
        """
        left = Remaining(micro_usd=None, tokens=None)
        with self._transaction():
            for row in self._ancestry(scope):
                left = left.and_also(_left(row))
        return left

    def spent(self, scope: str) -> Amount:
        """What was settled or assumed, in the scope and below it."""
        return self.report(scope).spent

    def report(self, scope: str) -> Report:
        """A scope with all that is below it, those that nobody will settle booked.

        Raises:
            UsageError: There is no such scope.
        """
        with self._transaction():
            self._assume_abandoned()
            return self._report(scope)

    def _report(self, scope: str) -> Report:
        row = self._scope(scope)
        below = self._db.execute("SELECT id FROM scopes WHERE parent = ? ORDER BY id", (scope,)).fetchall()
        return Report(
            scope=scope,
            ceiling=Remaining(micro_usd=row["ceiling_micro_usd"], tokens=row["ceiling_tokens"]),
            spent=_amount(row, "spent"),
            assumed=_amount(row, "assumed"),
            held=_amount(row, "held"),
            remaining=self.remaining(scope),
            calls=row["calls"],
            children=tuple(self._report(child["id"]) for child in below),
        )

    def _assume_abandoned(self) -> None:
        for row in self._db.execute("SELECT * FROM reservations WHERE state = 'held'").fetchall():
            owner = Owner(host=row["host"], pid=row["pid"], started=row["started"])
            if row["lease_ends"] > self._now() and not owner.is_dead():
                continue
            amount = Amount(micro_usd=row["micro_usd"], tokens=row["tokens"])
            self._move(row["scope"], "held", amount, sign=-1)
            self._move(row["scope"], "spent", amount, calls=1)
            self._move(row["scope"], "assumed", amount)
            self._mark(row["id"], "assumed")

    def _take_back(self, reservation: Reservation) -> None:
        row = self._db.execute("SELECT * FROM reservations WHERE id = ?", (reservation.id,)).fetchone()
        state = None if row is None else row["state"]
        if state == "assumed":
            self._move(reservation.scope, "spent", reservation.amount, sign=-1, calls=-1)
            self._move(reservation.scope, "assumed", reservation.amount, sign=-1)
        elif state == "held":
            self._move(reservation.scope, "held", reservation.amount, sign=-1)
        else:
            raise UsageError(f"reservation {reservation.id} in budget {reservation.scope} is {state or 'not there'}")

    def _move(self, scope: str, total: str, amount: Amount, *, sign: int = 1, calls: int = 0) -> None:
        self._db.execute(
            f"{_ANCESTRY} UPDATE scopes SET {total}_micro_usd = {total}_micro_usd + ?,"
            f" {total}_tokens = {total}_tokens + ?, calls = calls + ? WHERE id IN (SELECT id FROM above)",
            (scope, sign * amount.micro_usd, sign * amount.tokens, calls),
        )

    def _mark(self, reservation: int, state: str) -> None:
        self._db.execute("UPDATE reservations SET state = ? WHERE id = ?", (state, reservation))

    def _scope(self, scope: str) -> sqlite3.Row:
        return self._ancestry(scope)[0]

    def _ancestry(self, scope: str) -> list[sqlite3.Row]:
        """The scope and all that it is part of, nearest first."""
        found = f"{_ANCESTRY} SELECT scopes.* FROM above JOIN scopes USING (id) ORDER BY above.distance"
        rows = self._db.execute(found, (scope,)).fetchall()
        if not rows:
            raise UsageError(f"there is no budget {scope}; open it first")
        return rows

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _amount(row: sqlite3.Row, total: str) -> Amount:
    return Amount(micro_usd=row[f"{total}_micro_usd"], tokens=row[f"{total}_tokens"])


def _left(row: sqlite3.Row) -> Remaining:
    left: dict[str, int | None] = {}
    for unit in ("micro_usd", "tokens"):
        ceiling = row[f"ceiling_{unit}"]
        left[unit] = None if ceiling is None else max(0, ceiling - row[f"spent_{unit}"] - row[f"held_{unit}"])
    return Remaining(micro_usd=left["micro_usd"], tokens=left["tokens"])
