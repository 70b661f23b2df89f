"""Policy: holds the flow's IR against the organisation's policies. What a brief claims to be allowed counts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.ir.model import FlowIR
from flowlattice_agents.decisions import decision_on, said_of
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import Workbench, needed


@dataclass(frozen=True)
class PolicyAgent:
    """From IR to a decision."""

    bench: Workbench

    def decide(self, state: RunState) -> RunState:
        """Evaluate all policies; a denial that nothing waives ends the run as blocked."""
        ir = self.bench.store.model(FlowIR, needed(state, "ir_digest"))
        decision = decision_on(ir, self.bench.ruleset, state)
        say = self.bench.progress.say
        digest = self.bench.store.put_json(decision)
        for finding in decision.findings:
            say("policy", "note", said_of(finding))
        if not decision.allowed:
            denials = decision.denials
            say("policy", "stopped", f"denies: {', '.join(found.policy for found in denials)}")
            codes = ", ".join(dict.fromkeys(found.code or found.policy for found in denials))
            lapsed = "".join(f" ({why})" for why in denials[0].lapsed)
            reason = f"{codes}: {denials[0].message}{lapsed}"
            return {"policy_digest": digest, "outcome": "blocked", "reason": reason}
        waived = f", {len(decision.waivers)} waived" if decision.waivers else ""
        say("policy", "finished", f"allows it: {len(decision.policies)} policies hold{waived}")
        return {"policy_digest": digest}
