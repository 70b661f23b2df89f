"""A node's purse: which ceilings its calls meet, and what becomes of them at midnight and when a run is cancelled."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowlattice.budgets import Amount, Breaches, Ledger, Limits, Purse, Remaining, read_breach
from flowlattice.budgets.breaches import Count
from flowlattice.budgets.stores import SqliteStore
from flowlattice.errors import BudgetExceeded, UsageError

EVENING = datetime(2026, 11, 26, 23, 0, tzinfo=UTC).timestamp()


class Clock:
    now = EVENING

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    ledger = Ledger(tmp_path / "budgets.sqlite", now=clock)
    yield ledger
    ledger.close()


@pytest.fixture
def purse(ledger):
    opened = []

    def open_(node="ask", flow="orders", whole=None, **stated):
        opened.append(Purse(ledger, Limits.stated(whole, **stated), environment="production", flow=flow, node=node))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def tokens(count):
    return Amount(tokens=count, micro_usd=count)


def spend(purse, count, run="R-1", tenant=None):
    async def spent():
        held = await purse.reserve(tokens(count), run=run, tenant=tenant)
        await purse.settle(held, tokens(count))

    asyncio.run(spent())


def refused(purse, count, run="R-1", tenant=None):
    with pytest.raises(BudgetExceeded) as caught:
        spend(purse, count, run, tenant)
    return caught.value


@pytest.mark.parametrize(
    ("stated", "scope"),
    [
        ({"tokens_per_call": 59}, "production/orders/call/ask"),
        ({"tokens_per_run": 99}, "production/orders/run/R-1/ask"),
        ({"usd_per_run": "0.000099999"}, "production/orders/run/R-1/ask"),
        ({"tokens_per_day": 99}, "production/orders/2026-11-26/ask"),
        ({"usd_per_day": "0.000099"}, "production/orders/2026-11-26/ask"),
        ({"tokens_per_tenant_day": 99}, "production/orders/2026-11-26/ask/acme"),
        ({"usd_per_tenant_day": "0.000099"}, "production/orders/2026-11-26/ask/acme"),
    ],
)
def test_each_ceiling_holds(purse, stated, scope):
    mine = purse(**stated)
    spend(mine, 40, tenant="acme")
    assert refused(mine, 60, tenant="acme").scope == scope
    left = asyncio.run(mine.remaining("R-1", "acme"))
    assert 59 in (left.micro_usd, left.tokens)
    spend(mine, 59, tenant="acme")


def test_without_ceilings_it_is_booked_all_the_same(purse, ledger):
    spend(purse(), 40)
    assert ledger.report("production").spent == tokens(40)
    assert asyncio.run(purse().remaining("R-1")) == Remaining()


def test_a_new_day_has_its_own_ceiling_and_the_old_one_says_when_it_comes(purse, clock):
    mine = purse(tokens_per_day=100)
    spend(mine, 80)
    assert refused(mine, 30).retry_after == timedelta(hours=1)
    clock.now += 3600
    spend(mine, 30)
    assert refused(mine, 71).retry_after == timedelta(days=1)


def test_what_others_only_hold_is_worth_a_short_wait_and_is_no_breach(ledger, tmp_path):
    ledger.breaches = Breaches(tmp_path / "breaches")
    mine = Purse(ledger, Limits.stated(tokens_per_day=100), environment="production", flow="orders", node="ask")

    async def held():
        return await mine.reserve(tokens(90), run="R-1")

    other = asyncio.run(held())
    assert refused(mine, 30).retry_after == timedelta(seconds=5)
    ledger.settle(other, tokens(90), is_assumed=True)
    assert refused(mine, 30).retry_after == timedelta(hours=1)
    mine.close()
    (breach,) = ledger.breaches.all()
    assert breach[1].refused == 1
    report = ledger.report("production")
    assert (report.spent, report.assumed, report.held) == (tokens(90), tokens(90), tokens(0))


def test_a_flow_has_its_own_day_and_run_over_all_its_nodes(purse, ledger):
    whole = {"tokens_per_day": 100, "usd_per_run": "0.00006"}
    first, second = purse("ask", whole=whole), purse("check", whole=whole)
    spend(first, 40)
    assert refused(second, 30).scope == "production/orders/run/R-1"
    spend(second, 50, run="R-2")
    error = refused(second, 20, run="R-3")
    assert (error.scope, error.retry_after) == ("production/orders/2026-11-26", timedelta(hours=1))
    assert ledger.report("production/orders/2026-11-26").ceiling == Remaining(tokens=100)
    spend(purse("ask"), 20, run="R-3")  # a newer version without one
    assert ledger.report("production/orders/2026-11-26").ceiling == Remaining()


def test_waiting_does_not_help_a_call_that_no_day_has_room_for_nor_a_run(purse):
    assert refused(purse(tokens_per_day=100), 101).retry_after is None
    mine = purse(tokens_per_day=100, tokens_per_run=50)
    spend(mine, 50)
    assert refused(mine, 51).retry_after is None


def test_a_run_keeps_its_ceiling_beyond_midnight(purse, clock):
    mine = purse(tokens_per_day=100, tokens_per_run=120)
    spend(mine, 90)
    clock.now += 3600
    assert refused(mine, 31).scope == "production/orders/run/R-1/ask"
    spend(mine, 30)
    spend(mine, 70, run="R-2")


def test_single_days_are_kept_for_three_months(purse, ledger, clock):
    mine = purse(tokens_per_day=100, tokens_per_run=100)
    spend(mine, 10)
    clock.now += 93 * 86_400
    spend(mine, 20, run="R-2")
    scopes = {child.scope.rpartition("/")[2] for child in ledger.report("production/orders").children}
    assert scopes == {"2027-02-27", "run"}
    assert [run.scope for run in ledger.report("production/orders/run").children] == ["production/orders/run/R-2"]
    assert ledger.spent("production") == tokens(30)


def test_what_began_before_midnight_is_settled_in_its_day(purse, ledger, clock):
    mine = purse(tokens_per_day=100)

    async def over_midnight():
        held = await mine.reserve(tokens(100), run="R-1")
        clock.now += 3600
        await mine.settle(held, tokens(70))
        return await mine.remaining("R-1")

    assert asyncio.run(over_midnight()).tokens == 100
    assert ledger.report("production/orders/2026-11-26").spent == tokens(70)


def test_tenants_nodes_and_flows_spend_their_own_and_all_is_the_environments(purse, ledger):
    for node, flow, tenant in (("ask", "orders", "acme"), ("ask", "orders", "x/y"), ("sum", "orders", None)):
        spend(purse(node, flow, tokens_per_day=100, tokens_per_tenant_day=50), 40, tenant=tenant)
    spend(purse("ask", "mails", tokens_per_day=100), 40)
    report = ledger.report("production")
    assert report.spent == tokens(160)
    assert {flow.scope: flow.spent.tokens for flow in report.children} == {
        "production/mails": 40,
        "production/orders": 120,
    }
    ask = ledger.report("production/orders/2026-11-26/ask")
    assert [(tenant.scope.rpartition("/")[2], tenant.remaining.tokens) for tenant in ask.children] == [
        ("acme", 10),
        ("x%2Fy", 10),
    ]


def test_names_of_any_length_are_told_apart(purse, ledger):
    mine = purse(tokens_per_tenant_day=50)
    spend(mine, 50, tenant="a" * 10_000)
    spend(mine, 50, tenant="a" * 10_001)
    assert max(len(tenant.scope) for tenant in ledger.report("production/orders/2026-11-26/ask").children) < 200


def test_a_new_version_brings_its_own_ceiling(purse):
    spend(purse(tokens_per_day=100), 80)
    assert asyncio.run(purse(tokens_per_day=200).remaining("R-1")).tokens == 120
    refused(purse(tokens_per_day=90), 11)
    spend(purse(), 1_000)


def test_what_a_cancelled_run_asked_for_is_given_back(ledger, tmp_path, clock):
    """The lock of another process keeps the reservation waiting until the run is cancelled."""
    mine = Purse(ledger, Limits.stated(tokens_per_day=100), environment="production", flow="orders", node="ask")
    other = SqliteStore(tmp_path / "budgets.sqlite")

    async def cancelled():
        with other.transaction():
            asking = asyncio.ensure_future(mine.reserve(tokens(100), run="R-1"))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        return await mine.remaining("R-1")

    assert asyncio.run(cancelled()).tokens == 100
    assert ledger.report("production").held == tokens(0)
    mine.close()
    other.close()


def test_what_a_cancelled_run_settles_is_settled(purse, ledger, tmp_path):
    mine, other = purse(), SqliteStore(tmp_path / "budgets.sqlite")

    async def cancelled():
        held = await mine.reserve(tokens(100), run="R-1")
        with other.transaction():
            settling = asyncio.ensure_future(mine.settle(held, tokens(60)))
            await asyncio.sleep(0)
            settling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await settling
        with pytest.raises(UsageError, match="settled or released before"):
            await mine.release(held)

    asyncio.run(cancelled())
    other.close()
    assert ledger.report("production").spent == tokens(60)


def test_the_loop_goes_on_while_the_ledger_waits(purse, tmp_path):
    mine, other = purse(), SqliteStore(tmp_path / "budgets.sqlite")

    async def asked():
        with other.transaction():
            asking = asyncio.ensure_future(mine.reserve(tokens(1), run="R-1"))
            await asyncio.sleep(0)  # it could not come back if the loop waited for the ledger
            assert not asking.done()
        await mine.release(await asking)

    asyncio.run(asked())
    other.close()
    assert "budget" in {thread.name.rpartition("_")[0] for thread in threading.enumerate()}


def test_what_a_day_refuses_is_written_down_once_and_counted(tmp_path, clock):
    breaches = Breaches(tmp_path / "breaches", Path("/flows/orders"))
    ledger = Ledger(tmp_path / "budgets.sqlite", breaches=breaches, now=clock)
    limits = Limits.stated(tokens_per_day=100, tokens_per_run=60, tokens_per_tenant_day=80)
    mine = Purse(ledger, limits, environment="production", flow="orders", node="ask")
    spend(mine, 60, tenant="acme")
    refused(mine, 1, tenant="acme")  # the run's ceiling is no breach of a day
    for run in ("R-2", "R-3", "R-4"):
        refused(mine, 30, run, tenant="acme")
    spend(mine, 30, "R-5", tenant="other")
    refused(mine, 11, "R-6", tenant="other")
    mine.close()
    ledger.close()
    (_, day), (path, tenant) = sorted(breaches.all(), key=lambda one: one[1].scope)
    assert (day.scope, day.refused, day.spent.tokens) == ("production/orders/2026-11-26/ask", 1, 90)
    assert (tenant.scope, tenant.refused, tenant.asked) == (f"{day.scope}/acme", 3, Count(micro_usd=30, tokens=30))
    assert tenant.model_dump(include={"ceiling", "calls", "each", "held", "path"}) == {
        "ceiling": {"micro_usd": None, "tokens": 80},
        "calls": 1,
        "each": {"micro_usd": 60, "tokens": 60},
        "held": {"micro_usd": 0, "tokens": 0},
        "path": "/flows/orders",
    }
    assert read_breach(path) == tenant


def test_a_breach_that_cannot_be_written_leaves_the_refusal_as_it_is(tmp_path, clock, caplog):
    (tmp_path / "breaches").write_text("a file where the folder should be")
    ledger = Ledger(tmp_path / "budgets.sqlite", breaches=Breaches(tmp_path / "breaches"), now=clock)
    mine = Purse(ledger, Limits.stated(tokens_per_day=10), environment="production", flow="orders", node="ask")
    assert refused(mine, 11).scope == "production/orders/2026-11-26/ask"
    mine.close()
    ledger.close()
    assert "production/orders/2026-11-26/ask is not written down" in caplog.text


def test_what_is_no_breach_report_is_said_in_one_line(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(UsageError, match=r"x\.json: no breach report"):
        read_breach(tmp_path / "x.json")
