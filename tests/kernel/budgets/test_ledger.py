"""The ledger: what fits, what counts, and what happens to reservations that nobody settles."""

import fcntl
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from psycopg.conninfo import make_conninfo

from flowlattice.budgets import Account, Amount, Ledger, Owner, Remaining, Scope
from flowlattice.budgets.postgres import PostgresStore
from flowlattice.budgets.stores import SqliteStore
from flowlattice.errors import BudgetExceeded, EngineUnavailable, UsageError


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    """Where a ledger is kept; as often as it is called, the same."""
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "budgets.sqlite")
    address = make_conninfo(**request.getfixturevalue("postgres"))
    return lambda: PostgresStore(address)


@pytest.fixture
def ledger(store, clock):
    ledger = Ledger(store(), now=clock)
    yield ledger
    ledger.close()


def usd(micro, tokens=0):
    return Amount(micro_usd=micro, tokens=tokens)


def test_a_ledger_that_another_process_keeps_is_not_waited_for_without_end(tmp_path):
    ledger = Ledger(SqliteStore(tmp_path / "budgets.sqlite", wait_s=0.05))
    with (tmp_path / "budgets.sqlite.lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        with pytest.raises(EngineUnavailable, match="another process keeps the ledger"):
            ledger.open_scope("run")
    ledger.open_scope("run")
    assert ledger.roots() == ("run",)
    ledger.close()


def test_a_reservation_counts_at_its_worst_until_it_is_settled(ledger):
    ledger.open_scope("run", ceiling_micro_usd=100)
    held = ledger.reserve("run", usd(80))
    assert ledger.remaining("run").micro_usd == 20
    assert ledger.spent("run") == usd(0)
    ledger.settle(held, usd(30))
    assert ledger.remaining("run").micro_usd == 70
    assert ledger.spent("run") == usd(30)


def test_what_does_not_fit_is_refused_and_changes_nothing(ledger):
    ledger.open_scope("run", ceiling_micro_usd=100, ceiling_tokens=50)
    before = ledger.report("run")
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve("run", usd(101, 10))
    assert str(caught.value) == (
        "budget run is too small: 101 micro-dollars needed, 100 left; raise its ceiling to go on"
    )
    with pytest.raises(BudgetExceeded, match="51 tokens needed, 50 left"):
        ledger.reserve("run", usd(1, 51))
    assert ledger.report("run") == before


def test_it_must_fit_in_everything_that_it_is_part_of(ledger):
    ledger.open_scope("run", ceiling_micro_usd=100)
    ledger.open_scope("run/pm", parent="run", ceiling_micro_usd=60)
    ledger.open_scope("run/builder", parent="run")
    ledger.settle(ledger.reserve("run/pm", usd(50)), usd(50))
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve("run/pm", usd(20))
    assert (caught.value.scope, caught.value.remaining) == ("run/pm", (10, None))
    ledger.reserve("run/builder", usd(45))
    assert ledger.remaining("run/pm") == Remaining(micro_usd=5, tokens=None)
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve("run/pm", usd(6))
    assert caught.value.scope == "run"


def test_a_report_adds_up(ledger):
    ledger.open_scope("run", ceiling_tokens=1000)
    for agent in ("pm", "builder"):
        ledger.open_scope(f"run/{agent}", parent="run")
        ledger.settle(ledger.reserve(f"run/{agent}", usd(9, 90)), usd(7, 70))
    ledger.reserve("run/pm", usd(1, 10))
    report = ledger.report("run")
    assert (report.spent, report.held, report.calls) == (usd(14, 140), usd(1, 10), 2)
    assert report.ceiling == Remaining(micro_usd=None, tokens=1000)
    assert report.remaining == Remaining(micro_usd=None, tokens=850)
    assert [(child.scope, child.spent, child.held) for child in report.children] == [
        ("run/builder", usd(7, 70), usd(0)),
        ("run/pm", usd(7, 70), usd(1, 10)),
    ]


def test_a_resumed_run_may_be_given_more(ledger):
    ledger.open_scope("run", ceiling_micro_usd=10)
    ledger.settle(ledger.reserve("run", usd(10)), usd(10))
    ledger.open_scope("run")
    assert ledger.remaining("run").micro_usd == 0
    ledger.open_scope("run", ceiling_micro_usd=25)
    assert ledger.remaining("run").micro_usd == 15


def test_more_than_was_reserved_is_booked_as_it_is(ledger):
    ledger.open_scope("run", ceiling_micro_usd=10)
    ledger.settle(ledger.reserve("run", usd(10)), usd(12))
    assert ledger.spent("run") == usd(12)
    assert ledger.remaining("run").micro_usd == 0


def test_what_is_released_is_there_again(ledger):
    ledger.open_scope("run", ceiling_micro_usd=10)
    ledger.release(ledger.reserve("run", usd(10)))
    report = ledger.report("run")
    assert (report.spent, report.held, report.calls, report.remaining.micro_usd) == (usd(0), usd(0), 0, 10)


@pytest.mark.parametrize("first", ["settle", "release"])
def test_a_reservation_ends_once(ledger, first):
    ledger.open_scope("run")
    held = ledger.reserve("run", usd(1))
    ledger.release(held) if first == "release" else ledger.settle(held, usd(1))
    for end in (lambda: ledger.settle(held, usd(1)), lambda: ledger.release(held)):
        with pytest.raises(UsageError, match="settled or released before"):
            end()


def test_scopes_are_a_tree(ledger):
    ledger.open_scope("run")
    ledger.open_scope("run/pm", parent="run")
    with pytest.raises(UsageError, match="part of run, not of None"):
        ledger.open_scope("run/pm")
    with pytest.raises(UsageError, match="no budget day"):
        ledger.open_scope("week", parent="day")
    with pytest.raises(UsageError, match="no budget nothing"):
        ledger.reserve("nothing", usd(1))
    with pytest.raises(UsageError, match="no budget week"):
        ledger.remaining("week")


def test_an_amount_counts_once_in_what_several_scopes_are_part_of(ledger):
    opening = (
        Scope(id="all", ceiling=Remaining(tokens=100)),
        Scope(id="all/day", parent="all"),
        Scope(id="all/run", parent="all", ceiling=Remaining(tokens=90)),
    )
    account = Account(scopes=("all/run", "all/day"), opening=opening)
    held = ledger.reserve(account, usd(0, 80))
    assert ledger.remaining(account) == Remaining(tokens=10)
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve(account, usd(0, 11))
    assert caught.value.scope == "all/run"
    ledger.settle(held, usd(0, 70))
    report = ledger.report("all")
    assert [report.spent, *(child.spent for child in report.children)] == [usd(0, 70)] * 3
    assert report.held == usd(0)
    assert ledger.roots() == ("all",)
    with pytest.raises(UsageError, match="part of all, not of None"):
        ledger.reserve(Account(scopes=("all/day",), opening=(Scope(id="all/day"),)), usd(1))


def test_what_was_not_used_for_long_is_dropped_and_stays_counted(ledger, clock):
    def reserve(name):
        opening = [Scope(id="all"), Scope(id="all/flow", parent="all"), Scope(id=name, parent="all/flow")]
        return ledger.reserve(Account(scopes=(name,), opening=tuple(opening)), usd(0, 10))

    ledger.settle(reserve("all/flow/old"), usd(0, 10))
    reserve("all/flow/held")
    clock.now += 3600
    ledger.settle(reserve("all/flow/new"), usd(0, 10))
    assert ledger.forget("all/flow", unused=timedelta(hours=1, seconds=1)) == 0
    assert ledger.forget("all/flow", unused=timedelta(minutes=59)) == 1
    (flow,) = ledger.report("all").children
    assert (flow.spent, [part.scope for part in flow.children]) == (usd(0, 20), ["all/flow/held", "all/flow/new"])
    assert ledger.forget("all/flo", unused=timedelta(0)) == 0


def test_an_amount_is_not_negative():
    with pytest.raises(ValueError, match="not negative"):
        usd(-1)


def test_a_lease_that_is_over_is_assumed_and_can_still_be_corrected(ledger, clock):
    ledger.open_scope("run", ceiling_micro_usd=100)
    held = ledger.reserve("run", usd(80), lease=timedelta(seconds=60))
    clock.now += 59
    assert ledger.report("run").assumed == usd(0)
    clock.now += 1
    report = ledger.report("run")
    assert (report.assumed, report.spent, report.held, report.calls) == (usd(80), usd(80), usd(0), 1)
    ledger.settle(held, usd(30))
    report = ledger.report("run")
    assert (report.assumed, report.spent, report.calls) == (usd(0), usd(30), 1)


@pytest.mark.parametrize(
    ("changed", "dead"),
    [
        ({}, False),
        ({"started": "1"}, True),
        ({"pid": 2**22 + 1}, True),
        ({"pid": 2**22 + 1, "host": "elsewhere"}, False),
    ],
)
def test_who_is_known_to_be_dead(changed, dead):
    here = Owner.current()
    assert Owner(**(vars(here) | changed)).is_dead() is dead


@given(amounts=st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**9)), max_size=5))
def test_amounts_add_up(amounts):
    total = sum((usd(*amount) for amount in amounts), Amount())
    assert total == usd(sum(a for a, _ in amounts), sum(b for _, b in amounts))


class Spending(RuleBasedStateMachine):
    """Any order of reserving, settling and releasing keeps every ceiling, and parents are the sum of their parts."""

    @initialize(ceilings=st.tuples(*[st.integers(0, 200)] * 3))
    def begin(self, ceilings):
        self.folder = TemporaryDirectory()
        self.ledger = Ledger(Path(self.folder.name) / "budgets.sqlite")
        self.ceilings = dict(zip(("run", "run/a", "run/b"), ceilings, strict=True))
        for scope, ceiling in self.ceilings.items():
            parent = None if scope == "run" else "run"
            self.ledger.open_scope(scope, parent=parent, ceiling_micro_usd=ceiling)
        self.open, self.spent = [], dict.fromkeys(self.ceilings, 0)

    @rule(scope=st.sampled_from(["run", "run/a", "run/b"]), amount=st.integers(0, 120))
    def reserve(self, scope, amount):
        fits = amount <= self.ledger.remaining(scope).micro_usd
        try:
            self.open.append(self.ledger.reserve(scope, usd(amount)))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits

    @rule(share=st.integers(0, 100), which=st.integers(0, 50))
    def settle(self, share, which):
        if self.open:
            held = self.open.pop(which % len(self.open))
            actual = held.amount.micro_usd * share // 100
            self.ledger.settle(held, usd(actual))
            for scope in {held.scope, "run"}:
                self.spent[scope] += actual

    @rule(which=st.integers(0, 50))
    def release(self, which):
        if self.open:
            self.ledger.release(self.open.pop(which % len(self.open)))

    @invariant()
    def it_adds_up(self):
        for scope, ceiling in self.ceilings.items():
            report = self.ledger.report(scope)
            inside = [held.amount.micro_usd for held in self.open if scope in ("run", held.scope)]
            assert report.held.micro_usd == sum(inside)
            assert report.spent.micro_usd == self.spent[scope]
            assert report.spent.micro_usd + report.held.micro_usd <= ceiling

    def teardown(self):
        self.ledger.close()
        self.folder.cleanup()


TestSpending = Spending.TestCase
# Each example syncs a file at every step.
TestSpending.settings = settings(max_examples=20, stateful_step_count=20)
