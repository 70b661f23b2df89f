"""A node's purse: which ceilings its calls meet, and what becomes of them at midnight and when a run is cancelled."""

from datetime import UTC, datetime

import pytest

from flowlattice.budgets import Amount, Ledger, Limits, Purse, Remaining
from flowlattice.errors import BudgetExceeded

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

    def open_(node="ask", flow="orders", **stated):
        opened.append(Purse(ledger, Limits.stated(**stated), environment="production", flow=flow, node=node))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def tokens(count):
    return Amount(tokens=count, micro_usd=count)


async def spend(purse, count, run="R-1", tenant=None):
    held = await purse.reserve(tokens(count), run=run, tenant=tenant)
    await purse.settle(held, tokens(count))


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
async def test_each_ceiling_holds(purse, stated, scope):
    mine = purse(**stated)
    await spend(mine, 40, tenant="acme")
    with pytest.raises(BudgetExceeded) as caught:
        await mine.reserve(tokens(60), run="R-1", tenant="acme")
    assert caught.value.scope == scope
    assert await mine.remaining("R-1", "acme") != Remaining()
