"""The ceilings of a whole flow: stated in the flow, among its policies, and compared."""

from __future__ import annotations

import pytest

from flowlattice import Flow, per, tokens, usd
from flowlattice.ir.ceilings import flow_budget
from flowlattice.ir.comparison import compare
from flowlattice.ir.model import AiBudget
from tests.support.asking import asking
from tests.support.flows import flow_of


def built(folder, *lines):
    folder.mkdir(exist_ok=True)
    return flow_of(folder, asking() + "".join(f"{line}\n" for line in lines)).ir


def test_a_flow_states_what_all_its_nodes_may_spend(tmp_path):
    ir = built(tmp_path, "flow.max_in_flight(3)", 'flow.budget(per(day=[usd("5"), tokens(900)], run=usd("0.10")))')
    assert ir.policies == {"max_in_flight": 3, "usd_per_day": "5", "usd_per_run": "0.10", "tokens_per_day": 900}
    assert flow_budget(ir) == AiBudget(usd_per_day="5", usd_per_run="0.10", tokens_per_day=900)
    assert ir.places["usd_per_day"].line == ir.places["max_in_flight"].line + 1
    assert "all nodes together spend at most 5 USD a day on models" in [change.text for change in compare(None, ir)]


def test_a_higher_ceiling_or_none_is_riskier(tmp_path):
    low, high = (built(tmp_path, f'flow.budget(per(day=usd("{most}")))') for most in ("5", "10"))
    none = built(tmp_path)
    assert flow_budget(none) is None
    said = {
        (change.text, change.weight)
        for before, after in ((low, high), (high, low), (high, none), (none, low))
        for change in compare(before, after)
    }
    what = "the most that all nodes of asking together may spend (USD a day) is"
    assert said == {
        (f"{what} 10, was 5", "riskier"),
        (f"{what} 5, was 10", "safer"),
        (f"{what} none, was 10", "riskier"),
        (f"{what} 5, was none", "safer"),
    }


@pytest.mark.parametrize("wrong", [per(), per(call=tokens(9)), per(day=usd(1), on_exhausted="shrink")])
def test_what_only_a_node_can_have_is_no_ceiling_of_a_flow(wrong):
    with pytest.raises(ValueError, match="the budget of a flow is per"):
        Flow("one", version="1.0.0").budget(wrong)


def test_a_ceiling_of_a_flow_is_written_with_per():
    with pytest.raises(TypeError, match="budget takes per"):
        Flow("one", version="1.0.0").budget(usd(5))  # type: ignore[arg-type]  # the mistake that is made
