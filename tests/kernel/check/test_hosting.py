"""What each profile cannot honour: the table, and how a flow's surfaces are found in its IR."""

from __future__ import annotations

import pytest

from flowlattice.check import CheckContext, check
from flowlattice.check.hosting import ANSWERING, CANNOT, PROFILES, asked, can, profiles_for, unsupported
from flowlattice.ir import model as ir
from tests.kernel.plan.stories import STORIES
from tests.support.planned_ir import Drawn

OTHERS = {
    "s01_echo": set(),
    "s02_site": set(),
    "s03_etl": {"temporal"},
    "s04_payments": set(),
    "s05_clicks": set(),
    "s06_onboarding": set(),
    "s07_clean": {"temporal"},
    "s08_field": {"queue", "temporal"},
    "s09_summarize": set(),
    "s10_outbox": {"temporal"},
}
"""Besides its own and dev, the profiles that can run a story."""


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_for_its_own_profile_and_for_few_others(name):
    flow = STORIES[name]().ir()
    assert set(profiles_for(flow)) == {flow.profile, "dev"} | OTHERS[name]
    assert list(unsupported(flow, flow.profile)) == []


def test_dev_honours_everything_and_every_surface_is_honoured_twice():
    for surface, reasons in CANNOT.items():
        assert set(reasons) <= set(PROFILES) - {"dev"}
        assert sum(can(surface, profile) for profile in PROFILES) >= 2, surface
        assert all(": " not in reason and not reason.endswith(".") for reason in reasons.values())


def request(**more):
    return Drawn(**more).trigger("hook", "http", method="POST", path="/x", respond="immediate", body="json")


def chain(flow, *names):
    return flow.line("hook", *names)


KEY = ir.Idempotency(fields=("id",))
SPILL = ir.Buffer(on_full="spill", spill_bytes=1, spill_blob="b")

FLOWS = {
    "http trigger": request(),
    "cron trigger": Drawn().trigger("hook", "cron", cron="0 9 * * *"),
    "kafka trigger": Drawn().trigger("hook", "kafka", topic="t"),
    "queue trigger": Drawn().trigger("hook", "queue", topic="t"),
    "blob trigger": Drawn().trigger("hook", "blob", prefix="s3://b/"),
    "reminders": Drawn().trigger("hook", "cron", cron="0 9 * * *", during="review"),
    "waiting caller": Drawn().trigger("hook", "http", method="GET", path="/x"),
    "respond": chain(request().node("r", "respond"), "r"),
    "streamed respond": chain(request().node("r", "respond", stream=True), "r"),
    "checkpoint": chain(request().node("a").checkpoint("review", "a"), "a"),
    "window": chain(request().node("w", "window"), "w"),
    "aggregate": chain(request().node("w", "aggregate"), "w"),
    "join": chain(request().node("w", "join"), "w"),
    "distinct": chain(request().node("w", "distinct"), "w"),
    "partition": chain(request().node("a").surface("partition", "a", fields=["id"]), "a"),
    "spill": request().node("a").edge("hook", "a", buffer=SPILL),
    "plugin": chain(request().node("p", "plugin", "plugin.python"), "p"),
    "network": chain(request().node("a", "node", "http.read"), "a"),
    "session": chain(request().node("a", "node", "session.read"), "a"),
    "shared cache": chain(request().node("a", cache=ir.Cache(fields=("id",), tier="shared")), "a"),
    "escalation": chain(request().node("a").surface("error_handler", "a", strategy="escalate", to="ops"), "a"),
    "compensation": chain(request().effect("b").effect("a", compensate="b", idempotency=KEY), "a"),
    "rate": request(slos=(ir.Slo(at_qps=1000, percentile=95, latency_ms=50),)),
}


@pytest.mark.parametrize("surface", CANNOT)
def test_each_surface_is_found_and_refused_where_the_table_says(surface):
    flow = FLOWS[surface].ir()
    assert surface in {one.surface for one in asked(flow)}
    for profile in PROFILES:
        found = [one for one in unsupported(flow, profile) if CANNOT[surface].get(profile, "-") in one.message]
        assert bool(found) == (not can(surface, profile)), profile
        for one in found:
            assert one.message.startswith(f"profile {profile} cannot ")
            assert one.code == ("DAG102" if surface in ANSWERING else "CTRL901")
            assert "choose a profile that can" in (one.help or "")


def test_an_escalation_after_retries_is_found_too():
    config = {"strategy": "retry", "max": 2, "then": {"strategy": "escalate", "to": "ops"}}
    flow = chain(request().node("a").surface("error_handler", "a", **config), "a").ir()
    assert "escalation" in {one.surface for one in asked(flow)}


def test_a_promise_on_objects_counts_what_is_in_them():
    flow = Drawn(slos=(ir.Slo(records_per_s=5000),)).trigger("hook", "blob", prefix="s3://b/").ir()
    assert list(unsupported(flow, "temporal")) == []


def test_a_device_has_its_own_store_and_no_network():
    flow = Drawn(profile="wasm").trigger("hook", "queue", topic="t").effect("a", "kv.write", "dedupe seen", "clock")
    assert list(unsupported(flow.line("hook", "a").ir(), "wasm")) == []
    assert "network" in {one.surface for one in asked(flow.effect("b", "mail.send").ir())}


def inner():
    flow = Drawn("inner").effect("fetch", "http.write crm", idempotency=KEY).node("shape").node("other", "window")
    return flow.line("fetch", "shape", "other").export("fetch", "shape", effects="effectful", determinism="best_effort")


def test_what_a_subflow_does_between_its_entry_and_its_exit_counts_and_nothing_after_it():
    flow = (
        Drawn(profile="queue").trigger("hook", "queue", topic="t").subflow("price", inner()).line("hook", "price").ir()
    )
    found = list(unsupported(flow, "wasm"))
    assert [one.message.partition(" (in")[0] for one in found] == [
        "profile wasm cannot give fetch the capability http.write"
    ]
    assert found[0].node == "price"
    assert "window" not in {one.surface for one in asked(flow)}


def test_a_subflow_that_is_not_at_hand_is_judged_by_what_it_says_of_itself():
    flow = Drawn(profile="wasm").trigger("hook", "queue", topic="t")
    flow.node("price", "subflow", "http.read crm", subflow=ir.SubflowUse(flow="gone", version="1.0.0", export="it"))
    assert "network" in {one.surface for one in asked(flow.line("hook", "price").ir())}


def test_the_rule_asks_for_the_flows_own_profile_and_leaves_answering_to_its_own_rule():
    flow = (
        Drawn(profile="queue").trigger("hook", "http", method="GET", path="/x").node("r", "respond").line("hook", "r")
    )
    flow.checkpoint("review", "hook")
    assert [one.code for one in check(flow.ir(), CheckContext()) if one.code == "CTRL901"] == ["CTRL901"]
    assert [one.code for one in unsupported(flow.ir(), "queue")] == ["DAG102", "DAG102", "CTRL901"]
