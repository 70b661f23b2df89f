"""Who retries, how long a node may take, what may wait on edges, what is needed."""

from __future__ import annotations

import pytest

from flowlattice.ir import model as ir
from flowlattice.plan import plan
from flowlattice.plan.measures import duration, size
from flowlattice.plan.text import words
from tests.kernel.plan.stories import STORIES
from tests.support.planned_ir import Drawn

KEY = ir.Idempotency(fields=("id",))


def flow_on(profile):
    if profile == "queue":
        return Drawn(profile=profile).trigger(
            "hook", "queue", topic="t", max_deliveries=7, visibility_timeout_ms=10_000
        )
    more = {"method": "POST", "path": "/x", "respond": "immediate", "body": "json", "deadline_ms": 2_000}
    return Drawn(profile=profile).trigger("hook", "http", **more)


def step_of(profile, *uses, handler=None, edge=None, **more):
    flow = flow_on(profile).effect("a", *uses, **more).edge("hook", "a", **(edge or {}))
    if handler is not None:
        flow.surface("error_handler", "a", **handler)
    [step] = plan(flow.ir()).steps
    return step


RETRY = {"strategy": "retry", "max": 5, "backoff_ms": 200, "factor": 3}


@pytest.mark.parametrize(
    ("profile", "uses", "more", "expected"),
    [
        ("temporal", ["http.write x"], {"idempotency": KEY}, ("orchestrator", 4, 200)),
        ("temporal", ["http.write x"], {}, ("orchestrator", 1, 0)),
        ("temporal", ["db.write x"], {"idempotency": KEY}, ("connector", 1, 0)),
        ("temporal", [], {"handler": RETRY}, ("orchestrator", 6, 200)),
        ("temporal", [], {"handler": RETRY, "edge": {"delivery": "at_most_once"}}, ("orchestrator", 1, 0)),
        ("temporal", [], {"retry": ir.Retry(owner="orchestrator", max=2, backoff_ms=9)}, ("orchestrator", 3, 9)),
        ("temporal", [], {"retry": ir.Retry(owner="connector", max=2)}, ("connector", 1, 0)),
        (
            "temporal",
            ["db.write x"],
            {"retry": ir.Retry(owner="orchestrator"), "idempotency": KEY},
            ("orchestrator", 4, 200),
        ),
        ("queue", ["http.write x"], {"idempotency": KEY}, ("orchestrator", 1, 0)),
        ("web", ["http.write x"], {"idempotency": KEY}, ("orchestrator", 1, 0)),
        ("web", [], {"handler": RETRY}, ("orchestrator", 6, 200)),
    ],
)
def test_there_is_one_owner_of_retries(profile, uses, more, expected):
    retry = step_of(profile, *uses, **more).retry
    assert (retry.owner, retry.attempts, retry.backoff_ms) == expected
    assert retry.because


def test_on_a_queue_the_source_delivers_again():
    assert "at most 7 times in all" in step_of("queue", "http.write x", idempotency=KEY).retry.because


@pytest.mark.parametrize(
    ("handler", "then"),
    [
        (None, "fail"),
        (RETRY, "fail"),
        ({**RETRY, "then": {"strategy": "dead_letter", "to": "failed"}}, "dead_letter failed"),
        ({"strategy": "halt"}, "halt"),
        ({"strategy": "escalate", "to": "ops"}, "escalate ops"),
    ],
)
def test_what_happens_after_the_last_attempt(handler, then):
    assert step_of("queue", handler=handler).retry.then == then


@pytest.mark.parametrize(
    ("profile", "more", "expected"),
    [
        ("temporal", {}, (30_000, "the default, 30 s")),
        ("temporal", {"ai": ir.Ai(model="m")}, (120_000, "the default for language models, 120 s")),
        ("temporal", {"cost": ir.Cost(cpu_ms=60_000)}, (120_000, "twice the CPU time that it may take")),
        ("temporal", {"timeout_ms": 400}, (400, "the flow says so")),
        ("temporal", {"timeout_ms": 400, "edge": {"timeout_ms": 300}}, (300, "the flow says so")),
        ("queue", {}, (None, "only its delivery, which is hidden for 10 s")),
        ("web", {}, (None, "only the deadline of its run, 2 s")),
    ],
)
def test_what_bounds_an_attempt(profile, more, expected):
    step = step_of(profile, **more)
    assert (step.timeout_ms, step.timeout_because) == expected


def test_a_node_that_a_trigger_without_deadline_leads_to_has_none():
    flow = flow_on("web").trigger("free", "http", method="GET", path="/free", respond="immediate").effect("a")
    [step] = plan(flow.line("hook", "a").line("free", "a").ir()).steps
    assert step.timeout_because == "nothing bounds it"


def test_spill_is_a_sum_over_edges_with_one_bandwidth():
    made = plan(STORIES["s05_clicks"]().ir())
    assert made.spill is not None
    assert (made.spill.edges, made.spill.bytes, made.spill.bytes_per_s) == (2, 128 << 20, 50 << 20)
    assert made.needs.spills == ("overflow",)
    [step] = made.steps
    assert (step.qps, step.burst) == (100_000, 200_000)
    assert made.rate_limits == ()


def test_keys_are_kept_longer_than_the_last_delivery_can_be_away():
    def least(key, **trigger):
        flow = Drawn(profile="queue").trigger("hook", "queue", topic="t", **trigger)
        flow.effect("a", "dedupe seen", idempotency=key).line("hook", "a")
        [store] = plan(flow.ir()).needs.dedupe
        return store.binding, store.nodes, store.least_ms

    assert least(KEY) == ("seen", ("a",), 300_000)
    assert least(KEY, visibility_timeout_ms=600_000, max_deliveries=3) == ("seen", ("a",), 1_800_000)
    assert least(ir.Idempotency(fields=("id",), ttl_ms=10**9)) == ("seen", ("a",), 10**9)


@pytest.mark.parametrize(
    ("name", "profile", "extras", "service"),
    [
        ("s05_clicks", "queue", ("kafka",), "a Kafka broker"),
        ("s10_outbox", "temporal", ("kafka", "temporal"), "a Temporal server"),
        ("s08_field", "wasm", ("wasm",), "a device that runs WebAssembly components, with its own store"),
        ("s03_etl", "queue", (), "a queue store (SQLite, or PostgreSQL for several machines)"),
    ],
)
def test_what_has_to_be_installed_and_to_run(name, profile, extras, service):
    needs = plan(STORIES[name]().ir(), profile).needs
    assert needs.extras == extras
    assert service in needs.services


def test_triggers_are_listed_by_their_names_with_what_else_is_bound():
    flow = Drawn(profile="queue").trigger("ingest", "kafka", topic="t").trigger("daily", "cron", cron="0 5 * * *")
    made = plan(flow.node("a", "node", "kv.read k").line("ingest", "a").edge("daily", "a").ir())
    assert [(need.binding, need.capability, need.nodes) for need in made.needs.capabilities] == [
        ("k", "kv.read", ("a",)),
        ("ingest", "kafka trigger", ()),
    ]
    assert "  ingest (kafka trigger)" in words(made).splitlines()


def test_in_dev_everything_is_in_one_process():
    for story in STORIES.values():
        made = plan(story().ir(), "dev")
        assert (made.needs.services, made.temporal, made.guest) == ((), None, None)
        assert {placement.place for placement in made.placements} <= {
            "trigger", "respond", "branch", "merge", "fused", "inline", "thread", "task", "state",
        }  # fmt: skip


def test_a_device_keeps_results_and_checks_records_at_both_edges():
    guest = plan(STORIES["s08_field"]().ir()).guest
    assert guest is not None
    assert (guest.inside, guest.calls) == (("plausible", "minute", "mean", "remember"), ())
    assert [(kept.node, kept.key, kept.ttl_ms) for kept in guest.kept] == [("remember", ("tick", "id"), 3_600_000)]
    assert guest.leaves == ("Minute",)
    flow = Drawn(profile="wasm").trigger("hook", "queue", topic="t").effect("a", "kv.write store").line("hook", "a")
    calling = plan(flow.ir()).guest
    assert calling is not None
    [call] = calling.calls
    assert (call.capability, call.binding, call.nodes) == ("kv.write", "store", ("a",))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (250, "250 ms"),
        (1500, "1,500 ms"),
        (90_000, "90 s"),
        (86_400_000, "24 h"),
        (14 * 86_400_000, "14 d"),
        (None, "?"),
    ],
)
def test_durations_read_well(value, said):
    assert duration(value) == said


@pytest.mark.parametrize(("value", "said"), [(64 << 20, "64 MiB"), (1500, "1,500 bytes"), (2 << 30, "2 GiB")])
def test_sizes_read_well(value, said):
    assert size(value) == said
