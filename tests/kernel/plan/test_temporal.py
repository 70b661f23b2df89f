"""Temporal: histories, timers, children, compensations, task queues, subflows."""

from __future__ import annotations

import pytest

from flowlattice.ir import model as ir
from flowlattice.plan import Child, ExecPlan, plan
from flowlattice.plan.history import CONTINUE_EVENTS, EVENTS
from flowlattice.plan.temporal import TemporalPlan
from flowlattice.plan.units import Segment, Wait
from tests.kernel.plan.stories import STORIES
from tests.support.planned_ir import Drawn

KEY = ir.Idempotency(fields=("id",))
TASK = EVENTS["workflow task"]


def temporal(made: ExecPlan) -> TemporalPlan:
    assert made.temporal is not None
    return made.temporal


def request():
    return Drawn(profile="temporal").trigger("hook", "http", method="POST", path="/x", respond="immediate", body="json")


def history(flow, workflow="run"):
    made = temporal(plan(flow.ir()))
    return next(one for one in made.histories if one.workflow == workflow)


def test_an_empty_run_is_its_start_its_end_and_one_task():
    assert history(request().node("a").line("hook", "a")).events == 2 + TASK


def test_activities_on_one_way_add_up_and_branches_do_not():
    flow = request().node("gate", "if").effect("one", idempotency=KEY).effect("two", idempotency=KEY).effect("three")
    flow.line("hook", "gate").edge("gate[true]", "one").edge("one", "two").edge("gate[false]", "three")
    assert history(flow).events == 2 + TASK + 2 * (3 + TASK)


def test_both_ways_of_a_fan_count():
    flow = request().effect("one").effect("two").line("hook", "one").line("hook", "two")
    assert history(flow).events == 2 + TASK + 2 * (3 + TASK)


def test_a_checkpoint_is_a_signal_and_a_timer_and_at_worst_another_timer():
    flow = (
        request()
        .node("a")
        .effect("b")
        .line("hook", "a", "b")
        .checkpoint("review", "a", ttl_s=60, on_timeout="escalate")
    )
    found = history(flow)
    assert found.events == (2 + TASK) + (1 + 2 + TASK) + (3 + TASK)
    assert found.worst == found.events + 2 + 2 * TASK


def test_what_can_be_undone_and_dead_letters_make_the_worst_case_and_retries_do_not():
    flow = request().effect("undo", idempotency=KEY).effect("charge", compensate="undo", side_outputs=("failed",))
    flow.effect("report").line("hook", "charge").edge("charge[failed]", "report")
    plain = history(flow)
    assert plain.worst == plain.events + 2 * (3 + TASK)
    flow.surface("error_handler", "charge", strategy="retry", max=50, backoff_ms=10)
    assert history(flow).worst == plain.worst


def test_each_item_of_a_foreach_counts_for_itself_and_says_when_it_is_too_many():
    flow = request().node("rows", "foreach").effect("write", idempotency=KEY).line("hook", "rows", "write")
    found = history(flow)
    assert (found.events, found.per_item) == (2 + TASK, 3 + TASK)
    assert found.continues_after == (CONTINUE_EVENTS - found.events) // found.per_item
    assert f"more than {found.continues_after} items" in found.says


def test_one_run_that_passes_the_threshold_is_told():
    flow = request()
    for number in range(400):
        flow.effect(f"n{number}", idempotency=KEY)
    flow.line("hook", *(f"n{number}" for number in range(400)))
    found = history(flow)
    assert found.events > CONTINUE_EVENTS
    assert found.continues_after == 1
    assert "one run alone passes 2,000" in found.says


def test_a_workflow_that_stays_continues_as_new_after_so_many_records():
    flow = Drawn(profile="temporal").trigger("jobs", "queue", topic="jobs").effect("work").line("jobs", "work")
    found = history(flow)
    assert (found.per, found.events) == ("record", 1 + TASK + 3 + TASK)
    assert found.continues_after == (CONTINUE_EVENTS - 2 - TASK) // found.events


def test_reminders_are_counted_apart_and_are_timers():
    made = temporal(plan(STORIES["s06_onboarding"]().ir()))
    assert [one.workflow for one in made.histories] == ["run", "reminders"]
    assert [timer.schedule for timer in made.timers if timer.schedule] == ["0 9 * * 1,3"]
    assert {timer.jitter_percent for timer in made.timers} == {(5, 10)}
    names = [timer.name for timer in made.timers]
    assert names == ["doc_review", "doc_review (escalated)", "reminders"]


def test_each_partition_is_a_workflow_with_the_id_of_the_design():
    made = plan(STORIES["s03_etl"]().ir(), "temporal")
    [child] = temporal(made).children
    assert child.id == "wf::etl_logs::p::<partition>::v::1.0.0::r::<epoch>"
    [unit] = [unit for unit in made.units if isinstance(unit, Child)]
    assert [hop.to for hop in unit.body.hops] == ["upsert"]
    assert unit.next.hops == ()
    assert made.partitions[0].child_id == child.id
    assert [one.workflow for one in temporal(made).histories] == ["run", unit.name]


def ids(made):
    return {
        child.unit: child.id.removeprefix("wf::drawn::p::").partition("::v::")[0] for child in temporal(made).children
    }


def test_where_records_are_split_in_front_of_several_nodes_ids_name_the_node():
    flow = Drawn(profile="temporal").trigger("jobs", "queue", topic="jobs")
    flow.effect("put", idempotency=KEY).effect("alert", idempotency=KEY).line("jobs", "put").line("jobs", "alert")
    flow.surface("partition", "put", fields=["id"]).surface("partition", "alert", fields=["id"])
    made = plan(flow.ir())
    assert ids(made) == {"put by partition": "put.<partition>", "alert by partition": "alert.<partition>"}
    split = {one.node: one.child_id for one in made.partitions}
    assert split == {
        "put": "wf::drawn::p::put.<partition>::v::1.0.0::r::<epoch>",
        "alert": "wf::drawn::p::alert.<partition>::v::1.0.0::r::<epoch>",
    }


def test_a_name_cannot_pass_for_another_and_a_value():
    flow = Drawn(profile="temporal").trigger("jobs", "queue", topic="jobs").effect("a.b:c%").effect("a")
    flow.edges.append(ir.Edge(source_id=flow.id("jobs"), target_id=flow.id("a.b:c%")))
    flow.line("jobs", "a").surface("partition", "a.b:c%", fields=["id"]).surface("partition", "a", fields=["id"])
    assert set(ids(plan(flow.ir())).values()) == {"a%2Eb%3Ac%25.<partition>", "a.<partition>"}


def splitting(effects="effectful"):
    """Partitions in a subflow, with one more subflow in front of which records are split too."""
    paying = Drawn("paying").effect("pay", idempotency=KEY).surface("partition", "pay", fields=["id"])
    inner = paying.export("pay", "pay", effects=effects)
    middle = Drawn("middle").subflow("p", inner).subflow("q", inner).line("p", "q")
    return middle.surface("partition", "q", fields=["id"]).export("p", "q", effects=effects)


def test_no_two_children_of_a_flow_share_an_id():
    both = splitting()
    made = plan(request().subflow("b", both).subflow("c", both).line("hook", "b", "c").ir())
    assert ids(made) == {
        "b": "b.<record>",
        "c": "c.<record>",
        "b/p": "b/p.<record>",
        "b/q": "b/q.<partition>.<record>",
        "c/p": "c/p.<record>",
        "c/q": "c/q.<partition>.<record>",
        "b/q by partition": "b/q.<partition>",
        "c/q by partition": "c/q.<partition>",
        "b/p/pay by partition": "b/p/pay.<partition>",
        "b/q/pay by partition": "b/q/pay.<partition>",
        "c/p/pay by partition": "c/p/pay.<partition>",
        "c/q/pay by partition": "c/q/pay.<partition>",
    }


def test_the_only_partition_keeps_its_plain_id_beside_subflows():
    inner = Drawn("paying").effect("pay", idempotency=KEY).surface("partition", "pay", fields=["id"])
    made = plan(request().subflow("b", inner.export("pay", "pay", effects="effectful")).line("hook", "b").ir())
    assert ids(made) == {"b": "b.<record>", "b/pay by partition": "<partition>"}


def test_a_child_says_what_it_is_one_of_whatever_follows_it():
    both = splitting()
    made = plan(request().subflow("b", both).subflow("c", both).line("hook", "b", "c").ir())
    of = {child.unit: child.of for child in temporal(made).children}
    assert {unit.name: unit.of for unit in made.units if isinstance(unit, Child)} == of
    per = {one.workflow: one.per for one in temporal(made).histories}
    assert per == {"run": "run", **{unit: "run" if one == "subflow" else "record" for unit, one in of.items()}}
    found = {one.workflow: one for one in temporal(made).histories}
    assert (found["b"].events, found["b"].says) == (found["c"].events, found["c"].says)
    assert "a run ends below 2,000" in found["c"].says


def test_effects_are_undone_last_first():
    flow = request()
    for name in ("book", "charge", "ship"):
        flow.effect(f"undo_{name}", idempotency=KEY).effect(name, compensate=f"undo_{name}", idempotency=KEY)
    made = plan(flow.line("hook", "book", "charge", "ship").ir())
    assert [(one.node, one.by) for one in temporal(made).saga] == [
        ("ship", "undo_ship"),
        ("charge", "undo_charge"),
        ("book", "undo_book"),
    ]
    assert "undoes charge" in next(one.because for one in made.placements if one.node == "undo_charge")


@pytest.mark.parametrize(("digest", "queue"), [(None, "drawn::<digest>"), ("0123456789abcdef", "drawn::0123456789ab")])
def test_workers_are_pinned_to_the_digest_of_the_sources(digest, queue):
    flow = request().node("a").line("hook", "a").ir()
    assert temporal(plan(flow, digest=digest)).task_queue == queue


def priced(effects, determinism, use):
    flow = Drawn("pricing").node("fetch", "node", use, effects=effects, determinism=determinism, is_async=True)
    flow.node("round_up").node("report").line("fetch", "round_up", "report")
    return flow.export("fetch", "round_up", effects=effects, determinism=determinism)


def with_subflow(inner):
    flow = request().subflow("price", inner).node("store").line("hook", "price", "store")
    return plan(flow.ir())


def test_a_subflow_with_effects_is_a_child_and_its_nodes_are_placed_inside():
    made = with_subflow(priced("effectful", "best_effort", "http.write crm"))
    placed = {one.node: (one.place, one.within) for one in made.placements}
    assert placed == {
        "hook": ("trigger", None),
        "price": ("child", None),
        "store": ("inline", None),
        "price/fetch": ("activity", "price"),
        "price/round_up": ("inline", "price"),
    }
    [child] = [unit for unit in made.units if isinstance(unit, Child)]
    assert ([hop.to for hop in child.body.hops], [hop.to for hop in child.next.hops]) == (["price/fetch"], ["store"])
    run, inside = temporal(made).histories
    assert (run.workflow, run.events) == ("run", 2 + TASK + 3 + TASK)
    assert (inside.workflow, inside.events) == ("price", 2 + TASK + 3 + TASK)


def test_a_subflow_without_effects_runs_in_the_same_workflow():
    made = with_subflow(priced("read_only", "stable", "http.read crm"))
    placed = {one.node: (one.place, one.unit) for one in made.placements}
    assert placed["price"] == ("inline", "price/fetch")
    assert placed["price/fetch"] == ("activity", "price/fetch")
    assert placed["price/round_up"] == placed["store"] == ("fused", "price/round_up")
    assert not any(isinstance(unit, Child) for unit in made.units)


def test_subflows_inside_of_subflows_are_opened_and_one_inside_itself_is_not_followed():
    innermost = priced("read_only", "stable", "http.read crm")
    middle = Drawn("middle").subflow("ask", innermost).node("after").line("ask", "after")
    made = with_subflow(middle.export("ask", "after", effects="read_only", determinism="stable"))
    assert "price/ask/fetch" in {one.node for one in made.placements}
    endless = Drawn("endless").node("first").node("last")
    use = ir.SubflowUse(flow="endless", version="1.0.0", export="it")
    endless.node("again", "subflow", subflow=use).line("first", "again", "last")
    inner = endless.export("first", "last")
    made = with_subflow(inner.model_copy(update={"subflows": {"endless@1.0.0": inner}}))
    assert {one.node for one in made.placements} >= {"price/first", "price/again", "price/last"}


def test_a_subflow_that_is_not_at_hand_is_one_unit():
    flow = request().node(
        "price", "subflow", effects="read_only", subflow=ir.SubflowUse(flow="x", version="1", export="it")
    )
    made = plan(flow.node("a").line("hook", "price", "a").ir())
    assert {unit.name: unit.kind for unit in made.units} == {"price": "activity", "a": "segment"}


def paid(**more):
    """A payment that is reviewed first, with a reminder, and undone when what follows fails; `more` of its export."""
    flow = Drawn("paying").trigger("hook", "http", method="POST", path="/p", respond="immediate", body="json")
    flow.trigger("morning", "cron", cron="0 9 * * *", during="review").node("prepare")
    flow.effect("undo", idempotency=KEY).effect("pay", idempotency=KEY, compensate="undo", side_outputs=("failed",))
    flow.effect("unremind", idempotency=KEY).effect("remind", idempotency=KEY, compensate="unremind")
    flow.node("regret").effect("beyond").surface("rate_limit", "hook", "morning", qps=1, burst=1)
    flow.checkpoint("review", "prepare", ttl_s=60, on_timeout="reject").edge("prepare[review.rejected]", "regret")
    flow.line("hook", "prepare", "pay", "beyond").line("morning", "remind")
    return flow.export("prepare", "pay", **{"effects": "effectful", "determinism": "best_effort", **more})


def undone(made):
    return [(one.node, one.by) for one in temporal(made).saga]


@pytest.mark.parametrize("effects", ["effectful", "pure"])
def test_what_undoes_an_effect_comes_with_the_subflow_that_has_it(effects):
    inner = paid(effects=effects)  # pure: not in truth, but so its nodes stand in the workflow around it
    flow = request().effect("unbook", idempotency=KEY).effect("book", idempotency=KEY, compensate="unbook")
    flow.subflow("one", inner).subflow("two", inner).effect("ship").line("hook", "book", "one", "two", "ship")
    made = plan(flow.ir())
    assert undone(made) == [
        ("two/pay", "two/undo"),
        ("two/remind", "two/unremind"),
        ("one/pay", "one/undo"),
        ("one/remind", "one/unremind"),
        ("book", "unbook"),
    ]
    placed = {one.node: one for one in made.placements}
    assert (placed["one/undo"].place, placed["one/undo"].within) == ("activity", "one")
    assert "undoes one/pay" in placed["one/undo"].because
    assert not {"one/beyond", "one/hook", "hook/beyond"} & set(placed)
    assert {step.node: step.compensate for step in made.steps}["one/pay"] == "one/undo"


def test_what_undoes_comes_through_subflows_in_subflows():
    middle = Drawn("middle").effect("unask", idempotency=KEY).effect("ask", idempotency=KEY, compensate="unask")
    middle.subflow("p", paid()).line("ask", "p")
    inner = middle.export("ask", "p", effects="effectful", determinism="best_effort")
    made = plan(request().subflow("b", inner).line("hook", "b").ir())
    assert undone(made) == [("b/p/pay", "b/p/undo"), ("b/p/remind", "b/p/unremind"), ("b/ask", "b/unask")]


@pytest.mark.parametrize("effects", ["effectful", "pure"])
def test_a_schedule_during_a_checkpoint_comes_with_the_subflow(effects):
    made = plan(request().subflow("one", paid(effects=effects)).effect("ship").line("hook", "one", "ship").ir())
    [reminder] = made.consumers
    assert (reminder.name, reminder.source, reminder.during) == ("one/morning", "reminder", "one/review")
    assert [hop.to for hop in reminder.next.hops] == ["one/remind"]
    [point] = made.checkpoints
    assert (point.name, point.reminders) == ("one/review", ("one/morning",))
    [waits] = [unit for unit in made.units if isinstance(unit, Wait)]
    assert [hop.to for hop in waits.rejected.hops] == ["one/regret"]
    assert [timer.name for timer in temporal(made).timers] == ["one/review", "one/morning"]
    assert [one.per for one in temporal(made).histories if one.workflow == "one/morning"] == ["reminder"]
    assert made.rate_limits == ()


def test_a_subflow_that_nothing_reaches_reminds_nobody():
    made = plan(request().subflow("one", paid()).node("a").line("hook", "a").ir())
    assert (made.consumers, made.checkpoints, undone(made)) == ((), (), [])
    assert [one.node for one in made.placements] == ["hook", "a"]


def test_checkpoints_behind_an_opened_subflow_wait_after_those_in_it_and_reject_apart():
    asking = Drawn("asking").node("look").node("no").checkpoint("review", "look", ttl_s=60, on_timeout="reject")
    inner = asking.edge("look[review.rejected]", "no").export("look", "look")
    flow = request().subflow("ask", inner, side_outputs=("failed", "review.rejected")).node("yes").node("never")
    flow.node("lost").checkpoint("review", "ask", ttl_s=60, on_timeout="reject").line("hook", "ask", "yes")
    made = plan(flow.edge("ask[review.rejected]", "never").edge("ask[failed]", "lost").ir())
    waits = {unit.name: unit for unit in made.units if isinstance(unit, Wait)}
    ways = {name: [[hop.to for hop in fan.hops] for fan in (one.next, one.rejected)] for name, one in waits.items()}
    assert ways == {"ask/review": [["review"], ["ask/no"]], "review": [["yes"], ["never"]]}
    [look] = [unit for unit in made.units if isinstance(unit, Segment) and unit.name == "ask/look"]
    assert [hop.to for hop in look.next.hops] == ["ask/review"]
    assert {case: [hop.to for hop in fan.hops] for case, fan in look.side.items()} == {"failed": ["lost"]}


def test_windows_joins_and_repetitions_have_timers():
    flow = (
        Drawn(profile="temporal").trigger("jobs", "queue", topic="jobs").node("window", "window").node("pair", "join")
    )
    flow.surface("window", "window", shape="session", event_time="ts", gap_ms=1_000, lateness_ms=500)
    flow.surface("join", "pair", on=[["id", "id"]], within_ms=600_000, kind="inner")
    flow.node("once", "distinct").surface("distinct", "once", fields=["id"], within_ms=3_600_000)
    flow.line("jobs", "once", "window").edge("once", "pair.left").edge("window", "pair.right")
    made = plan(flow.ir())
    assert {timer.name: timer.after_ms for timer in temporal(made).timers} == {
        "window": 1_500,
        "pair": 600_000,
        "once": 3_600_000,
    }
    sides = {hop.into for unit in made.units for fan in [getattr(unit, "next", None)] if fan for hop in fan.hops}
    assert sides == {None, "left", "right"}
    assert [state.node for state in made.states] == ["window", "pair", "once"]
