"""Decisions: what is denied, what is waived and until when, and what the examples come to."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from pydantic import JsonValue

import flowlattice
from flowlattice.bindings import described
from flowlattice.diagnostics import Diagnostic
from flowlattice.errors import UsageError
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.policy import Ruleset, decide
from flowlattice.policy.facts import Circumstances, facts_of
from flowlattice.policy.render import render_sarif
from flowlattice.policy.waivers import add_waiver, granted, read_waivers, revoke_waiver
from tests.support.sarif import assert_sarif

EXAMPLES = Path(__file__).parents[3] / "examples"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOSTS = ["api.stripe.com", "shipping.example.com"]
GOOD = {
    "id": "W-1",
    "policy": "WEB-RATE-CAP",
    "scope": {"flow": "echo_norm"},
    "owner": "ana",
    "reason": "behind a CDN",
    "expires": "2026-07-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def uncapped():
    ir = lower(load(EXAMPLES / "s01_echo"))
    return ir.model_copy(update={"surfaces": tuple(s for s in ir.surfaces if s.kind != "rate_limit"), "slos": ()})


def with_waivers(folder, *entries):
    (folder / "waivers.yaml").write_text(json.dumps(entries))
    return Ruleset.load(folder)


@pytest.mark.parametrize("environment", ["local", "production"])
@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("s*")))
def test_the_examples_are_allowed(example, environment):
    file = EXAMPLES / example / "bindings.toml"
    bound = described(file.read_text(), environment) if environment != "local" and file.exists() else None
    ir = lower(load(EXAMPLES / example))
    decision = decide(Ruleset.load(environment=environment), ir, bindings=bound, allowed_hosts=HOSTS, at=NOW)
    found = [(finding.policy, finding.severity) for finding in decision.findings]
    noted = [("DATA-REGION-STATED", "audit")] if (example, environment) == ("s02_site", "production") else []
    assert (found, decision.allowed) == (noted, True)


@pytest.mark.parametrize(
    ("example", "old", "new", "policy", "subject"),
    [
        ("s04_payments", '"compensate":"', '"compensate":null,"function":"', "PAYMENT-COMPENSATED", "charge"),
        ("s04_payments", '"refunds:write"],"source"', '"admin"],"source"', "SCOPES-NEEDED", "stripe_key"),
        ("s04_payments", '"ttl_s":86400', '"ttl_s":null', "HITL-ENDS", "approve_high_value"),
        ("s03_etl_logs", '"name":"dedupe"', '"name":"kv.read"', "ONCE-REMEMBERED", "write_warehouse"),
        ("s07_ds_clean", '"network":"deny"', '"network":"allow"', "PLUGIN-CONFINED", "py_clean"),
        ("s09_doc_summarize", '"usd_per_day":"5"', '"usd_per_day":"5000"', "LLM-DAY-CEILING", "openai_chat_stream"),
        ("s02_site", '"x-data-class":"public"', '"x-data-class":"pii"', "WEB-PII-STABLE", "stream_changelog"),
        ("s10_order_eox", '"retry":null', '"retry":{"owner":"orchestrator"}', "RETRY-OWNER", "upsert_outbox"),
    ],
)
def test_what_an_example_would_be_denied_for(example, old, new, policy, subject):
    ir = lower(load(EXAMPLES / example))
    text = ir.model_dump_json(by_alias=True)
    assert old in text
    changed = type(ir).model_validate_json(_replaced(text, old, new))
    denials = decide(Ruleset.load(), changed, allowed_hosts=HOSTS, at=NOW).denials
    assert (policy, subject) in [(denial.policy, denial.subject) for denial in denials]


def _replaced(text, old, new):
    """An IR's text with something else; a compensator that goes takes its id with it."""
    if '"compensate"' not in old:
        return text.replace(old, new)
    plain = json.loads(text)
    for node in plain["nodes"]:
        node["compensate"] = None
    return json.dumps(plain)


def test_a_waiver_lets_a_finding_pass_and_leaves_it_visible(tmp_path, uncapped):
    decision = decide(with_waivers(tmp_path, GOOD), uncapped, at=NOW)
    assert decision.allowed
    assert [f.policy for f in decision.findings] == ["WEB-RATE-CAP"]
    assert [(waiver.id, waiver.owner) for waiver in decision.waivers] == [("W-1", "ana")]
    plain = decide(Ruleset.load(), uncapped, at=NOW)
    assert (plain.allowed, plain.policies_digest) == (False, decision.policies_digest)
    assert plain.digest != decision.digest


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expires": "2026-06-01T12:00:00Z"}, "waiver W-1 expired at 2026-06-01T12:00:00Z"),
        ({"expires": None}, "waiver W-1 does not count: it has no expiry"),
        ({"expires": "2026-07-01T00:00:00"}, "has no time zone"),
        ({"expires": "2026-07-01"}, "waiver W-1 does not count: the expiry has no time zone"),
        ({"expires": "2026-07-01T02:00:00+02:00"}, "not in UTC"),
        ({"expires": "soon"}, "waiver W-1 does not count: expires"),
        ({"expires": "2026-12-01T00:00:00Z"}, "no waiver may run for over 90 days"),
        ({"owner": ""}, "waiver W-1 does not count: owner"),
        ({"reason": None}, "waiver W-1 does not count: reason"),
    ],
)
def test_a_waiver_that_is_not_in_order_does_not_count_and_says_why(tmp_path, uncapped, changed, said):
    entry = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    decision = decide(with_waivers(tmp_path, entry), uncapped, at=NOW)
    (finding,) = decision.findings
    assert not decision.allowed
    assert finding.waiver is None
    assert said in finding.lapsed[0]


def test_an_id_that_stands_twice_counts_for_neither(tmp_path, uncapped):
    ruleset = with_waivers(tmp_path, GOOD, {**GOOD, "owner": "bob"})
    (finding,) = decide(ruleset, uncapped, at=NOW).findings
    assert finding.lapsed == ("waiver W-1 does not count: its id stands twice",) * 2


@pytest.mark.parametrize("scope", [{"flow": "other"}, {"flow": "echo_norm", "node": "normalize"}])
def test_a_waiver_counts_within_its_scope_alone(tmp_path, uncapped, scope):
    (finding,) = decide(with_waivers(tmp_path, {**GOOD, "scope": scope}), uncapped, at=NOW).findings
    assert (finding.waiver, finding.lapsed) == (None, ())


def test_a_policy_that_cannot_be_waived_is_not(tmp_path):
    ir = lower(load(EXAMPLES / "s10_order_eox"))
    plain = json.loads(ir.model_dump_json(by_alias=True))
    plain["nodes"][1]["idempotency"] = None
    broken = type(ir).model_validate(plain)
    entry = {**GOOD, "policy": "EFFECT-IDEMPOTENT", "scope": {"flow": "order_eox"}}
    denials = decide(with_waivers(tmp_path, entry), broken, at=NOW).denials
    assert "EFFECT-IDEMPOTENT cannot be waived" in denials[0].lapsed[0]


def test_a_waived_finding_lets_the_diagnostic_of_its_code_pass(tmp_path):
    ir = lower(load(EXAMPLES / "s10_order_eox"))
    plain = json.loads(ir.model_dump_json(by_alias=True))
    plain["nodes"][1]["retry"] = {"owner": "orchestrator", "max": 3}
    retried = type(ir).model_validate(plain)
    name = retried.nodes[1].name
    entry = {**GOOD, "policy": "RETRY-OWNER", "scope": {"flow": "order_eox", "node": name}}
    decision = decide(with_waivers(tmp_path, entry), retried, at=NOW)

    def waived(code, node):
        found = Diagnostic(code=code, severity="error", message="m", file="flow.py", line=1, column=1, node=node)
        return decision.waiver_of(found)

    assert decision.allowed
    assert waived("RETRY011", name).id == "W-1"
    assert (waived("RETRY011", "project_to_kafka"), waived("DAG004", name)) == (None, None)


def test_the_order_of_hosts_and_the_hour_do_not_change_a_decision(uncapped):
    one = decide(Ruleset.load(), uncapped, allowed_hosts=["b.example", "a.example"], at=NOW)
    other = decide(Ruleset.load(), uncapped, allowed_hosts=["a.example", "b.example"], at=NOW + timedelta(hours=1))
    assert one == other
    assert one.digest == other.digest


def test_a_subflows_nodes_are_judged_where_they_run():
    ir = lower(load(EXAMPLES / "s04_payments"))
    plain = json.loads(ir.model_dump_json(by_alias=True))
    inner = {**plain, "exports": [{"name": "pay", "entry": plain["nodes"][2]["id"], "exit": plain["nodes"][2]["id"]}]}
    outer: dict[str, JsonValue] = {
        "name": "shop",
        "profile": "temporal",
        "policies": {},
        "nodes": [
            {"id": "x", "name": "buy", "kind": "subflow", "subflow": {"flow": "p", "version": "1", "export": "pay"}}
        ],
        "edges": [{"from": "a", "to": "x", "delivery": "exactly_once"}],
        "subflows": {"p@1": inner},
    }
    nodes = cast("list[dict[str, object]]", facts_of(outer, Circumstances())["nodes"])
    assert [(node["name"], node["once"]) for node in nodes] == [("buy.charge", True), ("buy.create_shipment", True)]


def test_sarif_shows_what_is_waived_and_what_no_longer_is(tmp_path, uncapped):
    def log(entry):
        ruleset = with_waivers(tmp_path, entry)
        decision = decide(ruleset, uncapped, at=NOW)
        text = render_sarif(decision, ruleset.policies, uncapped, version=flowlattice.__version__, folder="echo/")
        found = json.loads(text)
        assert_sarif(found)
        (result,) = found["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "echo/flow.py"
        return result

    (accepted,) = log(GOOD)["suppressions"]
    assert (accepted["kind"], accepted["status"]) == ("external", "accepted")
    assert accepted["justification"] == "behind a CDN (ana, waiver W-1, until 2026-07-01T00:00:00Z)"
    (rejected,) = log({**GOOD, "expires": "2026-05-01T00:00:00Z"})["suppressions"]
    assert (rejected["status"], rejected["justification"]) == ("rejected", "waiver W-1 expired at 2026-05-01T00:00:00Z")
    assert log({**GOOD, "policy": "WEB-DEADLINE"})["suppressions"] == []


def new(**changed):
    given = {"flow": "f", "node": None, "owner": "ana", "reason": "r", "expires": "2026-07-01T00:00Z", **changed}
    return granted("WEB-RATE-CAP", **given, at=NOW, longest=timedelta(days=90))


def test_waivers_are_written_and_taken_back(tmp_path):
    first, second = new(), new(node="n")
    add_waiver(tmp_path, first)
    add_waiver(tmp_path, second)
    assert read_waivers(tmp_path).entries == (first, second)
    with pytest.raises(UsageError, match="is there already"):
        add_waiver(tmp_path, first)
    revoke_waiver(tmp_path, first.id)
    assert read_waivers(tmp_path).entries == (second,)
    with pytest.raises(UsageError, match="there is no waiver"):
        revoke_waiver(tmp_path, first.id)


def test_waivers_that_are_given_at_the_same_time_are_all_there(tmp_path):
    given = [new(node=f"n{number}") for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda waiver: add_waiver(tmp_path, waiver), given))
    assert {waiver.id for waiver in read_waivers(tmp_path).entries} == {waiver.id for waiver in given}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expires": "2026-06-01T11:59Z"}, "expired"),
        ({"expires": "2026-09-01T00:00Z"}, "no waiver may run for over 90 days"),
        ({"expires": "2026-07-01T00:00"}, "no time zone"),
        ({"expires": "tomorrow"}, "--expires"),
        ({"reason": " "}, "--reason: has to be one line"),
        ({"owner": "a\nb"}, "--owner: has to be one line"),
    ],
)
def test_what_no_waiver_may_be_is_refused_when_it_is_given(changed, said):
    with pytest.raises(UsageError, match=said):
        new(**changed)


@pytest.mark.parametrize("text", ["a: [", "7", "a: b"])
def test_a_file_of_waivers_that_is_none_stops_everything(tmp_path, text):
    (tmp_path / "waivers.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"waivers\.yaml: not a list of waivers"):
        Ruleset.load(tmp_path)
