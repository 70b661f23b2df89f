"""One ledger, many processes: no ceiling is passed, and what a killed process held is booked."""

import json
import signal
import subprocess
import sys

import pytest
from psycopg.conninfo import make_conninfo

from flowlattice.budgets import Amount, Ledger
from flowlattice.budgets.postgres import PostgresStore
from flowlattice.budgets.stores import SqliteStore

OPEN = """
import asyncio, json, sys
from pathlib import Path
from flowlattice.budgets import Amount, Ledger, Limits, Purse
from flowlattice.errors import BudgetExceeded

def opened(kind, where):
    if kind == "sqlite":
        from flowlattice.budgets.stores import SqliteStore
        return Ledger(SqliteStore(Path(where)))
    from flowlattice.budgets.postgres import PostgresStore
    return Ledger(PostgresStore(where))

ledger = opened(*sys.argv[1:3])
"""

# Each third call is never made; of the others each second costs half its worst case.
SPENDER = f"""{OPEN}
async def spend(number, worst, ceiling):
    limits = Limits.stated(tokens_per_day=ceiling, tokens_per_run=9 * worst, tokens_per_tenant_day=ceiling // 3)
    purse, spent, turn = Purse(ledger, limits, environment="test", flow="sum", node="ask"), 0, 0
    while True:
        turn += 1
        try:
            held = await purse.reserve(Amount(tokens=worst), run=f"R-{{turn}}", tenant=f"T-{{number % 4}}")
        except BudgetExceeded as error:
            assert error.retry_after is not None, error
            break
        if turn % 3 == 0:
            await purse.release(held)
            continue
        actual = worst if turn % 2 else worst // 2
        await purse.settle(held, Amount(tokens=actual))
        spent += actual
    purse.close()
    ledger.close()
    return spent

sys.stdin.readline()
print(json.dumps(asyncio.run(spend(*map(int, sys.argv[3:])))))
"""

HOLDER = f"""{OPEN}
ledger.reserve("run/pm", Amount(micro_usd=70, tokens=7))
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def where(request, tmp_path):
    """What a process is told, to open the ledger."""
    if request.param == "sqlite":
        return "sqlite", str(tmp_path / "budgets.sqlite")
    return "postgres", make_conninfo(**request.getfixturevalue("postgres"))


@pytest.fixture
def ledger(where, tmp_path):
    kind, address = where
    ledger = Ledger(SqliteStore(tmp_path / "budgets.sqlite") if kind == "sqlite" else PostgresStore(address))
    yield ledger
    ledger.close()


def start(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_do_not_pass_a_days_ceiling_nor_leave_a_call_of_it_unused(where, ledger):
    ceiling, worst = 1_500, 17
    processes = [start(SPENDER, *where, number, worst, ceiling) for number in range(6)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    spent = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6

    report = ledger.report("test")
    assert report.spent == Amount(tokens=sum(spent))
    assert (report.held, report.assumed) == (Amount(), Amount())
    # Whoever stopped saw the day full, or its tenant's day, or others that still held what they gave back later.
    (day,) = [child for child in report.children[0].children if child.scope != "test/sum/run"]
    (node,) = day.children
    assert day.spent.tokens == node.spent.tokens == report.spent.tokens <= ceiling
    assert sum(tenant.spent.tokens for tenant in node.children) == node.spent.tokens
    assert all(tenant.spent.tokens <= ceiling // 3 for tenant in node.children)
    assert min(node.remaining.tokens, *(tenant.remaining.tokens for tenant in node.children)) < worst


def test_what_a_killed_process_held_is_assumed(where, ledger):
    ledger.open_scope("run", ceiling_micro_usd=100)
    ledger.open_scope("run/pm", parent="run")
    with start(HOLDER, *where) as process:
        assert process.stdout.readline() == "held\n"
        alive = ledger.report("run")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        dead = ledger.report("run")
    assert (alive.held.micro_usd, alive.assumed.micro_usd) == (70, 0)
    assert (dead.held, dead.assumed, dead.spent) == (Amount(), Amount(micro_usd=70, tokens=7), dead.assumed)
    assert dead.remaining.micro_usd == 30
