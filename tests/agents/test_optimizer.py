"""The Optimizer proposes only what its figures carry."""

from flowlattice.certify import Certificate, Check
from flowlattice_agents.optimizer import propose
from flowlattice_agents.spec import FlowSpec

SPEC = FlowSpec.from_yaml("""
name: f
routes:
- {method: GET, path: /a, deadline_ms: 250, reply: {body: '{"a": 1}'}}
- {method: GET, path: /b, deadline_ms: 5000, reply: {body: '{"b": 1}'}}
""")


def measured(service_ms: float | None) -> Certificate:
    figures = {} if service_ms is None else {"service_ms": service_ms}
    check = Check(name="latency", verdict="passed", summary="", measured=figures)
    return Certificate(source_digest="d", flow="f 1.0.0", checks=(check,), protection="")


def test_a_fast_flow_has_nothing_to_gain() -> None:
    assert propose(SPEC, measured(0.1)) is None


def test_requests_that_would_miss_the_shortest_deadline_are_better_refused() -> None:
    proposal = propose(SPEC, measured(2.0))
    assert proposal is not None
    assert (proposal.max_in_flight, proposal.deadline_ms, proposal.service_ms) == (100, 250, 2.0)
    assert "at most 100 requests in flight" in proposal.reason


def test_a_bound_that_is_tight_enough_is_left_alone() -> None:
    assert propose(SPEC.model_copy(update={"max_in_flight": 50}), measured(2.0)) is None


def test_a_request_that_takes_longer_than_its_deadline_leaves_one_in_flight() -> None:
    proposal = propose(SPEC, measured(400.0))
    assert proposal is not None
    assert proposal.max_in_flight == 1


def test_without_a_figure_nothing_is_proposed() -> None:
    assert propose(SPEC, measured(None)) is None
