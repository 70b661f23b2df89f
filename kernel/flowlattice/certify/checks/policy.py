"""Policy: the evidence that the organisation's rules hold, and what they were held against.

For each node its hosts, the scopes that it needs of those that are granted, the data classes that it handles and what
the policies find in it; for the flow where its data may be, and the waivers that were used. The ceiling of a run is the
check `budget`'s to judge.
"""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part
from flowlattice.ir.model import Node
from flowlattice.policy import Decision, Judged
from flowlattice.policy.evidence import CEILING, node_evidence
from flowlattice.policy.waivers import said

NAME = "policy"
TITLE = "The organisation's policies hold: egress, scopes, residency, data classes, and the waivers that were used"

_ELSEWHERE: Final = frozenset({CEILING})


def applies(bench: Bench) -> str | None:
    """It needs a decision."""
    return "no policies were asked" if bench.decision is None else None


def run(bench: Bench) -> Check:
    """Put the evidence together; the decision itself was made before."""
    decision = bench.decision
    if decision is None:
        return Check(name=NAME, verdict="could_not_run", summary="no policies were asked")
    denials = [found for found in decision.denials if found.policy not in _ELSEWHERE]
    evidence = {node.name: node_evidence(bench.ir, node) for node in bench.ir.nodes if node.kind != "respond"}
    hosts = {host for facts in evidence.values() for host in facts.hosts}
    waived = ", ".join(f"{w.id} of {w.owner} until {said(w.expires)}" for w in decision.waivers)
    region = ", ".join(bench.ir.residency) or "no region that is named"
    asked = f"{len(decision.policies)} policies in {decision.environment}"
    stays = f"data stays in {region}; {f'waived: {waived}' if waived else 'nothing is waived'}"
    return Check(
        name=NAME,
        verdict="failed" if denials else "passed",
        summary=f"{len(denials)} finding{'s deny' if len(denials) != 1 else ' denies'} it"
        if denials
        else f"{asked}: {len(hosts)} host{'s'[: len(hosts) != 1]}; {stays}",
        failures=tuple(_said(found) for found in denials)[:10],
        measured=_measured(bench, decision),
        parts=tuple(
            _part(node, evidence[node.name].words, denials) for node in bench.ir.nodes if node.name in evidence
        ),
    )


def _part(node: Node, words: str, denials: list[Judged]) -> Part:
    """What was found in one node, and what it was found by looking at."""
    own = [found for found in denials if found.subject == node.name or found.subject.startswith(f"{node.name}.")]
    summary = "; ".join(_said(found) for found in own) or words
    return Part(name=f"node:{node.name}", verdict="failed" if own else "passed", summary=summary)


def _measured(bench: Bench, decision: Decision) -> dict[str, JsonValue]:
    nodes = {node.name: node_evidence(bench.ir, node) for node in bench.ir.nodes if node.kind != "respond"}
    granted: dict[str, JsonValue] = {credential.name: [*credential.scopes] for credential in bench.ir.credentials}
    return {
        "decision": decision.digest,
        "policies": decision.policies_digest,
        "environment": decision.environment,
        "egress": {name: [*found.hosts] for name, found in nodes.items() if found.hosts},
        "scopes_needed": {name: [*found.scopes] for name, found in nodes.items() if found.scopes},
        "scopes_granted": granted,
        "data_classes": {name: [*found.classes] for name, found in nodes.items() if found.classes},
        "residency": [*bench.ir.residency],
        "regions": {name: bound.region for name, bound in decision.bindings.items()},
        "findings": [f"{found.severity} {_said(found)}" for found in decision.findings],
        "waivers": [waiver.model_dump(mode="json") for waiver in decision.waivers],
    }


def _said(found: Judged) -> str:
    return f"{found.policy}: {found.message}"
