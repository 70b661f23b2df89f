"""One node's way to the ledger: which scopes its calls count in, without ever blocking the event loop.

    production                              what an environment spent, all in all
    production/orders                       what a flow did
    production/orders/2026-11-26            in a UTC day: the ceiling of the flow's day
    production/orders/2026-11-26/ask        one node of it: the day's ceiling
    production/orders/2026-11-26/ask/acme   one tenant's part: the ceiling of a tenant's day
    production/orders/run/R-1               one run, however many days it takes: the ceiling of the flow's run
    production/orders/run/R-1/ask           one node of it: the run's ceiling

A call counts in the last two and in all that they are part of. Scopes of tenants and runs are only there where their
ceilings are stated.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from flowlattice.budgets.amounts import Account, Amount, Remaining, Report, Reservation, Scope
from flowlattice.budgets.breaches import Breach, Breaches, Count
from flowlattice.budgets.ledger import MOST_FORGOTTEN, Ledger
from flowlattice.budgets.limits import Limits
from flowlattice.errors import BudgetExceeded, EngineUnavailable, UsageError

T = TypeVar("T")


_LONGEST_PART: Final = 120
_BETWEEN_NOTES: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(days=92)
"""How long single days, tenants and runs are kept; a run that waits for longer has its ceiling anew."""
_log = logging.getLogger(__name__)


class Purse:
    """What one node of a flow may spend."""

    def __init__(
        self,
        ledger: Ledger,
        limits: Limits,
        *,
        environment: str,
        flow: str,
        node: str,
    ) -> None:
        """Open it.

        Args:
            ledger: Where it is booked; close it after the purse. Days go by its clock.
            limits: The node's ceilings. A newer version of a flow brings its own, which count from its first call on.
            environment: The environment's name, whole ledgers apart from others.
            flow: The flow's name.
            node: The node's name.
        """
        self._ledger = ledger
        self._limits = limits
        self._environment, self._name, self._node = environment, flow, node
        self._refused: dict[str, int] = {}
        self._noted: dict[str, Breach] = {}
        self._swept: date | None = None
        self._flow = f"{_part(environment)}/{_part(flow)}"
        self._base = (Scope(id=_part(environment)), Scope(id=self._flow, parent=_part(environment)))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="budget")

    async def reserve(self, worst: Amount, *, run: str, tenant: str | None = None) -> Reservation:
        """Set aside what a call can come to.

        Args:
            worst: Tokens of the prompt and of the longest answer, and what they cost.
            run: The run's id.
            tenant: Whom it is for; None where the node states no tenant.

        Raises:
            BudgetExceeded: It does not fit, with `retry_after` where a new day helps, or that others settle.
            EngineUnavailable: The ledger cannot be reached.
        """
        moment = datetime.fromtimestamp(self._ledger.now(), UTC)
        if not self._limits.call.fits(worst):
            call = self._limits.call
            raise BudgetExceeded(
                f"{self._flow}/call/{_part(self._node)}", (worst.micro_usd, worst.tokens), (call.micro_usd, call.tokens)
            )
        account = self._account(moment, run, tenant)
        if moment.date() != self._swept:
            self._swept = moment.date()
            self._thread.submit(self._sweep)
        asked = self._thread.submit(self._ledger.reserve, account, worst)
        try:
            return await asyncio.shield(asyncio.wrap_future(asked))
        except asyncio.CancelledError:
            # Nobody will settle what it sets aside. The thread does one thing after the other, so it is done by then.
            self._thread.submit(self._give_back, asked)
            raise
        except BudgetExceeded as error:
            ceiling = self._days_ceiling(error.scope, moment, account)
            if ceiling is not None and error.retry_after is None:
                error.retry_after = _until_tomorrow(moment) if ceiling.fits(worst) else None
                self._thread.submit(self._note, error.scope, worst, moment)
            raise

    async def remaining(self, run: str, tenant: str | None = None) -> Remaining:
        """What the next call may come to, all ceilings considered."""
        account = self._account(datetime.fromtimestamp(self._ledger.now(), UTC), run, tenant)
        left = await self._do(lambda: self._ledger.remaining(account))
        return left.and_also(self._limits.call)

    async def settle(self, reservation: Reservation, actual: Amount, *, is_assumed: bool = False) -> None:
        """Book what a call came to, or is assumed to have; done also if the caller is cancelled meanwhile."""
        await self._do(lambda: self._ledger.settle(reservation, actual, is_assumed=is_assumed))

    async def release(self, reservation: Reservation) -> None:
        """Give a reservation back whose call was never made; done also if the caller is cancelled meanwhile."""
        await self._do(lambda: self._ledger.release(reservation))

    def close(self) -> None:
        """Finish what is under way and write down what was refused since the last time; the ledger stays open."""
        self._thread.submit(self._note_rest)
        self._thread.shutdown(wait=True)

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.wrap_future(self._thread.submit(work)))

    def _sweep(self) -> None:
        """Drop what is not kept any more, some at a time: calls that came meanwhile go first."""
        if self._ledger.forget(self._flow, unused=_KEPT) == MOST_FORGOTTEN:
            self._thread.submit(self._sweep)

    def _give_back(self, asked: Future[Reservation]) -> None:
        if asked.exception() is None:
            self._ledger.release(asked.result())

    def _days_ceiling(self, scope: str, moment: datetime, account: Account) -> Remaining | None:
        """The ceiling of a scope, if it is one of a day."""
        day = self._day(moment)
        if scope != day and not scope.startswith(f"{day}/"):
            return None
        return next((one.ceiling for one in account.opening if one.id == scope), None)

    def _note(self, scope: str, asked: Amount, moment: datetime) -> None:
        """Write a refusal down, but not each one of a flood: the next to be written says how many there were."""
        breaches = self._ledger.breaches
        if breaches is None:
            return
        self._refused[scope] = self._refused.get(scope, 0) + 1
        known = self._noted.get(scope)
        if known is None or moment - known.last >= _BETWEEN_NOTES:
            try:
                report = self._ledger.report(scope)
            except EngineUnavailable as error:
                _log.warning("the breach of %s is not written down: %s", scope, error)
            else:
                self._write(breaches, self._breach(report, asked, moment, breaches.flow))

    def _note_rest(self) -> None:
        breaches = self._ledger.breaches
        for scope in [*self._refused]:
            if breaches is not None and scope in self._noted:
                self._write(breaches, self._noted[scope])

    def _write(self, breaches: Breaches, breach: Breach) -> None:
        self._noted[breach.scope] = breach
        counted = breach.model_copy(update={"refused": self._refused.pop(breach.scope)})
        try:
            breaches.note(counted)
        except (OSError, UsageError) as error:
            _log.warning("the breach of %s is not written down: %s", breach.scope, error)

    def _breach(self, report: Report, asked: Amount, moment: datetime, flow: Path | None) -> Breach:
        most = max(1, report.calls)
        return Breach(
            environment=self._environment,
            flow=self._name,
            node=self._node,
            path=None if flow is None else str(flow),
            scope=report.scope,
            day=moment.date(),
            ceiling=Count(micro_usd=report.ceiling.micro_usd, tokens=report.ceiling.tokens),
            spent=_count(report.spent),
            held=_count(report.held),
            asked=_count(asked),
            calls=report.calls,
            each=Count(micro_usd=report.spent.micro_usd // most, tokens=report.spent.tokens // most),
            refused=1,
            first=moment,
            last=moment,
        )

    def _day(self, moment: datetime) -> str:
        return f"{self._flow}/{moment.date()}"

    def _account(self, moment: datetime, run: str, tenant: str | None) -> Account:
        limits, node = self._limits, _part(self._node)
        day = Scope(id=self._day(moment), parent=self._flow, ceiling=limits.flow_day)
        own = Scope(id=f"{day.id}/{node}", parent=day.id, ceiling=limits.day)
        opening, leaf = [*self._base, day, own], own.id
        if tenant is not None:
            part = Scope(id=f"{own.id}/{_part(tenant)}", parent=own.id, ceiling=limits.tenant_day)
            opening, leaf = [*opening, part], part.id
        if limits.run.is_unlimited and limits.flow_run.is_unlimited:
            return Account(scopes=(leaf,), opening=tuple(opening))
        runs = Scope(id=f"{self._flow}/run", parent=self._flow)
        whole = Scope(id=f"{runs.id}/{_part(run)}", parent=runs.id, ceiling=limits.flow_run)
        share = Scope(id=f"{whole.id}/{node}", parent=whole.id, ceiling=limits.run)
        return Account(scopes=(share.id, leaf), opening=(*opening, runs, whole, share))


def _count(amount: Amount) -> Count:
    return Count(micro_usd=amount.micro_usd, tokens=amount.tokens)


def _until_tomorrow(moment: datetime) -> timedelta:
    return datetime.combine(moment.date() + timedelta(days=1), datetime.min.time(), UTC) - moment


def _part(name: str) -> str:
    """A name as one part of a scope's: without a slash, and not longer than names are."""
    quoted = quote(name, safe="@:+ ")
    if len(quoted) <= _LONGEST_PART:
        return quoted
    return f"{quoted[:40]}~{hashlib.sha256(name.encode()).hexdigest()}"
