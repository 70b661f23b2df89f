"""Optimizer: measures, and proposes a change only where the figures say that one gains something.

What it can change are limits; chains of pure nodes are fused by the plan already. An accepted proposal changes the
spec, so it goes back through Builder, Policy and Test: nothing is deployed that was not certified as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict

from flowlattice.certify import Certificate
from flowlattice.plan import DEFAULT_MAX_IN_FLIGHT
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import Workbench, needed

DEADLINE_SHARE = 0.8
CLEAR_GAIN = 2
"""A bound must be so many times lower than what holds now: measured times vary, and a flow must not vary with them."""


class Proposal(BaseModel):
    """A change of limits with its reason and the figures it rests on."""

    model_config = ConfigDict(frozen=True)

    max_in_flight: int
    service_ms: float
    deadline_ms: int
    reason: str


@dataclass(frozen=True)
class Optimizer:
    """From a certificate to a proposal, or to nothing."""

    bench: Workbench

    def measure(self, state: RunState) -> RunState:
        """Look at the certificate's figures once per spec."""
        store, progress = self.bench.store, self.bench.progress
        if state.get("optimized"):
            progress.say("optimizer", "finished", "has had its say")
            return {"proposal_digest": None}
        if state.get("edit_digest") or state.get("written_digest"):
            progress.say("optimizer", "finished", "leaves it as it is: nobody asked for other limits")
            return {"proposal_digest": None}
        spec = store.model(FlowSpec, needed(state, "spec_digest"))
        proposal = propose(spec, store.model(Certificate, needed(state, "certificate_digest")))
        if proposal is None:
            progress.say("optimizer", "finished", "has nothing to gain: one request takes a fraction of its deadline")
            return {"proposal_digest": None, "optimized": True}
        progress.say("optimizer", "finished", f"proposes {proposal.reason}")
        return {"proposal_digest": store.put_json(proposal), "optimized": True}

    def decide(self, state: RunState) -> RunState:
        """Ask whether the proposal is accepted; if so the spec changes and is built again."""
        digest = needed(state, "proposal_digest")
        proposal = self.bench.store.model(Proposal, digest)
        question = {"kind": "proposal", "text": f"Accept the Optimizer's proposal: {proposal.reason}?"}
        accepted = cast(bool, interrupt(question))
        if not accepted:
            return {"proposal_digest": None}
        spec = self.bench.store.model(FlowSpec, needed(state, "spec_digest"))
        changed = spec.model_copy(update={"max_in_flight": proposal.max_in_flight})
        return {
            "spec_digest": self.bench.store.put_json(changed),
            "proposal_digest": None,
            "diagnostics_digest": None,
            "attempt": 0,
        }


def propose(spec: FlowSpec, certificate: Certificate) -> Proposal | None:
    """A bound on requests in flight where the default lets more in than can be answered before their deadline.

    With a service time of s ms, the n-th request in line waits n * s; what waits longer than its deadline is work for
    nobody, so it is better refused at once (503).
    """
    latency = certificate.check("latency")
    service_ms = latency.measured.get("service_ms") if latency else None
    if not isinstance(service_ms, int | float) or service_ms <= 0:
        return None
    deadline_ms = min(route.deadline_ms for route in spec.routes)
    bearable = max(1, int(deadline_ms * DEADLINE_SHARE / service_ms))
    if bearable * CLEAR_GAIN > (spec.max_in_flight or DEFAULT_MAX_IN_FLIGHT):
        return None
    bearable = _round(bearable)
    reason = (
        f"at most {bearable} requests in flight: one takes {service_ms:.2f} ms, so more of them would miss "
        f"the deadline of {deadline_ms} ms; they get 503 at once instead"
    )
    return Proposal(max_in_flight=bearable, service_ms=float(service_ms), deadline_ms=deadline_ms, reason=reason)


def _round(bound: int) -> int:
    """Down to one leading digit: what is measured is not more exact than that."""
    size: int = 10 ** (len(str(bound)) - 1)
    return int(bound // size * size)
