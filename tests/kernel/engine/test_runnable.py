"""What is planned and not run yet is said in one line, before anything is bound."""

from __future__ import annotations

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.engine.runnable import NotRunYet, check_runnable
from flowlattice.errors import EngineUnavailable
from flowlattice.hosts.programs import runtime
from flowlattice.ir import model as ir
from flowlattice.plan import plan
from tests.kernel.plan.stories import STORIES
from tests.support.flows import ECHO, flow_of
from tests.support.planned_ir import Drawn


def request(profile="web"):
    more = {"method": "POST", "path": "/x", "respond": "immediate", "body": "json"}
    return Drawn(profile=profile).trigger("hook", "http", **more)


def subflow():
    inner = Drawn("inner").node("first").node("last").line("first", "last").export("first", "last")
    return request().subflow("price", inner).line("hook", "price")


LACKING = {
    "the queue profile": STORIES["s03_etl"](),
    "the temporal profile": STORIES["s04_payments"](),
    "the wasm profile": STORIES["s08_field"](),
    "queue triggers (hook)": Drawn(profile="dev").trigger("hook", "queue", topic="t").node("a").line("hook", "a"),
    "foreach nodes (rows)": request().node("rows", "foreach").line("hook", "rows"),
    "checkpoints (review)": request("dev").node("a").node("b").line("hook", "a", "b").checkpoint("review", "a"),
    "subflows (price/first)": subflow(),
    "side outputs (of hook)": request().node("a").node("b").line("hook", "a").edge("hook[rejected]", "b"),
    "escalations (of a)": request("dev")
    .effect("a")
    .line("hook", "a")
    .surface("error_handler", "a", strategy="escalate", to="ops"),
    "partitions (in front of a)": request("dev").node("a").line("hook", "a").surface("partition", "a", fields=["id"]),
    "edges that spill": request("dev").node("a").edge("hook", "a", buffer=ir.Buffer(on_full="spill", spill_bytes=1)),
}


@pytest.mark.parametrize("what", LACKING)
def test_one_line_names_what_is_not_run_yet(what):
    drawn = LACKING[what]
    if "hook" in drawn.nodes:
        drawn.nodes["hook"] = drawn.nodes["hook"].model_copy(update={"side_outputs": ("rejected",)})
    made = plan(drawn.ir())
    with pytest.raises(NotRunYet) as refused:
        check_runnable(made)
    assert refused.value.what == what
    assert (
        str(refused.value)
        == f"this version plans flows with {what} and does not run them yet; flows plan shows the plan"
    )
    assert isinstance(refused.value, EngineUnavailable)


@pytest.mark.parametrize("profile", ["web", "dev"])
def test_what_is_run_is_let_through(tmp_path, profile):
    check_runnable(plan(flow_of(tmp_path, ECHO).ir, profile))


def test_a_flow_of_another_profile_is_served_by_no_host_here_and_run_in_dev(tmp_path):
    source = ECHO.replace('version="1.0.0")', 'version="1.0.0", profile=Profile.TEMPORAL)')
    flow = flow_of(tmp_path, source)
    with pytest.raises(NotRunYet, match="the temporal profile"):
        runtime(flow, LocalBindings(), profile="web")
    assert runtime(flow, LocalBindings(), profile="dev").plan.profile == "dev"
