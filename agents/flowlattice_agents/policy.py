"""Policy: holds the flow's IR against the organisation's policies. What a brief claims to be allowed counts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.ir.model import FlowIR
from flowlattice.policy import evaluate, policies_digest
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import Workbench, needed


@dataclass(frozen=True)
class PolicyAgent:
    """From IR to a decision."""

    bench: Workbench

    def decide(self, state: RunState) -> RunState:
        """Evaluate all policies; a denial ends the run as blocked."""
        hosts = state.get("allowed_hosts", [])
        ir = self.bench.store.model(FlowIR, needed(state, "ir_digest"))
        findings = evaluate(self.bench.policies, ir, allowed_hosts=hosts)
        denials = [finding for finding in findings if finding.severity == "deny"]
        digest = self.bench.store.put_json(
            {
                "ir_digest": needed(state, "ir_digest"),
                "policies": [policy.id for policy in self.bench.policies],
                "policies_digest": policies_digest(self.bench.policies),
                "allowed_hosts": list(hosts),
                "findings": [finding.model_dump(mode="json") for finding in findings],
                "allowed": not denials,
            }
        )
        for finding in findings:
            self.bench.progress.say("policy", "note", f"{finding.severity}: {finding.message}; {finding.remedy}")
        if denials:
            self.bench.progress.say("policy", "stopped", f"denies: {', '.join(f.policy for f in denials)}")
            codes = ", ".join(dict.fromkeys(f.code or f.policy for f in denials))
            return {"policy_digest": digest, "outcome": "blocked", "reason": f"{codes}: {denials[0].message}"}
        self.bench.progress.say("policy", "finished", f"allows it: {len(self.bench.policies)} policies hold")
        return {"policy_digest": digest}
