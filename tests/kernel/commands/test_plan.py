"""`flows plan`, and what `run`, `serve` and `deploy` say of a plan that nothing here runs."""

from __future__ import annotations

import json

import pytest

from flowlattice.cli import run
from tests.support.flows import ECHO, write_flow

CLICKS = """
from flowlattice import Aggregate, Window, kafka

class Click(Record, data="internal"):
    user_id: str
    ts: int

class Total(Record, data="internal"):
    user_id: str
    clicks: int

@node
def show(total: Total) -> Total:
    return total

flow = Flow("clicks", version="1.0.0", profile=Profile.QUEUE)
source = flow.trigger(kafka("clicks", accepts=Click))
window = Window.tumbling(Click, event_time="ts", size=minutes(5), allowed_lateness=minutes(2))
total = Aggregate.by_key(Click, "user_id", into=Total).count(as_="clicks")
flow.connect(source, window)
flow.connect(window, total)
flow.connect(total, show)
"""


@pytest.fixture
def clicks(tmp_path):
    return str(write_flow(tmp_path, CLICKS))


def test_the_plan_says_what_runs_where_and_why(clicks, capsys):
    assert run(["plan", clicks]) == 0
    out = capsys.readouterr().out
    assert out.startswith("clicks 1.0.0 on queue\n\nstarts\n  topic clicks -> window; group clicks; ")
    assert "records are kept until the watermark closes their window" in out
    assert "watermark: the highest ts seen less 2 min" in out
    assert "services: a Kafka broker" in out


def test_the_plan_as_json_is_the_plan(clicks, capsys):
    assert run(["plan", clicks, "--profile", "dev", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["profile"], made["consumers"][0]["of"]) == ("dev", "clicks")


def test_a_profile_that_cannot_is_a_problem_with_its_findings(clicks, capsys):
    assert run(["plan", clicks, "--profile", "web"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("error CTRL901 profile web cannot ") == 3
    assert "window = Window.tumbling(" in captured.err
    assert run(["plan", clicks, "--profile", "web", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["planned"] is False
    assert {one["code"] for one in found["diagnostics"]} == {"CTRL901"}


def test_all_profiles_at_once(clicks, tmp_path, capsys):
    assert run(["plan", clicks, "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["web", "queue", "temporal", "wasm", "dev"]
    assert lines[1] == "queue     can (its own)"
    assert lines[4] == "dev       can"
    assert "collect records in windows, as window does (and 1 more): a request ends before" in lines[0]
    assert run(["plan", clicks, "--all", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dev"] == []
    on_web = str(write_flow(tmp_path / "web", CLICKS.replace("QUEUE", "WEB")))
    assert run(["plan", on_web, "--all"]) == 1
    assert run(["plan", clicks, "--all", "--profile", "web"]) == 2


PRICING = """
class Order(Record, data="internal"):
    order_id: str
    cents: int

@node
async def fetch(order: Order, crm: HttpRead) -> Order:
    found = await crm.get("https://crm.example.com/price")
    return Order(order_id=order.order_id, cents=len(found.text))

@node
def rounded(order: Order) -> Order:
    return Order(order_id=order.order_id, cents=order.cents // 10 * 10)

inner = Flow("pricing", version="1.0.0")
hook = inner.trigger(http.post("/price", accepts=Order))
inner.connect(hook, fetch)
inner.connect(fetch, rounded)
inner.connect(rounded, inner.respond())
inner.egress("crm", "crm.example.com")
price = inner.export("price", entry=fetch, exit=rounded)
"""

ORDERS = """
from flowlattice import subflow
from .pricing import Order, price

@node
def show(order: Order) -> Order:
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
order = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
step = subflow(price)
flow.connect(order, step)
flow.connect(step, show)
"""


def test_the_nodes_of_a_subflow_stand_in_the_plan_and_are_judged_with_it(tmp_path, capsys):
    write_flow(tmp_path, PRICING, name="pricing.py")
    file = str(write_flow(tmp_path, ORDERS))
    assert run(["plan", file, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {one["node"]: (one["place"], one["unit"]) for one in made["placements"]} == {
        "trigger": ("trigger", "trigger"),
        "price": ("inline", "price/fetch"),
        "price/fetch": ("activity", "price/fetch"),
        "price/rounded": ("fused", "price/rounded"),
        "show": ("fused", "price/rounded"),
    }
    assert made["needs"]["capabilities"][0]["hosts"] == ["crm.example.com"]
    assert run(["plan", file]) == 0
    assert "in price/rounded; it is pure and strict" in capsys.readouterr().out
    assert run(["plan", file, "--profile", "wasm"]) == 1
    assert "cannot give fetch the capability http.read (in subflow price)" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["serve", "deploy", "run"])
def test_what_nothing_here_runs_is_one_line_and_its_own_exit_code(clicks, verb, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    (tmp_path / "in.jsonl").write_text("{}\n")
    more = {"serve": ["--port", "0"], "deploy": ["--approve"], "run": ["--input", str(tmp_path / "in.jsonl")]}
    assert run([verb, clicks, *more[verb]]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = [line for line in captured.err.splitlines() if not line.startswith("warning")]
    assert line.startswith("error: this version plans flows with ")
    assert line.endswith(" and does not run them yet; flows plan shows the plan")


def test_a_flow_for_a_profile_without_a_host_here_is_checked_like_any_other(clicks, capsys):
    assert run(["check", clicks]) == 0
    assert "CTRL901" not in capsys.readouterr().out


def test_a_plan_obeys_no_name(tmp_path, capsys):
    source = ECHO.replace("flow.connect(hook, tidy)", 'flow.connect(hook, tidy.named("a\\x1b[31mb"))').replace(
        "flow.connect(tidy,", 'flow.connect(tidy.named("c"),'
    )
    file = str(write_flow(tmp_path, source))
    assert run(["plan", file]) == 0
    assert "\x1b" not in capsys.readouterr().out
