"""`flows certify idem`: each kind of incident is planted by running a flow, and found."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from flowlattice.bindings import CALLS_FILE
from flowlattice.cli import run

SHOP = """
class Order(Record, data="internal"):
    order: str
    cents: int = 100
    item: str = "book"

class Receipt(Record, data="internal"):
    order: str
    item: str
    cents: int

@node(idempotency=by("order", "cents"))
async def refund(receipt: Receipt, bank: HttpWrite, paid: DedupeStore) -> Receipt:
    if receipt.cents == 13:
        raise RuntimeError("the bank takes no such refund")
    (await bank.post("https://bank.example/refunds", json={"order": receipt.order})).raise_for_status()
    return receipt

@node(idempotency=by(KEY), compensate=refund)
async def charge(order: Order, bank: HttpWrite, paid: DedupeStore) -> Receipt:
    (await bank.post("https://bank.example/charges", json={"order": order.order})).raise_for_status()
    if order.item == "unlucky":
        raise RuntimeError("the answer was lost")
    return Receipt(order=order.order, item=order.item, cents=order.cents)

@node
def ship(receipt: Receipt) -> Receipt:
    if receipt.item == "broken":
        raise RuntimeError("cannot be shipped")
    return receipt

flow = Flow("shop", version="VERSION", profile=Profile.DEV)
flow.connect(flow.trigger(http.post("/orders", accepts=Order)), charge)
flow.connect(charge, ship)
flow.egress("bank", "bank.example")
"""
QUEUED = """
class Order(Record, data="internal"):
    order: str

@node(idempotency=by("order", ttl=hours(1)))
async def charge(order: Order, paid_orders: DbWrite, paid: DedupeStore) -> Order:
    await paid_orders.upsert("paid", order, key="order")
    return order

flow = Flow("shop", version="2.0.0", profile=Profile.QUEUE)
orders = queue("orders", accepts=Order, visibility_timeout=minutes(20), max_deliveries=5)
flow.connect(flow.trigger(orders), charge)
"""


class Shop:
    """A shop that runs as a process does: each call of `orders` is one, over the same state."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._capsys = capsys
        self.written()

    def written(self, *, key: str = '"order"', version: str = "1.0.0", source: str = SHOP) -> None:
        names = "DbWrite, DedupeStore, Flow, HttpWrite, Profile, Record, by, hours, http, minutes, node, queue"
        body = source.replace("KEY", key).replace("VERSION", version)
        (self.folder / "flow.py").write_text(f"from flowlattice import {names}\n{body}")

    def orders(self, *orders: dict[str, object]) -> None:
        lines = self.folder / "orders.jsonl"
        lines.write_text("".join(f"{json.dumps(order)}\n" for order in orders))
        run(["run", str(self.folder), "--input", str(lines), "--state", str(self.state)])
        self._capsys.readouterr()

    def log(self, statement: str) -> None:
        with sqlite3.connect(self.state / CALLS_FILE) as connection:
            connection.execute(statement)
        connection.close()

    def forget_keys(self) -> None:
        for file in self.state.glob("state.sqlite*"):
            if file.is_file():
                file.unlink()

    def found(self, *options: str) -> tuple[int, dict[str, object]]:
        where = ["--state", str(self.state), "--path", str(self.folder)]
        code = run(["certify", "idem", "--flow", "shop", *where, "--json", *options])
        return code, json.loads(self._capsys.readouterr().out)

    def kinds(self) -> list[tuple[str, str]]:
        code, report = self.found()
        findings = report["findings"]
        assert isinstance(findings, list)
        assert code == (1 if findings else 0)
        return [(finding["kind"], finding["node"]) for finding in findings]


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys)


def test_what_went_well_is_no_incident_undone_effects_and_repeated_requests_included(shop: Shop) -> None:
    shop.orders({"order": "a"}, {"order": "a"}, {"order": "b"}, {"order": "c", "item": "broken"})
    code, report = shop.found()
    assert (code, report["findings"]) == (0, [])
    assert (report["calls"], report["keys"]) == (4, 4)  # three charges and a refund


def test_an_effect_that_was_had_twice_since_its_key_was_lost(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.forget_keys()
    shop.orders({"order": "a"})
    assert shop.kinds() == [("duplicate", "charge")]
    _, report = shop.found()
    [finding] = report["findings"]  # type: ignore[misc]
    assert finding["summary"] == "post to bank.example happened 2 times under one key"  # type: ignore[has-type]
    assert len(finding["runs"]) == 2  # type: ignore[has-type]


def test_what_was_refused_did_not_happen(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.forget_keys()
    shop.orders({"order": "a"})
    shop.log("UPDATE logged_calls SET outcome = 'refused' WHERE id = 1")
    assert shop.kinds() == []


def test_a_version_that_derives_keys_differently(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.written(key='"order", "cents"', version="1.1.0")
    assert shop.kinds() == [("derivation", "charge")], "as it stands, before it ran"
    shop.orders({"order": "a"})
    assert shop.kinds() == [("derivation", "charge")]
    _, report = shop.found()
    [finding] = report["findings"]  # type: ignore[misc]
    said = "its keys were derived differently: version 1.0.0 from order; version 1.1.0 from order, cents"
    assert finding["summary"] == said  # type: ignore[has-type]


def test_one_record_with_two_keys_of_the_same_fields(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.forget_keys()
    shop.orders({"order": "a"})
    shop.log("UPDATE logged_calls SET key = 'feed' || substr(key, 5) WHERE id = 2")
    assert shop.kinds() == [("derivation", "charge")]


def test_keys_that_are_kept_for_less_time_than_their_record_may_come_again(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.written(source=QUEUED)
    assert shop.kinds() == [("retention", "charge")]
    shop.written(source=QUEUED.replace("hours(1)", "hours(2)"))
    assert shop.kinds() == []
    with sqlite3.connect(shop.state / "state.sqlite") as connection:
        connection.execute("UPDATE effects SET expires = since + 600")
    connection.close()
    assert shop.kinds() == [("retention", "charge")], "the store was told less"


def test_a_receipt_that_nothing_undid(shop: Shop) -> None:
    shop.orders({"order": "a", "item": "broken"}, {"order": "b", "item": "broken", "cents": 13})
    assert shop.kinds() == [("orphan", "charge")]


def test_a_run_whose_process_ended_before_it_was_undone(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.log("DELETE FROM ends")
    assert shop.kinds() == [], "it may still be under way"
    shop.log("UPDATE logged_calls SET at = at - 600")
    assert shop.kinds() == [("orphan", "charge")]


def test_a_key_in_doubt(shop: Shop) -> None:
    shop.orders({"order": "a", "item": "unlucky"})
    assert shop.kinds() == [("in_doubt", "charge")]


def test_what_is_older_is_not_looked_at(shop: Shop) -> None:
    shop.orders({"order": "a"})
    shop.forget_keys()
    shop.orders({"order": "a"})
    shop.log("UPDATE logged_calls SET at = at - 7200")
    assert shop.found("--since", "1h")[0] == 0
    assert shop.found("--since", "3h")[0] == 1


def test_for_people(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.orders({"order": "a", "item": "unlucky"})
    assert run(["certify", "idem", "--flow", "shop", "--state", str(shop.state)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("in_doubt   charge key ")
    assert "then flows effects decide " in out
    assert "how long keys are kept was not looked at: say where the flow is with --path" in err
    assert "shop: 1 finding in 1 calls since " in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--flow", "shop"], "shop is not deployed here"),
        (["--flow", "shop", "--state", "nowhere"], "nowhere: there is no run log"),
        (["--flow", "shop", "--since", "yesterday"], "'yesterday' is no span of time; write it like 24h"),
        (["--flow", "shop", "--env", "production"], "give its --path too"),
        ([], "missing option '--flow'"),
    ],
)
def test_wrong_usage_is_one_line(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path))
    assert run(["certify", "idem", *options]) == 2
    assert said in capsys.readouterr().err


def test_another_flow_is_not_taken_for_it(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.orders({"order": "a"})
    assert run(["certify", "idem", "--flow", "store", "--state", str(shop.state)]) == 2
    assert "its run log has nothing of store; it has shop" in capsys.readouterr().err
    shop.log("UPDATE logged_calls SET flow = 'store'")
    where = ["--state", str(shop.state), "--path", str(shop.folder)]
    assert run(["certify", "idem", "--flow", "store", *where]) == 2
    assert "is the flow shop, and --flow asks for store" in capsys.readouterr().err
    (shop.state / CALLS_FILE).write_text("not a database, and long enough to be taken for one" * 20)
    assert run(["certify", "idem", "--flow", "shop", "--state", str(shop.state)]) == 2
    assert "no run log" in capsys.readouterr().err
