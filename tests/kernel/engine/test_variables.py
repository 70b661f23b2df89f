"""Variables at run time: nodes and predicates get what the flow sets, or what the environment sets instead."""

import asyncio
import json

import pytest

from flowlattice.bindings import EnvironmentBindings
from flowlattice.errors import UsageError
from tests.support.flows import runtime_of, web

FLOW = """
from flowlattice import Vars

class In(Record, data="public"):
    n: int

class Limits(Vars):
    top: int = 5
    since: date = date(2026, 1, 31)

def is_large(req: In, limits: Limits) -> bool:
    return req.n > limits.top

@node
def add(req: In, limits: Limits) -> In:
    return In(n=req.n + limits.top)

@node(idempotency=by("n"))
async def tell(req: In, limits: Limits, clock: Clock) -> In:
    return In(n=req.n + limits.since.day + 0 * clock.now().year)

flow = Flow("variables", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(5)))
gate = If(is_large)
flow.connect(hook, gate)
flow.connect(gate.true, add)
flow.connect(gate.false, tell)
flow.connect(add, flow.respond())
flow.connect(tell, flow.respond(status=201))
"""
SET = "flow.vars(Limits(top=7))\n"


def answers(folder, *numbers, variables=""):
    text = f"[test.any]\nbackend = 'local'\n[test.vars]\n{variables}\n"

    async def ask():
        async with web(folder, FLOW + SET, bindings=EnvironmentBindings(text, "test", folder)) as client:
            found = [await client("POST", "/go", json={"n": number}) for number in numbers]
            return [(answer.status, json.loads(answer.body)) for answer in found]

    return asyncio.run(ask())


def test_nodes_and_predicates_get_what_the_flow_sets(tmp_path):
    assert answers(tmp_path, 8, 7) == [(200, {"n": 15}), (201, {"n": 38})]


def test_an_environment_sets_them_anew(tmp_path):
    found = answers(tmp_path, 8, 10, variables="top = 9\nsince = '2026-02-01'\nunknown = 1")
    assert found == [(201, {"n": 9}), (200, {"n": 19})]


@pytest.mark.parametrize(
    ("variables", "said"),
    [("top = 'many'", "the variable top does not fit"), ("top = 1.5", "the variable top does not fit")],
)
def test_an_environment_cannot_set_what_does_not_fit(tmp_path, variables, said):
    with pytest.raises(UsageError, match=f"environment's value of {said}"):
        answers(tmp_path, variables=variables)


def test_a_value_of_the_flow_that_does_not_fit_runs_nowhere(tmp_path):
    with pytest.raises(UsageError, match=r"the variable top does not fit: .*integer"):
        runtime_of(tmp_path, FLOW + "flow.vars(Limits(top='many'))\n")


def test_variables_that_the_flow_does_not_set_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"reads Limits, which the flow does not set; add flow\.vars"):
        runtime_of(tmp_path, FLOW)
