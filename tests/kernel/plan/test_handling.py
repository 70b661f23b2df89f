"""The error handler of a subflow governs all that records run in it, on every profile."""

import pytest

from flowlattice.plan import Child, plan
from tests.support.planned_ir import Drawn

KEY = {"fields": ("id",)}
RETRIED = {"strategy": "retry", "max": 4, "backoff_ms": 50, "factor": 3.0, "then": None}
ASIDE = {"strategy": "dead_letter", "to": "failed"}


def asked(**more):
    """Two calls and what undoes the second; `own`, where it is given, handles errors of the first."""
    flow = Drawn("asking").node("look", "node", "http.read a", effects="read_only", is_async=True)
    flow.effect("undo", idempotency=KEY).effect("book", idempotency=KEY, compensate="undo").line("look", "book")
    for name, config in more.items():
        flow.surface("error_handler", name, **config)
    return flow.export("look", "book", effects="effectful", determinism="best_effort")


def planned(inner, handler, profile="temporal", **more):
    flow = Drawn(profile=profile).trigger("jobs", "queue", topic="jobs").node("lost")
    flow.subflow("ask", inner, side_outputs=("failed",), **more).edge("jobs", "ask").edge("ask[failed]", "lost")
    return plan(flow.surface("error_handler", "ask", **handler).ir())


def handled(made):
    return {one.node: (one.retry.attempts, one.retry.then, one.retry.of) for one in made.steps if "/" in one.node}


@pytest.mark.parametrize(
    ("handler", "attempts", "then"),
    [
        ({**RETRIED, "then": ASIDE}, 5, "dead_letter failed"),
        ({**RETRIED, "then": {"strategy": "halt"}}, 5, "halt"),
        ({"strategy": "escalate", "to": "ops"}, 4, "escalate ops"),
        (ASIDE, 4, "dead_letter failed"),
    ],
)
def test_each_node_on_the_way_is_governed_and_what_undoes_is_not(handler, attempts, then):
    found = handled(planned(asked(), handler))
    assert found == {
        "ask/look": (attempts, then, "ask"),
        "ask/book": (attempts, then, "ask"),
        "ask/undo": (4, "fail", None),
    }


def test_retries_alone_end_in_a_failure_and_say_whose_they_are():
    made = planned(asked(), RETRIED)
    assert handled(made) == {
        "ask/look": (5, "fail", None), "ask/book": (5, "fail", None), "ask/undo": (4, "fail", None),
    }  # fmt: skip
    assert {one.retry.because for one in made.steps if one.retry.attempts == 5} == {"on_error of ask says so"}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"strategy": "halt"}, (4, "halt", None)),
        ({**RETRIED, "max": 1}, (2, "dead_letter failed", "ask")),
        ({**RETRIED, "max": 1, "then": {"strategy": "halt"}}, (2, "halt", None)),
    ],
)
def test_a_handler_inside_is_kept_and_what_it_leaves_open_ends_as_the_subflow_does(own, expected):
    found = handled(planned(asked(look=own), ASIDE))
    assert (found["ask/look"], found["ask/book"]) == (expected, (4, "dead_letter failed", "ask"))


def test_what_belongs_to_its_connector_is_not_retried_and_ends_as_the_subflow_does():
    inner = Drawn("keeping").node("look", "node", "http.read a", effects="read_only", is_async=True)
    inner.effect("keep", "db.write rows", idempotency=KEY).line("look", "keep")
    made = planned(inner.export("look", "keep", effects="effectful"), {**RETRIED, "then": ASIDE})
    assert handled(made) == {
        "ask/look": (5, "dead_letter failed", "ask"), "ask/keep": (1, "dead_letter failed", "ask"),
    }  # fmt: skip


def test_a_child_workflow_hands_the_record_it_began_with_to_its_parent():
    made = planned(asked(), ASIDE)
    [child] = [unit for unit in made.units if isinstance(unit, Child)]
    assert {case: [hop.to for hop in fan.hops] for case, fan in child.side.items()} == {"failed": ["lost"]}
    assert "lost" in {one.unit for one in made.placements}
    run, inside = made.temporal.histories
    assert (run.workflow, inside.workflow) == ("run", "ask")


def test_every_node_of_an_opened_subflow_leads_where_records_are_put_aside():
    made = planned(asked(look={"strategy": "halt"}), ASIDE, "queue")
    sides = {unit.name: unit.side for unit in made.units if getattr(unit, "side", None)}
    assert {name: list(side) for name, side in sides.items()} == {"ask/book": ["failed"]}
    both = planned(asked(), ASIDE, "queue")
    assert sorted(one.source for one in both.edges if one.target == "lost") == ["ask/book", "ask/look"]


def test_a_handler_reaches_through_subflows_in_subflows():
    middle = Drawn("middle").node("first", "node", "http.read b", effects="read_only", is_async=True)
    middle.subflow("in", asked(look={**RETRIED, "max": 1})).line("first", "in")
    found = handled(planned(middle.export("first", "in", effects="effectful", determinism="best_effort"), ASIDE))
    assert found == {
        "ask/first": (4, "dead_letter failed", "ask"),
        "ask/in/look": (2, "dead_letter failed", "ask"),
        "ask/in/book": (4, "dead_letter failed", "ask"),
        "ask/in/undo": (4, "fail", None),
    }
