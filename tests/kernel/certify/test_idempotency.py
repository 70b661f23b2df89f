"""Idempotency: nodes whose effects happen twice fail in the way that they lie; those that keep their promise pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.checks import idempotency
from flowlattice.certify.harness import LIMITS
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Check
from flowlattice.certify.probes import resubmitted
from flowlattice.certify.probes.idempotency import probe
from tests.support.flows import flow_of, write_flow

FLOW = """
import itertools
import pydantic
import uuid
from flowlattice import DbWrite, KafkaWrite, Mail, QueuePublish

class Order(Record, data="internal"):
    order_id: str
    amount: int = 1
    MORE

STATE

@node(idempotency=by(KEY)OPTIONS)
async def act(order: Order, CAPABILITIES) -> Order:
    BODY
    return order

flow = Flow("shop", version="1.0.0", profile=Profile.QUEUE)
flow.connect(flow.trigger(queue("orders", accepts=Order)), act)
flow.egress("shop", "shop.example")
"""


def source(
    capabilities: str, body: str, *, key: str = '"order_id"', options: str = "", more: str = "", state: str = ""
) -> str:
    text = FLOW.replace("KEY", key).replace("OPTIONS", options).replace("CAPABILITIES", capabilities)
    text = text.replace("BODY", body.replace("\n", "\n    ")).replace("MORE", more).replace("STATE", state)
    if "shop:" not in capabilities:
        text = text.replace('flow.egress("shop", "shop.example")\n', "")
    return text.replace("import itertools", "import itertools\nfrom flowlattice import queue")


POST = 'await shop.post("https://shop.example/orders", json={"id": order.order_id})'
COUNT = 'total = int(await totals.get("all") or "0")\nawait totals.set("all", str(total + order.amount))'
OWN_MEMORY = f"if order.order_id in SEEN:\n    return order\nSEEN.add(order.order_id)\n{COUNT}"


def repeated(folder: Path, text: str, node: str = "act") -> dict[str, Any]:
    """What the probe says of a node, in this process."""
    file = write_flow(folder / "flow", text)
    (folder / "landed" / node).mkdir(parents=True)
    request = {"do": "repeat", "path": str(file), "node": node, "folder": str(folder / "landed")}
    answer = probe(request, lambda _: None)  # type: ignore[arg-type]
    assert isinstance(answer, dict)
    return dict(answer)


KEPT = {
    "remembered": source("shop: HttpWrite, seen: DedupeStore", POST),
    "honoured": source("shop: HttpWrite", POST, options=", honours_key=True"),
    "a message to a queue": source("jobs: QueuePublish", 'await jobs.publish("jobs", order)'),
    "written over": source("rows: DbWrite", 'await rows.upsert("orders", order, key="order_id")'),
    "counted and remembered": source("totals: KvWrite, seen: DedupeStore", COUNT),
    "by a random id that is no part of the key": source(
        "rows: DbWrite, rng: Rng, seen: DedupeStore",
        'await rows.insert("orders", {"id": str(rng.uuid()), "order": order.order_id})',
    ),
    "a mail that is remembered": source(
        "mail: Mail, seen: DedupeStore", 'await mail.send(to="a@shop.example", subject="x", text=order.order_id)'
    ),
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_happens_once_passes(tmp_path, text):
    found = repeated(tmp_path, text)
    assert found["failures"] == []
    assert found["effects"] >= 2, "effects of different identities"


LIES = {
    "a total that grows": (source("totals: KvWrite", COUNT), "leaves entries of totals that are others"),
    "a request that nothing remembers": (
        source("shop: HttpWrite", POST),
        "times when the same input comes several times at once: its receiver need not know the key",
    ),
    "rows that are added again": (
        source("rows: DbWrite", 'await rows.insert("orders", order)'),
        "leaves rows of orders that are",
    ),
    "a row of each attempt": (
        source("rows: DbWrite, rng: Rng", 'await rows.upsert("orders", {"id": str(rng.uuid())}, key="id")'),
        "leaves rows of orders that are",
    ),
    "an older row comes back": (
        source("rows: KvWrite", 'await rows.set("newest", str(order.amount))', key='"order_id", "amount"'),
        "leaves entries of rows that are others",
    ),
    "a mail that nothing remembers": (
        source("mail: Mail", 'await mail.send(to="a@shop.example", subject="x", text=order.order_id)'),
        "it has no place for a key, and nothing remembers it",
    ),
    "one key for two effects": (
        source(
            "shop: HttpWrite, marks: KvWrite",
            'if await marks.get(order.order_id) is None:\n    await marks.set(order.order_id, "x")\n'
            'await shop.post("https://shop.example/orders", json=1)',
            options=", honours_key=True",
        ),
        "under another key",
    ),
    "something else under the same key": (
        source(
            "shop: HttpWrite",
            'await shop.post("https://shop.example/orders", json=next(COUNT))',
            options=", honours_key=True",
            state="COUNT = itertools.count()",
        ),
        "something else under the same key",
    ),
    "a key from a random id": (
        source(
            "shop: HttpWrite, seen: DedupeStore",
            POST,
            key='"order_id", "request"',
            more="request: str = pydantic.Field(default_factory=lambda: uuid.uuid4().hex)",
        ),
        "the key of act differs each time that an input leaves a field of it out",
    ),
    "a key from a spelling": (
        source(
            "shop: HttpWrite, seen: DedupeStore",
            POST,
            more="""
    @pydantic.field_validator("order_id")
    @classmethod
    def spelled(cls, given: str) -> str:
        return given.encode().hex()
""",
        ),
        "differs with how accents are written (NFC, NFD)",
    ),
}


@pytest.mark.parametrize(("text", "said"), LIES.values(), ids=LIES)
def test_what_happens_twice_is_found(tmp_path, text, said):
    failures = repeated(tmp_path, text)["failures"]
    assert any(said in failure for failure in failures), failures


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as lab:
        yield lab


def checked(folder: Path, laboratory: Laboratory, text: str) -> Check:
    """What the check says of a flow, with processes that end."""
    file = write_flow(folder, text)
    ir = flow_of(folder, text).ir
    names = tuple(node.name for node in ir.nodes)
    bench = Bench(path=file, ir=ir, nodes=names, routes=(), examples=(), laboratory=laboratory, limits=LIMITS)
    assert idempotency.applies(bench) is None
    return idempotency.run(bench)


def test_what_a_store_remembers_happens_at_most_once_wherever_a_process_ends(tmp_path, laboratory):
    check = checked(tmp_path, laboratory, KEPT["counted and remembered"])
    assert (check.verdict, check.failures) == ("passed", ())
    assert check.measured["crashes"] == 4, "reserve, get, set, confirm"
    [part] = check.parts
    assert part.name == "node:act"
    assert "at most once for each key, in doubt where nobody knows" in part.summary
    assert "4 ends of a process, 3 in doubt" in part.summary


def test_what_may_be_repeated_is_done_wherever_a_process_ends(tmp_path, laboratory):
    text = source("shop: HttpWrite, seen: DedupeStore", POST, options=", honours_key=True")
    check = checked(tmp_path, laboratory, text)
    assert (check.verdict, check.failures) == ("passed", ())
    [part] = check.parts
    assert "one effect for each key" in part.summary
    assert "in doubt" not in part.summary


def test_what_only_the_process_remembers_is_found_when_it_ends(tmp_path, laboratory):
    lying = source("totals: KvWrite", OWN_MEMORY, state="SEEN = set()")
    assert repeated(tmp_path / "alone", lying)["failures"] == [], "nothing is seen while the process lives"
    check = checked(tmp_path / "ended", laboratory, lying)
    assert check.verdict == "failed"
    assert any("after its process ended behind call 2 of 2" in failure for failure in check.failures)


def test_a_key_that_each_process_makes_anew_is_found(tmp_path, laboratory):
    lying = source(
        "shop: HttpWrite, seen: DedupeStore",
        POST,
        key='"order_id", "batch"',
        more="batch: str = uuid.uuid4().hex",
    )
    check = checked(tmp_path, laboratory, lying)
    assert check.verdict == "failed"
    assert "the key of act differs in another process" in check.failures


@pytest.mark.parametrize(
    ("body", "said"),
    [("pass", "no effect was seen of act"), ("import os\nos._exit(3)", "act: could not be looked at: ")],
)
def test_what_cannot_be_looked_at_is_no_pass(tmp_path, laboratory, body, said):
    check = checked(tmp_path, laboratory, source("shop: HttpWrite, seen: DedupeStore", body))
    assert check.verdict == "could_not_run"
    assert said in check.summary


UNDOING = """
class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"))
async def give_back(order: Order, stock: KvWrite) -> Order:
    BODY
    return order

@node(idempotency=by("order_id"), compensate=give_back)
async def take(order: Order, stock: KvWrite, seen: DedupeStore) -> Order:
    await stock.set(order.order_id, "taken")
    return order

flow = Flow("stock", version="1.0.0", profile=Profile.TEMPORAL)
flow.connect(flow.trigger(http.post("/orders", accepts=Order, respond="immediate")), take)
"""


def test_what_undoes_is_an_effect_as_well(tmp_path):
    honest = UNDOING.replace("BODY", "await stock.delete(order.order_id)")
    lying = UNDOING.replace("BODY", 'await stock.set("free", str(int(await stock.get("free") or 0) + 1))')
    assert repeated(tmp_path / "honest", honest, "give_back")["failures"] == []
    [failure, *_] = repeated(tmp_path / "lying", lying, "give_back")["failures"]
    assert "give_back leaves entries of stock that are others" in failure


WEB = """
import hashlib
import uuid
from flowlattice import DbWrite

class In(Record, data="internal"):
    name: str
    size: int = 1

class Asked(Record, data="internal"):
    name: str
    size: int
    ref: str

class Out(Record, data="public"):
    status: str = "received"

@node
def refer(req: In) -> Asked:
    return Asked(name=req.name, size=req.size, ref=REF)

@node(idempotency=by("ref")OPTIONS)
async def ask(req: Asked, shop: HttpWriteSEEN) -> Out:
    await shop.post("https://shop.example/orders", json={"name": req.name})
    return Out()

flow = Flow("asking", version="1.0.0")
flow.connect(flow.trigger(http.post("/ask", accepts=In, deadline=seconds(5))), refer)
flow.connect(refer, ask)
flow.connect(ask, flow.respond())
flow.egress("shop", "shop.example")
"""
REMEMBERED = ", seen: DedupeStore"


@pytest.mark.parametrize(
    ("ref", "seen", "options", "said"),
    [
        ("req.name", REMEMBERED, "", None),
        ("req.name", "", ", honours_key=True", None),
        ("req.name", "", "", "node ask made the effect post of key"),
        ("uuid.uuid4().hex", REMEMBERED, "", "under another key when the same request comes again"),
        ("hashlib.sha256(req.name.encode()).hexdigest()", REMEMBERED, "", "under another key"),
    ],
    ids=["remembered", "honoured", "forgotten", "a key of each request", "a key of each spelling"],
)
def test_a_request_that_comes_again_has_its_effects_once(tmp_path, ref, seen, options, said):
    text = WEB.replace("REF", ref).replace("SEEN", seen).replace("OPTIONS", options)
    alone = repeated(tmp_path / "alone", text, "ask")["failures"]
    assert bool(alone) == (said is not None), "alone, and behind the node before"
    file = write_flow(tmp_path, text)
    inputs: JsonValue = {"valid": [{"name": "Ada", "size": 2}]}
    request: dict[str, JsonValue] = {"path": str(file), "routes": {"POST /ask": inputs}, "examples": []}
    [route] = cast("list[dict[str, Any]]", resubmitted.probe(request, lambda _: None))
    assert (route["route"], route["nodes"], route["sent"]) == ("POST /ask", ["ask"], 6)
    assert bool(route["failures"]) == (said is not None), route["failures"]
    assert said is None or said in route["failures"][0]
