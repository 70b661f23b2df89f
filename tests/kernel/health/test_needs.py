"""What a flow needs: one need a binding, whoever asks for it."""

from __future__ import annotations

import pytest

from flowlattice.bindings.file import read_environment
from flowlattice.health.needs import met, needs
from tests.support.asking import asking
from tests.support.flows import flow_of
from tests.support.planned_ir import Drawn

FLOW = """
from flowlattice import BlobRead, Creds, DbRead, DbWrite, Spill, mib, queue, scopes

class In(Record, data="public"):
    v: str

@node
async def look(req: In, db: DbRead, api: HttpRead, key: Annotated[Creds, scopes("b", "a")], rng: Rng) -> In:
    return req

@node(idempotency=by("v"))
async def keep(req: In, db: DbWrite, key: Annotated[Creds, scopes("a", "c")], overflow: BlobRead) -> In:
    return req

flow = Flow("needy", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=In))
flow.connect(jobs, look)
flow.connect(look, keep, buffer=Buffer(max_items=8, spill=Spill(max_bytes=mib(1), blob="overflow"), on_full="spill"))
flow.egress("api", "b.example", "a.example")
"""


SENDING = """
from flowlattice import KafkaWrite, QueueConsume, queue

class In(Record, data="public"):
    v: str

@node(idempotency=by("v"))
async def send(req: In, events: KafkaWrite, take: QueueConsume) -> In:
    return req

flow = Flow("sending", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=In))
flow.connect(jobs, send)
"""


@pytest.mark.parametrize(("profile", "status"), [("WEB", "fail"), ("QUEUE", "warn")])
def test_what_this_process_does_not_serve_is_missing_for_flows_that_run_here(tmp_path, profile, status):
    flow = flow_of(tmp_path, SENDING.replace("QUEUE", profile)).ir
    bound = '[live.events]\nbackend = "kafka"\nbrokers = ["127.0.0.1:9"]\n'
    found = {finding.name: finding for finding in met(flow, None, tmp_path)}
    assert (found["take"].status, found["events"].status) == (status, "warn")
    assert found["take"].text == "queue.consume: no host that runs in this process serves it"
    (events,) = [f for f in met(flow, read_environment(bound, "live"), tmp_path) if f.name == "events"]
    assert (events.status, events.text) == (
        status,
        "kafka.write: on kafka, but no host that runs in this process serves it there",
    )


def test_what_nodes_and_edges_ask_of_a_binding_is_one_need(tmp_path):
    found = {need.binding: need for need in needs(flow_of(tmp_path, FLOW).ir)}
    assert list(found) == ["trigger", "db", "api", "key", "rng", "overflow"]
    assert (found["db"].names, found["db"].backends) == (("db.read", "db.write"), ("sqlite", "postgres"))
    assert (found["api"].hosts, found["api"].said) == (("a.example", "b.example"), "http.read to a.example, b.example")
    assert (found["key"].scopes, found["key"].said) == (("a", "b", "c"), "creds with a, b, c")
    assert (found["rng"].backends, found["rng"].said) == ((), "rng")
    assert found["overflow"].names == ("blob.read", "blob.write")


def listing(*uses):
    return (
        Drawn(profile="queue").trigger("logs", "blob", prefix="s3://b/").node("a", "node", *uses).line("logs", "a").ir()
    )


def test_a_trigger_and_a_parameter_of_one_name_are_one_need(tmp_path):
    (tmp_path / "logs").mkdir()
    flow = listing("blob.read_by_hash logs")
    [need] = needs(flow)
    assert (need.said, need.backends) == ("blob.read_by_hash, blob trigger of s3://b/", ("folder", "s3"))
    live = read_environment('[live.logs]\nbackend = "folder"\npath = "logs"\n', "live")
    [found] = met(flow, live, tmp_path)
    assert (found.status, found.remedy) == ("warn", "the flow can be checked and planned; it cannot run here")
    [found] = met(flow, read_environment('[live.logs]\nbackend = "folder"\npath = "no"\n', "live"), tmp_path)
    assert (found.status, found.text.endswith("no is no folder")) == ("fail", True)


def test_what_no_one_backend_serves_is_to_be_called_differently(tmp_path):
    flow = listing("db.write logs")
    live = read_environment('[live.logs]\nbackend = "folder"\npath = "logs"\n', "live")
    [found] = met(flow, live, tmp_path)
    assert (found.status, found.text) == ("fail", "db.write, blob trigger of s3://b/: no one backend serves all of it")
    [without] = met(flow, None, tmp_path)
    assert (without.status, without.remedy) == ("warn", found.remedy)


def test_a_secret_of_two_lines_is_none_and_is_not_shown(tmp_path):
    (tmp_path / "key").write_text("one\nsecond\n")
    flow = Drawn(profile="web").node("a", "node", "creds key").ir()
    live = read_environment(f'[live.key]\nbackend = "secret"\nvalue = {{ file = "{tmp_path / "key"}" }}\n', "live")
    [found] = met(flow, live, tmp_path)
    said = f"creds: on secret, but {tmp_path / 'key'} holds nothing that can be sent (one line of ASCII text)"
    remedy = "write the credential there, and nothing else"
    assert (found.status, found.text, found.remedy) == ("fail", said, remedy)
    (tmp_path / "key").write_text("one\n")
    [found] = met(flow, live, tmp_path)
    assert found.status == "ok"


def test_nothing_is_bound_by_the_name_of_the_table_of_variables(tmp_path):
    flow = Drawn(profile="queue").trigger("vars", "queue", topic="t").node("b").line("vars", "b").ir()
    [found] = met(flow, read_environment("[live.vars]\nbackend = 'sqlite'\n", "live"), tmp_path)
    assert (found.status, found.remedy) == ("fail", "give it another name")


def test_a_name_of_a_trigger_is_printed_and_not_obeyed(tmp_path):
    flow = Drawn(profile="queue").trigger("a\x1b[31m", "queue", topic="t\x1b").node("b").line("a\x1b[31m", "b").ir()
    [found] = met(flow, None, tmp_path)
    assert (found.name, found.text) == ("a\\x1b[31m", "queue trigger of t\\x1b: bound to nothing")


@pytest.mark.parametrize(
    ("model", "budget", "table", "status"),
    [
        ('model("own@1", seed=1)', 'per(day=usd("1"))', "", "fail"),
        ('model("own@1", seed=1)', "per(day=tokens(9))", "", "ok"),
        ('model("own@1", seed=1)', 'per(day=usd("1"))', '[live.ai.usd_per_million]\n"own@1" = ["1", "2"]', "ok"),
        ('model("own@1", usd_per_million=("1", "2"))', 'per(day=usd("1"))', "", "ok"),
        ('model("gpt-4o-2024-08-06")', 'per(run=usd("1"))', "", "ok"),
    ],
)
def test_what_a_model_costs_has_to_be_known_where_money_bounds_it(tmp_path, model, budget, table, status):
    flow = flow_of(tmp_path, asking(model=model, budget=budget)).ir
    bound = f'[live.ai]\nbackend = "openai"\n{table}\n'
    (found,) = [f for f in met(flow, read_environment(bound, "live"), tmp_path) if f.name == "ai"]
    assert found.status == status
    if status == "fail":
        assert found.text == ("ai.read: on openai, but the price of own@1 is not known, and money bounds its use")


@pytest.mark.parametrize(
    ("table", "status", "text"),
    [
        ("", "ok", "booked in the home's own ledger"),
        ('backend = "sqlite"\npath = "own.sqlite"', "ok", "booked on sqlite"),
        ('backend = "folder"\npath = "."', "fail", "bound to folder, where nothing can be booked"),
        (
            'backend = "postgres"\nhost = "h"\ndatabase = "d"\nuser = "u"\npassword = "$NO_SUCH_PASSWORD"',
            "fail",
            "on postgres, but NO_SUCH_PASSWORD has no value",
        ),
    ],
)
@pytest.mark.parametrize("asked", [True, False])
def test_where_an_environment_books_is_looked_at(tmp_path, table, status, text, asked):
    source = asking() if asked else asking(budget="per()").replace("budget: Annotated[TokenBudget, per()]", "rng: Rng")
    flow = flow_of(tmp_path, source + 'flow.budget(per(day=usd("5")))\n').ir
    bound = f'[live.ai]\nbackend = "openai"\n{table and "[live.budget]"}\n{table}\n'
    (found,) = [found for found in met(flow, read_environment(bound, "live"), tmp_path) if found.name == "budget"]
    assert found.status == status
    assert text in found.text
