"""One ledger, many processes: no ceiling is passed, and what a killed process held is booked."""

import json
import signal
import subprocess
import sys

from flowlattice.budgets import Amount, Ledger

SPENDER = """
import json, sys
from pathlib import Path
from flowlattice.budgets import Amount, Ledger
from flowlattice.errors import BudgetExceeded

path, scope, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ledger, spent, turn = Ledger(path), 0, 0
sys.stdin.readline()
while True:
    turn += 1
    try:
        held = ledger.reserve(scope, Amount(micro_usd=step, tokens=step))
    except BudgetExceeded:
        break
    if turn % 3 == 0:
        ledger.release(held)
        continue
    actual = step if turn % 2 else step // 2
    ledger.settle(held, Amount(micro_usd=actual, tokens=actual))
    spent += actual
ledger.close()
print(json.dumps(spent))
"""

HOLDER = """
import sys
from pathlib import Path
from flowlattice.budgets import Amount, Ledger

ledger = Ledger(Path(sys.argv[1]))
ledger.reserve("run/pm", Amount(micro_usd=70, tokens=7))
print("held", flush=True)
sys.stdin.readline()
"""


def start(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_sixteen_processes_do_not_pass_one_ceiling(tmp_path):
    path, ceiling = tmp_path / "budgets.sqlite", 1_000
    ledger = Ledger(path)
    ledger.open_scope("run", ceiling_micro_usd=ceiling)
    ledger.open_scope("run/pm", parent="run")
    ledger.open_scope("run/builder", parent="run", ceiling_micro_usd=400)
    scopes = ["run/pm", "run/builder"] * 8
    processes = [start(SPENDER, path, scope, 7 + number) for number, scope in enumerate(scopes)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    spent = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 16

    report = ledger.report("run")
    ledger.close()
    assert report.spent == Amount(micro_usd=sum(spent), tokens=sum(spent))
    assert report.spent.micro_usd <= ceiling
    assert report.children[0].spent.micro_usd == sum(spent[1::2]) <= 400
    assert (report.held, report.assumed) == (Amount(), Amount())
    # They stopped because nothing more fitted, not for another reason.
    assert (report.remaining.micro_usd or 0) < 22


def test_what_a_killed_process_held_is_assumed(tmp_path):
    path = tmp_path / "budgets.sqlite"
    ledger = Ledger(path)
    ledger.open_scope("run", ceiling_micro_usd=100)
    ledger.open_scope("run/pm", parent="run")
    with start(HOLDER, path) as process:
        assert process.stdout.readline() == "held\n"
        alive = ledger.report("run")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        dead = ledger.report("run")
    ledger.close()
    assert (alive.held.micro_usd, alive.assumed.micro_usd) == (70, 0)
    assert (dead.held, dead.assumed, dead.spent) == (Amount(), Amount(micro_usd=70, tokens=7), dead.assumed)
    assert dead.remaining.micro_usd == 30
