"""A decision as SARIF 2.1.0, for code scanning: what is waived is there, suppressed, with who said so and until when.

`suppressions`: OASIS SARIF 2.1.0, section 3.35; `accepted` for a waiver that counts, `rejected` for one that does not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from flowlattice.check.render.sarif import SCHEMA
from flowlattice.ir.model import FlowIR, Source
from flowlattice.policy.decision import Decision, Judged
from flowlattice.policy.model import Policy
from flowlattice.policy.waivers import said

_LEVELS: Final = {"deny": "error", "warn": "warning", "audit": "note"}


def render_sarif(decision: Decision, policies: Sequence[Policy], ir: FlowIR, *, version: str, folder: str = "") -> str:
    """One SARIF log.

    Args:
        decision: What was decided.
        policies: The policies by which it was.
        ir: The flow, for where its parts are written.
        version: The version of the tool.
        folder: The flow's folder with `/` at its end, to put before file names.
    """
    order = {policy.id: number for number, policy in enumerate(policies)}
    driver: JsonValue = {
        "name": "flows policy",
        "semanticVersion": version,
        "rules": [_rule(policy) for policy in policies],
    }
    run: JsonValue = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "properties": {
            "decision": decision.digest,
            "policies": decision.policies_digest,
            "environment": decision.environment,
            "allowed": decision.allowed,
        },
        "results": [_result(finding, order[finding.policy], ir, folder) for finding in decision.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(policy: Policy) -> JsonValue:
    return {
        "id": policy.id,
        "shortDescription": {"text": policy.message},
        "help": {"text": f"{policy.remedy}; flows policy explain {policy.id}"},
        "defaultConfiguration": {"level": _LEVELS[policy.severity]},
        "properties": {} if policy.code is None else {"code": policy.code},
    }


def _result(found: Judged, rule: int, ir: FlowIR, folder: str) -> JsonValue:
    place = _place(found.subject, ir)
    region: dict[str, JsonValue] = {"startLine": place.line, "startColumn": place.column}
    if place.end_line is not None and place.end_column is not None:
        region |= {"endLine": place.end_line, "endColumn": place.end_column}
    artifact: JsonValue = {"uri": quote(f"{folder}{place.file}", safe="/:")}
    return {
        "ruleId": found.policy,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": f"{found.message}; {found.remedy}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": artifact, "region": region},
                "logicalLocations": [{"name": found.subject or ir.name, "kind": "member"}],
            }
        ],
        "suppressions": [*_accepted(found), *_rejected(found)],
    }


def _accepted(found: Judged) -> list[JsonValue]:
    given = found.waiver
    if given is None:
        return []
    properties: JsonValue = {"waiver": given.id, "owner": given.owner, "expires": said(given.expires)}
    text = f"{given.reason} ({given.owner}, waiver {given.id}, until {said(given.expires)})"
    return [{"kind": "external", "status": "accepted", "justification": text, "properties": properties}]


def _rejected(found: Judged) -> list[JsonValue]:
    return [{"kind": "external", "status": "rejected", "justification": why} for why in found.lapsed]


def _place(subject: str, ir: FlowIR) -> Source:
    """Where a subject is written: a node, a checkpoint, a credential or a record; else the flow."""
    for node in ir.nodes:
        if subject == node.name or subject.startswith(f"{node.name}."):
            return node.definition or node.source
    named: dict[str, Source | None] = {
        **ir.places,
        **{checkpoint.id: checkpoint.source for checkpoint in ir.checkpoints},
        **{credential.name: credential.source for credential in ir.credentials},
    }
    return named.get(subject) or ir.source
