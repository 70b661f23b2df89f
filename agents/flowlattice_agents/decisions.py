"""What the organisation's policies decide of a run's flow, and how a finding is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flowlattice.ir.model import FlowIR
from flowlattice.policy import Decision, Judged, Ruleset, decide
from flowlattice_agents.state import RunState


def decision_on(ir: FlowIR, ruleset: Ruleset, state: RunState) -> Decision:
    """What the policies say of a flow now, with the hosts that the organisation allows the run."""
    return decide(ruleset, ir, allowed_hosts=state.get("allowed_hosts", []), at=datetime.now(UTC))


def waived(decision: Decision) -> Iterator[str]:
    """What is let pass, by whom and until when, in sentences."""
    for finding in decision.findings:
        if finding.waiver is not None:
            yield said_of(finding)


def said_of(finding: Judged) -> str:
    """A finding in one line, with what became of it."""
    if finding.waiver is not None:
        waiver = finding.waiver
        until = f"waived until {waiver.expires:%Y-%m-%d} by {waiver.owner} ({waiver.id}): {waiver.reason}"
        return f"{finding.policy}: {finding.message}; {until}"
    lapsed = "".join(f" ({why})" for why in finding.lapsed)
    return f"{finding.severity}: {finding.message}{lapsed}; {finding.remedy}"
