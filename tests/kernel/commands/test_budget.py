"""`flows budget`: who may spend and spent what, in which ledger, and what was refused."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowlattice.bindings.file import read_environment
from flowlattice.bindings.ledgers import ledger_place
from flowlattice.budgets import Amount, Breaches, Ledger, Limits, Purse
from flowlattice.budgets.stores import SqliteStore
from flowlattice.cli import run
from flowlattice.errors import BudgetExceeded
from flowlattice.home import flows_home

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).timestamp()


def spend(ledger, count, *, tenant=None, node="ask", flow="orders", environment="production", **stated):
    """Make calls of a node, each as many tokens as micro-dollars; the last may be refused."""
    purse = Purse(ledger, Limits.stated(**stated), environment=environment, flow=flow, node=node)

    async def call():
        held = await purse.reserve(Amount(micro_usd=count, tokens=count), run="R-1", tenant=tenant)
        await purse.settle(held, Amount(micro_usd=count, tokens=count))

    try:
        asyncio.run(call())
    finally:
        purse.close()


@pytest.fixture
def ledger():
    home = flows_home()
    breaches = Breaches(home / "breaches", Path("/flows/my orders"))
    ledger = Ledger(home / "budgets.sqlite", breaches=breaches)
    yield ledger
    ledger.close()


def today():
    return str(datetime.now(UTC).date())


def test_without_anything_booked_it_says_so_and_makes_no_ledger(capsys):
    assert run(["budget"]) == 0
    assert capsys.readouterr() == (
        "",
        "nothing is booked yet; what a node spends on a language model is, and what agents do\n",
    )
    assert not (flows_home() / "budgets.sqlite").exists()


def test_it_is_a_tree_of_today(ledger, capsys):
    spend(ledger, 1_500_000, tenant="acme", usd_per_day="5", usd_per_tenant_day="2", usd_per_run="3")
    spend(ledger, 7, node="sum")
    old = Ledger(SqliteStore(flows_home() / "budgets.sqlite"), now=lambda: YESTERDAY)
    spend(old, 3)
    old.close()
    ledger.reserve(f"production/orders/{today()}/sum", Amount(tokens=40))
    assert run(["budget"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "production  spent $1.500010 and 1,500,010 tokens in 3 calls; $0.000000 and 40 tokens set aside",
        "  orders  spent $1.500010 and 1,500,010 tokens in 3 calls; $0.000000 and 40 tokens set aside",
        f"    {today()}  spent $1.500007 and 1,500,007 tokens in 2 calls; $0.000000 and 40 tokens set aside",
        "      ask  spent $1.500000 and 1,500,000 tokens in 1 call; at most $5.000000, $3.500000 left",
        "        acme  spent $1.500000 and 1,500,000 tokens in 1 call; at most $2.000000, $0.500000 left",
        "      sum  spent $0.000007 and 7 tokens in 1 call; $0.000000 and 40 tokens set aside",
    ]
    assert run(["budget", "--all-days"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    yesterday = str(datetime.fromtimestamp(YESTERDAY, UTC).date())
    assert names == ["production", "orders", yesterday, "ask", today(), "ask", "acme", "sum", "run", "R-1", "ask"]


def test_one_flow_in_json(ledger, capsys):
    spend(ledger, 10, tokens_per_day=100)
    spend(ledger, 10, flow="mails")
    for name in ("orders", "production/orders"):
        assert run(["budget", name, "--json"]) == 0
        (flow,) = json.loads(capsys.readouterr().out)
        assert flow["ledger"] == f"sqlite {flows_home() / 'budgets.sqlite'}"
        assert (flow["budget"], flow["calls"], flow["ceiling"]) == (
            "production/orders",
            1,
            {"micro_usd": None, "tokens": None},
        )
        ((node,),) = (day["parts"] for day in flow["parts"])
        assert node["ceiling"] == {"micro_usd": None, "tokens": 100}
        assert node["remaining"] == {"micro_usd": None, "tokens": 90}
        assert node["spent"] == {"micro_usd": 10, "tokens": 10}
    assert run(["budget", "nobody"]) == 2
    assert capsys.readouterr().err == "error: nothing is booked for nobody; flows budget lists all that is\n"


def test_runs_of_agents_are_one_line_unless_they_are_asked_for(ledger, capsys):
    for name in ("run/a1", "run/b2"):
        ledger.open_scope(name, ceiling_micro_usd=1_000_000)
        ledger.settle(ledger.reserve(name, Amount(micro_usd=5)), Amount(micro_usd=5))
    assert run(["budget"]) == 0
    assert capsys.readouterr().out == "2 runs of agents  spent $0.000010 and 0 tokens in 2 calls\n"
    assert run(["budget", "run/b2"]) == 0
    assert (
        capsys.readouterr().out == "run/b2  spent $0.000005 and 0 tokens in 1 call; at most $1.000000, $0.999995 left\n"
    )


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_an_environment_says_which_ledger_it_books_in(request, tmp_path, capsys, backend):
    (tmp_path / "flow.py").write_text("")
    if backend == "sqlite":
        lines = ['path = "own.sqlite"']
    else:
        parts = request.getfixturevalue("postgres")
        lines = [
            f'host = "{parts["host"]}"',
            f"port = {parts['port']}",
            f'database = "{parts["dbname"]}"',
            'user = "flows"',
        ]
    (tmp_path / "bindings.toml").write_text("\n".join(["[test.budget]", f'backend = "{backend}"', *lines]))
    place = ledger_place(read_environment((tmp_path / "bindings.toml").read_text(), "test").entries, tmp_path)
    own = place.open(tmp_path)
    spend(own, 10, environment="test")
    own.close()
    assert run(["budget", "--path", str(tmp_path), "--env", "test", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["budget"], found["calls"], found["ledger"]) == ("test", 1, place.words)
    assert run(["budget"]) == 0
    assert capsys.readouterr().out == ""


def test_a_budget_is_no_folder(tmp_path, capsys):
    (tmp_path / "flow.py").write_text("")
    (tmp_path / "bindings.toml").write_text('[test.budget]\nbackend = "folder"\npath = "x"\n')
    assert run(["budget", "--path", str(tmp_path), "--env", "test"]) == 2
    assert 'bindings.toml: budget needs backend = "sqlite" or "postgres", not "folder"' in capsys.readouterr().err
    assert run(["budget", "--env", "test"]) == 2


def test_what_was_refused_is_listed_with_the_command_that_answers_it(ledger, capsys):
    with pytest.raises(BudgetExceeded):
        spend(ledger, 60, tokens_per_day=50)
    assert run(["budget", "--breaches"]) == 0
    said, answer = capsys.readouterr().out.splitlines()
    assert said == (
        f"{today()}  orders, node ask (production/orders/{today()}/ask): refused 1 call, the last of up to $0.000060"
        " and 60 tokens; at most 50 tokens a day, 0 made"
    )
    (file,) = (flows_home() / "breaches").glob("*.json")
    assert answer.strip() == f"flows author --edit '/flows/my orders' {file}"
    assert run(["budget", "--breaches", "--json", "orders"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["file"], found["answer"], found["asked"]["tokens"]) == (str(file), answer.strip(), 60)
    assert run(["budget", "--breaches", "mails"]) == 0
    assert capsys.readouterr().out == ""
