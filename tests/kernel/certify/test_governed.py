"""The checks `policy`, `budget` and `data`: their evidence, and what they cannot tell."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flowlattice.certify.bench import Bench
from flowlattice.certify.canaries import Canary, at, fields_of, planted, unclassed
from flowlattice.certify.checks import budget, data, policy
from flowlattice.certify.harness import LIMITS
from flowlattice.certify.laboratory import Laboratory
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import load
from flowlattice.policy import Ruleset, decide

EXAMPLES = Path(__file__).parents[3] / "examples"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOSTS = ["api.stripe.com", "shipping.example.com"]
FLOW = """
import logging
import os
from collections.abc import AsyncIterator
from typing import Annotated

from flowlattice import Cache, Flow, KvWrite, Record, by, field, http, node

class In(Record, data="internal"):
    email: Annotated[str, field(data="pii", pattern=r"^[a-z0-9]+@[a-z0-9.]+$", max_length=40)]
    card: Annotated[int, field(data="payment", ge=0)]
    note: str

class Out(Record, data="pii"):
    email: str

@node(vouch=["os.write"])
def past_python(req: In) -> Out:
    os.write(1, req.email.encode())
    return Out(email=req.email)

@node(idempotency=by("email"))
async def keep(req: In, notes: KvWrite) -> Out:
    try:
        await notes.set(req.email, req.note)
    except Exception:
        logging.getLogger("keep").exception("card %s is not kept", req.card)
    return Out(email=req.email)

@node(cache=Cache(by("email"), tier="local"))
def honest(req: In) -> Out:
    logging.getLogger("honest").info("%s letters", len(req.email))
    return Out(email=req.email)

@node
async def streamed(req: In) -> AsyncIterator[Out]:
    yield Out(email=req.email)

flow = Flow("people", version="1.0.0")
hook = flow.trigger(http.post("/people", accepts=In))
for one in (past_python, keep, honest):
    flow.connect(hook, one)
flow.connect(hook, streamed)
flow.connect(honest, flow.respond())
"""


@pytest.fixture(scope="module")
def laboratory():
    with Laboratory() as made:
        yield made


def bench(ir: FlowIR, laboratory: Laboratory, path: Path = EXAMPLES, ruleset: Ruleset | None = None) -> Bench:
    return Bench(
        path=path,
        ir=ir,
        nodes=tuple(node.name for node in ir.nodes),
        routes=(),
        examples=(),
        laboratory=laboratory,
        limits=LIMITS,
        decision=decide(ruleset or Ruleset.load(), ir, allowed_hosts=HOSTS, at=NOW),
    )


def changed(ir: FlowIR, **nodes: dict[str, object]) -> FlowIR:
    """The IR with other parts of some nodes."""
    plain = json.loads(ir.model_dump_json(by_alias=True))
    for node in plain["nodes"]:
        node.update(nodes.get(node["name"], {}))
    return type(ir).model_validate(plain)


@pytest.fixture(scope="module")
def summarize():
    return lower(load(EXAMPLES / "s09_doc_summarize"))


def test_policy_shows_what_it_was_held_against(laboratory):
    found = policy.run(bench(lower(load(EXAMPLES / "s04_payments")), laboratory))
    assert (found.verdict, found.failures) == ("passed", ())
    assert found.measured["egress"] == {
        "charge": ["api.stripe.com"], "create_shipment": ["shipping.example.com"], "refund": ["api.stripe.com"]
    }  # fmt: skip
    assert found.measured["scopes_needed"] == {
        "charge": ["stripe_key charges:write"], "refund": ["stripe_key refunds:write"]
    }  # fmt: skip
    assert found.measured["scopes_granted"] == {"stripe_key": ["charges:write", "refunds:write"]}
    parts = {part.name: part.summary for part in found.parts}
    assert parts["node:charge"] == (
        "may reach api.stripe.com; needs stripe_key charges:write; handles internal, payment data"
    )
    assert policy.applies(replace(bench(lower(load(EXAMPLES / "s01_echo")), laboratory), decision=None)) is not None


def test_policy_says_which_node_is_denied_and_names_the_waiver_that_was_used(laboratory, tmp_path):
    ir = changed(lower(load(EXAMPLES / "s04_payments")), charge={"compensate": None})
    found = policy.run(bench(ir, laboratory))
    assert found.verdict == "failed"
    assert [part.name for part in found.parts if part.verdict == "failed"] == ["node:charge"]
    waiver = {"id": "W-1", "policy": "PAYMENT-COMPENSATED", "scope": {"flow": "payments"}, "owner": "ana"}
    entry = {**waiver, "reason": "by hand", "expires": "2026-07-01T00:00:00Z"}
    (tmp_path / "waivers.yaml").write_text(json.dumps([entry]))
    found = policy.run(bench(ir, laboratory, ruleset=Ruleset.load(tmp_path)))
    assert found.verdict == "passed"
    assert "waived: W-1 of ana until 2026-07-01T00:00:00Z" in found.summary
    assert found.measured["findings"] == [
        "deny PAYMENT-COMPENSATED: node charge takes a payment, create_shipment can fail after it, "
        "and nothing gives the money back"
    ]


def test_budget_reckons_a_route_up(summarize, laboratory):
    found = budget.run(bench(summarize, laboratory))
    assert found.verdict == "passed"
    assert found.measured["usd_micros"] == {"POST /sum": 555}
    assert found.measured["tokens"] == {"POST /sum": 2500}
    (part,) = found.parts
    assert (part.name, part.summary) == ("route:POST /sum", "at most $0.000555 and 2,500 tokens a run")
    assert budget.applies(bench(lower(load(EXAMPLES / "s01_echo")), laboratory)) is not None


PRICED = {"usd_per_million": ["1", "1"]}
AI = {"model": "gpt-4o-mini-2024-07-18", "max_tokens": 400, "budget": {"tokens_per_call": 2500}}


@pytest.mark.parametrize(
    ("asked", "is_many", "verdict", "said"),
    [
        ({"ai": AI, "cost": {"tokens": 2500}}, False, "passed", "at most $0.0015"),  # the packaged price
        ({"ai": {**AI, "model": "nobody-knows"}, "cost": {"tokens": 2500}}, False, "could_not_run", "is not stated"),
        ({"ai": {"model": "gpt-4o-mini"}, "cost": None}, False, "could_not_run", "the price of gpt-4o-mini"),
        ({"ai": {**AI, **PRICED}, "cost": None}, False, "could_not_run", "nothing bounds the tokens"),
        ({"cost": {"tokens": 2500, "usd": "11"}}, False, "failed", "at most $11"),
        ({"cost": {"tokens": 1_000_001, "usd": "1"}}, False, "failed", "1,000,001 tokens"),
        ({"ai": {**AI, **PRICED}, "cost": {"tokens": 9, "usd": "0.01"}}, True,
         "could_not_run", "an unstated number of records"),
        ({"cost": {"tokens": 9, "usd": "0.01"}}, True, "passed", "at most $5"),  # the ceiling of a day
    ],
)  # fmt: skip
def test_budget_knows_what_it_does_not_know(summarize, asked, is_many, verdict, said):
    ir = changed(summarize, openai_chat_stream=asked, make_prompt={"stream": is_many})
    found = budget.run(bench(ir, Laboratory()))
    assert found.verdict == verdict
    assert said in found.parts[0].summary
    assert found.failures or verdict == "passed"


def test_a_ceiling_that_is_waived_passes_and_a_tighter_one_counts(summarize, laboratory, tmp_path):
    dear = changed(summarize, openai_chat_stream={"cost": {"tokens": 2500, "usd": "11"}})
    entry = {"id": "W-1", "policy": "LLM-RUN-CEILING", "scope": {"flow": "doc_summarize"}, "owner": "ana"}
    waiver = {**entry, "reason": "a report", "expires": "2026-07-01T00:00:00Z"}
    (tmp_path / "waivers.yaml").write_text(json.dumps([waiver]))
    found = budget.run(bench(dear, laboratory, ruleset=Ruleset.load(tmp_path)))
    assert (found.verdict, found.parts[0].summary) == ("passed", "at most $11 and 2,500 tokens a run, waived")
    (tmp_path / "waivers.yaml").unlink()
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "thrifty.yaml").write_text("parameters: {LLM-RUN-CEILING: {most_usd_micros: 500}}")
    found = budget.run(bench(summarize, laboratory, ruleset=Ruleset.load(tmp_path, team="thrifty")))
    assert (found.verdict, found.measured["ceiling_usd_micros"]) == ("failed", 500)


def test_data_finds_what_comes_out_past_python_in_a_failure_and_in_a_key(laboratory, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    ir = lower(load(tmp_path / "flow.py"))
    found = data.run(bench(ir, laboratory, tmp_path / "flow.py"))
    assert found.verdict == "failed"
    assert {part.name: part.verdict for part in found.parts} == {
        "node:past_python": "failed", "node:keep": "failed", "node:honest": "passed", "node:streamed": "passed"
    }  # fmt: skip
    assert set(found.failures) == {
        "past_python: pii data of email stands in what it prints",
        "keep: pii data of email stands in the key of a cache or key-value store",
        "keep: payment data of card stands in a log record",
        "keep: payment data of card stands in what it prints",
    }
    assert "canaries in card, email" in next(part.summary for part in found.parts if part.name == "node:honest")


def test_a_field_without_a_class_fails_and_a_node_that_cannot_be_run_is_no_pass(laboratory, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    ir = lower(load(tmp_path / "flow.py"))
    plain = json.loads(ir.model_dump_json(by_alias=True))
    del plain["schemas"]["In"]["properties"]["note"]["x-data-class"]
    (tmp_path / "flow.py").write_text("raise SystemExit\n")
    found = data.run(replace(bench(type(ir).model_validate(plain), laboratory, tmp_path / "flow.py"), nodes=("keep",)))
    assert (found.verdict, found.failures) == ("failed", ("keep: In.note has no data class",))
    found = data.run(replace(bench(ir, laboratory, tmp_path / "flow.py"), nodes=("keep",)))
    assert (found.verdict, found.parts[0].verdict) == ("could_not_run", "could_not_run")


def test_canaries_go_where_they_fit_and_are_told_from_all_else():
    schema: dict[str, Any] = {
        "properties": {
            "who": {"$ref": "#/$defs/Who"},
            "codes": {"type": "array", "items": {"type": "string"}, "x-data-class": "secret"},
            "flag": {"type": "boolean", "x-data-class": "pii"},
            "note": {"type": "string", "x-data-class": "public"},
        },
        "$defs": {"Who": {"properties": {"mail": {"anyOf": [{"type": "string"}], "x-data-class": "pii"}}}},
    }
    value: dict[str, Any] = {"who": {"mail": "a@b.c"}, "codes": ["x", "long enough"], "flag": True, "note": "n"}

    def accepts(given: Any) -> bool:
        return "@" in given["who"]["mail"] and given["codes"][1] == "long enough"

    found = planted(value, schema, accepts)
    assert dict(fields_of(found.value, schema)).keys() == dict(fields_of(value, schema)).keys()
    assert at(found.value, ("who", "mail")) == f"{found.canaries[0].text}@{found.canaries[0].text}.example"
    assert [(canary.field, canary.data_class) for canary in found.canaries] == [
        ("who.mail", "pii"), ("codes", "secret"), ("codes", "secret")
    ]  # fmt: skip
    assert found.canaries[2].text == "long enough"
    assert value["who"]["mail"] == "a@b.c"
    assert dict(fields_of(value, schema)) == {
        ("who", "mail"): "pii", ("codes", 0): "secret", ("codes", 1): "secret", ("flag",): "pii", ("note",): "public"
    }  # fmt: skip
    assert unclassed(schema) == ["who"]


@pytest.mark.parametrize(
    ("text", "said", "is_in"),
    [
        ("cnry00q7", "To CNRY00Q7@example", True),
        ("cnry00q7", "to cnry01q7", False),
        ("cnry00q7", b64encode(b"user:cnry00q7:x").decode(), True),
        ("cnry00q7", b64encode(b"users:cnry00q7").decode(), True),
        ("cnry00q7", b64encode(b"user::cnry00q7").decode(), True),
        ("cnry00q7", b"a cnry00q7".hex(), True),
        ("918273", "card=918273,", True),
        ("918273", "0x5918273a 9182730", False),
    ],
)
def test_a_canary_is_told_whatever_is_around_it(text, said, is_in):
    assert Canary(text=text, field="f", data_class="pii").is_in(said) is is_in
