"""The ledger: scopes with ceilings and reservations in them, atomic across all processes that share the database.

A scope's totals include all that is below it. A reservation is added to its scopes and all of their ancestors in one
transaction that nobody else can write these scopes beside, or to none. It counts at its worst case until it is settled,
and for ever if it never is: when its owner has died or its lease is over it is booked as it stands, marked `assumed`.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from flowlattice.budgets.amounts import Account, Amount, Remaining, Report, Reservation, Scope
from flowlattice.budgets.breaches import Breaches
from flowlattice.budgets.owners import Owner
from flowlattice.budgets.stores import Row, SqliteStore, Store, Transaction
from flowlattice.errors import BudgetExceeded, UsageError

SCHEMA: Final = (
    """
CREATE TABLE IF NOT EXISTS budget_scopes (
    id TEXT PRIMARY KEY, parent TEXT, ceiling_micro_usd BIGINT, ceiling_tokens BIGINT,
    spent_micro_usd BIGINT NOT NULL DEFAULT 0, spent_tokens BIGINT NOT NULL DEFAULT 0,
    assumed_micro_usd BIGINT NOT NULL DEFAULT 0, assumed_tokens BIGINT NOT NULL DEFAULT 0,
    held_micro_usd BIGINT NOT NULL DEFAULT 0, held_tokens BIGINT NOT NULL DEFAULT 0,
    calls BIGINT NOT NULL DEFAULT 0, touched DOUBLE PRECISION NOT NULL DEFAULT 0
)""",
    """
CREATE TABLE IF NOT EXISTS budget_holds (
    id TEXT PRIMARY KEY, scopes TEXT NOT NULL, state TEXT NOT NULL, micro_usd BIGINT NOT NULL, tokens BIGINT NOT NULL,
    host TEXT NOT NULL, pid BIGINT NOT NULL, started TEXT NOT NULL, lease_ends DOUBLE PRECISION NOT NULL
)""",
    "CREATE INDEX IF NOT EXISTS budget_scopes_by_parent ON budget_scopes (parent)",
)
"""`budget_holds` has what is held or was assumed, with all scopes that it counts in (JSON); what is over is gone."""

LEASE: Final = timedelta(hours=2)
"""How long a reservation may be held: longer than any call to a model takes, with its retries."""

WHILE_HELD: Final = timedelta(seconds=5)
"""How long to wait where others hold what is missing: about as long as a call of a model takes, which comes to less."""

MOST_FORGOTTEN: Final = 5_000
"""How many scopes are dropped in one transaction."""

_COLUMNS = (
    "id, parent, ceiling_micro_usd, ceiling_tokens, spent_micro_usd, spent_tokens, assumed_micro_usd, assumed_tokens,"
    " held_micro_usd, held_tokens, calls"
)


@dataclass(frozen=True)
class _Totals:
    """A scope as it is stored."""

    id: str
    parent: str | None
    ceiling: Remaining
    spent: Amount
    assumed: Amount
    held: Amount
    calls: int

    @classmethod
    def of(cls, row: Row) -> _Totals:
        spent, assumed, held = (Amount(micro_usd=row[at], tokens=row[at + 1]) for at in (4, 6, 8))
        return cls(row[0], row[1], Remaining(micro_usd=row[2], tokens=row[3]), spent, assumed, held, row[10])

    @property
    def left(self) -> Remaining:
        return self.ceiling.without(self.spent + self.held)

    @property
    def unspent(self) -> Remaining:
        return self.ceiling.without(self.spent)


class Ledger:
    """What was and may be spent, for all processes that open the same database. Calls block; threads take turns."""

    def __init__(
        self, where: Path | Store, *, breaches: Breaches | None = None, now: Callable[[], float] = time.time
    ) -> None:
        """Open it, or make it.

        Args:
            where: A file for SQLite, or a store, which is closed with the ledger.
            breaches: Where purses write down what days' ceilings refused; nowhere by default.
            now: The time of day in seconds since the epoch; leases go by it.
        """
        self.breaches = breaches
        self._store: Store = SqliteStore(where) if isinstance(where, Path) else where
        self._now = now
        self._lock = threading.Lock()
        try:
            self._store.prepare(SCHEMA)
        except BaseException:
            self._store.close()
            raise

    def now(self) -> float:
        """The time of day in seconds since the epoch, by the ledger's clock."""
        return self._now()

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._store.close()

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
        with self._transaction() as work:
            was = self._open(work, Account(scopes=(scope,), opening=(Scope(id=scope, parent=parent),)))[scope].ceiling
            money = was.micro_usd if ceiling_micro_usd is None else ceiling_micro_usd
            count = was.tokens if ceiling_tokens is None else ceiling_tokens
            _set_ceiling(work, scope, Remaining(micro_usd=money, tokens=count))

    def reserve(
        self, account: str | Account, amount: Amount, *, owner: Owner | None = None, lease: timedelta = LEASE
    ) -> Reservation:
        """Set an amount aside, in a scope and in all that it is part of, or nowhere.

        Args:
            account: The scope, or several of them.
            amount: The most that it can come to.
            owner: The process that will settle it; this one by default.
            lease: How long it may take to.

        Raises:
            BudgetExceeded: It does not fit; the nearest scope is named in which too much is spent, else the nearest in
                which it would fit if others settled what they hold, with `retry_after`.
            UsageError: There is no such scope.
        """
        account = _account(account)
        with self._transaction() as work:
            charged = _chain(self._open(work, account), account.scopes)
            full = [totals for totals in charged if not totals.left.fits(amount)]
            if not full:
                return self._hold(work, [totals.id for totals in charged], amount, owner or Owner.current(), lease)
        # Raised only here: the scopes that it opened stay, so that a report shows what refuses.
        raise _refusal(full, amount)

    def settle(self, reservation: Reservation, actual: Amount, *, is_assumed: bool = False) -> None:
        """Book what it came to, also if that is more than was reserved, or if it was assumed meanwhile.

        Args:
            reservation: What was set aside.
            actual: What it came to.
            is_assumed: Whether nobody knows, and it is the worst.

        Raises:
            UsageError: It was settled or released before.
        """
        totals = {"spent": 1, "assumed": 1} if is_assumed else {"spent": 1}
        with self._transaction() as work:
            scopes = self._take_back(work, reservation)
            self._move(work, scopes, totals, actual, calls=1)

    def release(self, reservation: Reservation) -> None:
        """Give it back: nothing was spent.

        Raises:
            UsageError: It was settled or released before.
        """
        with self._transaction() as work:
            self._take_back(work, reservation)

    def remaining(self, account: str | Account) -> Remaining:
        """What can still be reserved, all ceilings above considered.

        Raises:
            UsageError: There is no such scope.
        """
        account, left = _account(account), Remaining()
        with self._transaction() as work:
            for totals in _chain(self._open(work, account), account.scopes):
                left = left.and_also(totals.left)
        return left

    def spent(self, scope: str) -> Amount:
        """What was settled or assumed, in the scope and below it."""
        return self.report(scope).spent

    def report(self, scope: str) -> Report:
        """A scope with all that is below it, those that nobody will settle booked.

        Raises:
            UsageError: There is no such scope.
        """
        self._assume_abandoned()
        with self._transaction() as work:
            above = _chain(self._open(work, _account(scope)), (scope,))[1:]
            below = _below(work, scope)
        left, parts = Remaining(), defaultdict[str | None, list[_Totals]](list)
        for totals in above:
            left = left.and_also(totals.left)
        for totals in below:
            parts[totals.parent].append(totals)
        return _report(next(totals for totals in below if totals.id == scope), parts, left)

    def roots(self) -> tuple[str, ...]:
        """The scopes that are part of no other, by name."""
        with self._transaction() as work:
            return tuple(row[0] for row in work.rows("SELECT id FROM budget_scopes WHERE parent IS NULL ORDER BY id"))

    def forget(self, within: str, *, unused: timedelta) -> int:
        """Drop scopes that nothing was booked in for so long; what they are part of keeps what they add to it.

        Args:
            within: A scope of the second level, `environment/flow`: it and what is above it stays.
            unused: For how long.

        Returns:
            How many were dropped, at most `MOST_FORGOTTEN`: others wait meanwhile.
        """
        prefix = f"{within}/"
        with self._transaction() as work:
            _locked(work, self._store, [within])
            gone = work.rows(
                "DELETE FROM budget_scopes WHERE id IN (SELECT id FROM budget_scopes WHERE substr(id, 1, ?) = ?"
                " AND touched < ? AND held_micro_usd = 0 AND held_tokens = 0 LIMIT ?) RETURNING id",
                (len(prefix), prefix, self._now() - unused.total_seconds(), MOST_FORGOTTEN),
            )
        return len(gone)

    def _hold(
        self, work: Transaction, scopes: Sequence[str], amount: Amount, owner: Owner, lease: timedelta
    ) -> Reservation:
        hold, ends = uuid.uuid4().hex, self._now() + lease.total_seconds()
        self._move(work, scopes, {"held": 1}, amount)
        work.rows(
            "INSERT INTO budget_holds (id, scopes, state, micro_usd, tokens, host, pid, started, lease_ends)"
            " VALUES (?, ?, 'held', ?, ?, ?, ?, ?, ?)",
            (hold, json.dumps(scopes), amount.micro_usd, amount.tokens, owner.host, owner.pid, owner.started, ends),
        )
        return Reservation(id=hold, scope=scopes[0], amount=amount)

    def _assume_abandoned(self) -> None:
        with self._transaction() as work:
            held = work.rows("SELECT id, host, pid, started, lease_ends FROM budget_holds WHERE state = 'held'")
        for hold, host, pid, started, lease_ends in held:
            if lease_ends <= self._now() or Owner(host=host, pid=pid, started=started).is_dead():
                self._assume(hold)

    def _assume(self, hold: str) -> None:
        """Book a reservation as it stands, unless it was ended meanwhile."""
        with self._transaction() as work:
            found = work.rows(
                "UPDATE budget_holds SET state = 'assumed' WHERE id = ? AND state = 'held'"
                " RETURNING scopes, micro_usd, tokens",
                (hold,),
            )
            for scopes, micro_usd, tokens in found:
                amount, charged = Amount(micro_usd=micro_usd, tokens=tokens), json.loads(scopes)
                _locked(work, self._store, charged)
                self._move(work, charged, {"held": -1, "spent": 1, "assumed": 1}, amount, calls=1)

    def _take_back(self, work: Transaction, reservation: Reservation) -> list[str]:
        """End a reservation; the scopes that it was counted in."""
        found = work.rows("DELETE FROM budget_holds WHERE id = ? RETURNING scopes, state", (reservation.id,))
        if not found:
            raise UsageError(
                f"reservation {reservation.id} in budget {reservation.scope} was settled or released before"
            )
        scopes: list[str] = json.loads(found[0][0])
        _locked(work, self._store, scopes)
        if found[0][1] == "held":
            self._move(work, scopes, {"held": -1}, reservation.amount)
        else:
            self._move(work, scopes, {"spent": -1, "assumed": -1}, reservation.amount, calls=-1)
        return scopes

    def _move(
        self, work: Transaction, scopes: Sequence[str], totals: Mapping[str, int], amount: Amount, *, calls: int = 0
    ) -> None:
        """Add an amount to some totals of scopes (1), or take it away (-1)."""
        changes = [f"{total}_{unit} = {total}_{unit} + ?" for total in totals for unit in ("micro_usd", "tokens")]
        values = [sign * count for sign in totals.values() for count in (amount.micro_usd, amount.tokens)]
        work.rows(
            f"UPDATE budget_scopes SET {', '.join(changes)}, calls = calls + ?, touched = ?"
            f" WHERE id IN ({_marks(scopes)})",
            (*values, calls, self._now(), *scopes),
        )

    def _open(self, work: Transaction, account: Account) -> dict[str, _Totals]:
        """Lock scopes and all that they are part of, those that are to be opened made; by name."""
        opening = account.opening
        wanted = [*account.scopes, *(scope.id for scope in opening), *(s.parent for s in opening if s.parent)]
        known = _locked(work, self._store, wanted)
        missing = [scope for scope in opening if scope.id not in known]
        for scope in missing:
            work.rows(
                "INSERT INTO budget_scopes (id, parent) VALUES (?, ?) ON CONFLICT DO NOTHING", (scope.id, scope.parent)
            )
        if missing:
            known = _locked(work, self._store, wanted)
        for name in wanted:
            if name not in known:
                raise UsageError(f"there is no budget {name}; open it first")
        for scope in opening:
            if (parent := known[scope.id].parent) != scope.parent:
                raise UsageError(f"budget {scope.id} is part of {parent}, not of {scope.parent}")
            if scope.ceiling is not None and scope.ceiling != known[scope.id].ceiling:
                _set_ceiling(work, scope.id, scope.ceiling)
                known[scope.id] = replace(known[scope.id], ceiling=scope.ceiling)
        return known

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self._lock, self._store.transaction() as work:
            yield work


def _account(account: str | Account) -> Account:
    return Account(scopes=(account,)) if isinstance(account, str) else account


def _locked(work: Transaction, store: Store, scopes: Sequence[str]) -> dict[str, _Totals]:
    """The scopes that are there and all that they are part of, so that nobody else changes them; by name."""
    rows = work.rows(
        f"WITH RECURSIVE above(id) AS (SELECT id FROM budget_scopes WHERE id IN ({_marks(scopes)}) UNION"
        " SELECT parent FROM budget_scopes JOIN above USING (id) WHERE parent IS NOT NULL)"
        f" SELECT {_COLUMNS} FROM budget_scopes WHERE id IN (SELECT id FROM above) {store.locked}",
        scopes,
    )
    return {row[0]: _Totals.of(row) for row in rows}


def _chain(known: Mapping[str, _Totals], scopes: Sequence[str]) -> list[_Totals]:
    """The scopes and all that they are part of, each once, nearest first."""
    found: dict[str, _Totals] = {}
    for scope in scopes:
        at: str | None = scope
        while at is not None and at not in found:
            found[at] = known[at]
            at = known[at].parent
    return list(found.values())


def _below(work: Transaction, scope: str) -> list[_Totals]:
    """A scope and all that is part of it, by name."""
    rows = work.rows(
        "WITH RECURSIVE below(id) AS (SELECT id FROM budget_scopes WHERE id = ? UNION"
        " SELECT part.id FROM budget_scopes AS part JOIN below ON part.parent = below.id)"
        f" SELECT {_COLUMNS} FROM budget_scopes WHERE id IN (SELECT id FROM below)",
        (scope,),
    )
    return sorted((_Totals.of(row) for row in rows), key=lambda totals: totals.id)


def _refusal(full: Sequence[_Totals], amount: Amount) -> BudgetExceeded:
    """What is said where an amount does not fit some scopes, nearest first."""
    spent = next((totals for totals in full if not totals.unspent.fits(amount)), None)
    named = spent or full[0]
    error = BudgetExceeded(named.id, (amount.micro_usd, amount.tokens), (named.left.micro_usd, named.left.tokens))
    if spent is None:
        error.retry_after = WHILE_HELD
    return error


def _report(totals: _Totals, parts: Mapping[str | None, Sequence[_Totals]], left_above: Remaining) -> Report:
    left = left_above.and_also(totals.left)
    return Report(
        scope=totals.id,
        ceiling=totals.ceiling,
        spent=totals.spent,
        assumed=totals.assumed,
        held=totals.held,
        remaining=left,
        calls=totals.calls,
        children=tuple(_report(one, parts, left) for one in parts.get(totals.id, ())),
    )


def _set_ceiling(work: Transaction, scope: str, ceiling: Remaining) -> None:
    work.rows(
        "UPDATE budget_scopes SET ceiling_micro_usd = ?, ceiling_tokens = ? WHERE id = ?",
        (ceiling.micro_usd, ceiling.tokens, scope),
    )


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)
