"""Many processes, one day's budget: `python -m flowlattice.bench.spenders`, which forks as many as it is told.

Each asks for calls until it is refused while nobody holds anything that could come back. A call is set aside at its
worst and costs between one token and all of that.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import tempfile
import time
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from flowlattice.bench.workers import answer_lines, number
from flowlattice.budgets import Amount, Ledger, Limits, Purse, Report
from flowlattice.budgets.stores import SqliteStore
from flowlattice.errors import BudgetExceeded

WORST: Final = 500
"""What a call costs at worst, in tokens."""

_AGAIN_S: Final = 0.02
_ENVIRONMENT: Final = "bench"
_FLOW: Final = "summaries"


async def spend(ledger: Ledger, ceiling: int, seed: int) -> None:
    """Make calls until one is refused while nobody holds anything."""
    purse = Purse(ledger, Limits.stated(tokens_per_day=ceiling), environment=_ENVIRONMENT, flow=_FLOW, node="ask")
    draw = random.Random(seed)
    before: Report | None = None
    while True:
        try:
            held = await purse.reserve(Amount(tokens=WORST), run=f"R-{seed}")
        except BudgetExceeded:
            report = ledger.report(_ENVIRONMENT)
            if report == before and not report.held.tokens:
                break
            before = report
            await asyncio.sleep(_AGAIN_S)
            continue
        await purse.settle(held, Amount(tokens=draw.randint(1, WORST)))
    purse.close()


def race(processes: int, calls: int) -> dict[str, JsonValue]:
    """Let so many processes spend what about so many calls need; what was spent too much, or left over."""
    ceiling, context = calls * WORST // 2, multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "budgets.sqlite"
        started = time.monotonic()
        children = [context.Process(target=_spender, args=(file, ceiling, seed)) for seed in range(processes)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        if any(child.exitcode for child in children):
            raise RuntimeError("a process that spends failed")
        took = time.monotonic() - started
        ledger = Ledger(SqliteStore(file))
        report = ledger.report(_ENVIRONMENT)
        ledger.close()
    spent = report.spent.tokens
    return {
        "overspent": max(0, spent - ceiling),
        "unused": max(0, ceiling - spent),
        "held": report.held.tokens + report.assumed.tokens,
        "per_s": report.calls / took,
    }


def _spender(file: Path, ceiling: int, seed: int) -> None:
    ledger = Ledger(SqliteStore(file))
    asyncio.run(spend(ledger, ceiling, seed))
    ledger.close()


def _answer(asked: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return race(int(number(asked, "processes")), int(number(asked, "calls")))


if __name__ == "__main__":
    answer_lines(_answer)
