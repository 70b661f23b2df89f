"""One node of a flow of any profile runs alone, by the real engine, and its bindings can be watched."""

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from flowlattice.bindings.sources import PinnedClock
from flowlattice.certify.alone import NotAlone, Outcome, alone, pinned_bindings, with_code
from flowlattice.certify.doubles import BackendCall, WatchedBindings
from flowlattice.errors import CallFailed
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import Program, load
from tests.support.docblocks import ROOT

FLOW = """
from collections.abc import AsyncIterator

from flowlattice import (
    Clock, DbWrite, DeadLetter, DedupeStore, Exponential, Flow, HttpWrite, If, Profile, Record, Retry, Vars, by, http,
    kafka, ms, node, require,
)


class Order(Record, data="internal"):
    id: str
    cents: int


class Limits(Vars):
    most: int = 100


@node
def checked(order: Order, limits: Limits) -> Order:
    require(order.cents <= limits.most, "cents", "is too much")
    return order


@node(idempotency=by("id"), honours_key=True)
async def pay(order: Order, bank: HttpWrite, seen: DedupeStore) -> Order:
    await bank.post("https://bank.example.com/pay", json={"cents": order.cents})
    return order


@node
async def elsewhere(order: Order, bank: HttpWrite) -> Order:
    await bank.post("https://elsewhere.example.com/pay")
    return order


@node(idempotency=by("id"))
async def book(order: Order, books: DbWrite, clock: Clock) -> list[str]:
    async with books.transaction():
        await books.upsert("orders", {"id": order.id, "cents": order.cents}, key="id")
        rows = await books.select("orders")
    return [clock.now().isoformat(), *(str(row["id"]) for row in rows)]


@node
async def parts(order: Order) -> AsyncIterator[str]:
    for letter in order.id:
        yield letter


def is_large(order: Order) -> bool:
    return order.cents > 50


flow = Flow("shop", version="1.0.0", profile=Profile.QUEUE)
src = flow.trigger(kafka("orders", accepts=Order, group="shop"), name="alone")
large = If(is_large)
flow.connect(src, checked)
flow.connect(checked, large)
flow.connect(large.true, pay)
flow.connect(large.false, book)
flow.connect(pay, elsewhere)
flow.connect(book, parts)
flow.vars(Limits(most=7_000))
flow.egress("bank", "bank.example.com")
flow.on_error(pay, Retry(max=2, backoff=Exponential(ms(60_000)), then=DeadLetter("unpaid")))
"""


Shop = tuple[Program, FlowIR]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "flow.py").write_text(FLOW, encoding="utf-8")
    program = load(folder)
    return program, lower(program)


class Watcher:
    """Remembers calls, and fails the first ones of a method."""

    def __init__(self, failing: str = "", times: int = 0) -> None:
        self.began: list[str] = []
        self.done: list[str] = []
        self._failing = failing
        self._times = times

    async def before(self, call: BackendCall) -> None:
        self.began.append(f"{call.family} {call.binding} {call.method}")
        if call.method == self._failing and self._times > 0:
            self._times -= 1
            raise CallFailed(call.binding, "transient", "a fault")

    async def after(self, call: BackendCall) -> None:
        self.done.append(f"{call.family} {call.binding} {call.method}")


def outcomes(flow: Shop, name: str, *values: JsonValue, watcher: Watcher | None = None) -> list[Outcome]:
    program, ir = flow

    async def run() -> list[Outcome]:
        one = alone(program, ir, name)
        bindings = WatchedBindings(pinned_bindings(), watcher)
        async with one.host(bindings, clock=PinnedClock(datetime(2030, 1, 1, tzinfo=UTC))) as host:
            return [await host.run(value) for value in values]

    return asyncio.run(run())


def test_a_node_has_the_flows_variables_and_says_what_is_invalid(shop):
    right, wrong, none = outcomes(shop, "checked", {"id": "a", "cents": 7000}, {"id": "a", "cents": 7001}, {"id": 1})
    assert right.output == {"id": "a", "cents": 7000}
    assert (right.failure, wrong.output) == (None, None)
    assert [one.failure and one.failure.kind for one in (wrong, none)] == ["invalid_input", "invalid_input"]


def test_an_effect_of_one_key_happens_once_and_is_retried_by_the_one_owner(shop):
    order: JsonValue = {"id": "a", "cents": 1}
    watcher = Watcher("send", times=2)
    first, again = outcomes(shop, "pay", order, order, watcher=watcher)
    assert (first.output, again.output) == (order, order)
    assert watcher.began.count("http bank send") == 3
    assert watcher.done.count("http bank send") == 1
    assert [call.attempt for call in first.calls if call.capability == "http.write"] == [1, 2, 3]
    assert [call for call in again.calls if call.capability == "http.write"] == []


def test_what_fails_for_good_goes_where_the_flow_sends_it(shop):
    (failed,) = outcomes(shop, "pay", {"id": "a", "cents": 1}, watcher=Watcher("send", times=9))
    assert (failed.output, failed.failure) == (None, None)
    assert failed.aside == (("unpaid", {"id": "a", "cents": 1}),)


def test_a_host_that_is_not_granted_is_denied(shop):
    (denied,) = outcomes(shop, "elsewhere", {"id": "a", "cents": 1})
    assert denied.failure is not None
    assert denied.failure.kind == "policy_denied"


def test_transactions_are_watched_up_to_their_commit(shop):
    watcher = Watcher("commit", times=1)
    first, second = outcomes(shop, "book", {"id": "a", "cents": 1}, {"id": "b", "cents": 1}, watcher=watcher)
    assert first.failure is not None
    assert first.failure.kind == "transient"
    assert second.output == ["2030-01-01T00:00:00+00:00", "b"], "what was taken back is not there"
    assert watcher.began[:4] == ["db books begin", "db books upsert", "db books select", "db books commit"]
    assert watcher.done[-1] == "db books commit"


def test_a_stream_gives_the_list_of_its_items_and_a_choice_what_it_chooses(shop):
    assert [one.output for one in outcomes(shop, "parts", {"id": "ab", "cents": 1}, {"id": "", "cents": 1})] == [
        ["a", "b"],
        [],
    ]
    assert [one.output for one in outcomes(shop, "is_large", {"id": "a", "cents": 51})] == [True]


def test_inputs_are_generated_the_same_each_time_and_recorded_ones_come_first(shop):
    program, ir = shop
    recorded: JsonValue = {"id": "recorded", "cents": 3}
    first, again = (alone(program, ir, "pay", recorded=[recorded, {"no": 1}]).inputs(20) for _ in range(2))
    assert first == again
    assert first[0] == recorded
    assert len(first) > 20
    assert all(isinstance(value, dict) and value.keys() == {"id", "cents"} for value in first)


@pytest.mark.parametrize(
    ("example", "name"),
    [
        ("s01_echo", "normalize"),
        ("s03_etl_logs", "write_warehouse"),
        ("s04_payments", "charge"),
        ("s06_onboarding", "open_account"),
        ("s08_field_pipeline", "cache_write"),
        ("s09_doc_summarize", "openai_chat_stream"),
        ("s10_order_eox", "upsert_outbox"),
    ],
)
def test_nodes_of_every_profile_run_alone(example, name):
    program = load(ROOT / "examples" / example)
    one = alone(program, lower(program), name)
    values = one.inputs(3)

    async def run() -> list[Outcome]:
        async with one.host() as host:
            return [await host.run(value) for value in values]

    found = asyncio.run(run())
    assert [outcome.failure for outcome in found] == [None] * len(values)
    assert one.node.effects == "pure" or all(outcome.calls for outcome in found[:1])


def test_attempts_are_those_of_the_flows_own_profile():
    program = load(ROOT / "examples" / "s04_payments")
    ir = lower(program)
    attempts = {node.name: alone(program, ir, node.name).retry.attempts for node in with_code(ir)}
    assert attempts == {"gate": 4, "charge": 6, "create_shipment": 4, "refund": 4}


def test_what_no_host_here_serves_is_one_line():
    program = load(ROOT / "examples" / "s07_ds_clean")

    async def run() -> None:
        async with alone(program, lower(program), "py_clean").host():
            pass

    with pytest.raises(NotAlone, match=r"py_clean: binding python: no host .* plugin.python"):
        asyncio.run(run())


def test_what_has_no_code_of_its_own_is_one_line(shop):
    with pytest.raises(NotAlone, match="alone: the flow shop has no such node"):
        alone(shop[0], shop[1], "alone")
