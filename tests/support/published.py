"""Artefacts made without certifying: a flow, a certificate that says what it is told, and the policies' decision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flowlattice.certify import Certificate, Check, Sample
from flowlattice.certify.model import Checklist, Line
from flowlattice.evidence import Evidence
from flowlattice.ir.digest import digest_of, ir_digest, source_files
from flowlattice.policy import Decision
from flowlattice.policy.decision import Judged
from flowlattice.policy.waivers import Scope, Waiver
from flowlattice.registry import Artefact, artefact_of
from tests.support.flows import ECHO, flow_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
REQUIRED = ("effects", "contract")
WAIVER = Waiver(
    id="W-1",
    policy="EGRESS",
    scope=Scope(flow="echo"),
    owner="ines",
    reason="until the contract is signed",
    expires=NOW + timedelta(days=1),
)


def artefact(
    folder: Path,
    source: str = ECHO,
    *,
    version: str = "1.0.0",
    verdict: str = "passed",
    waived: bool = False,
    line: str = "ticked",
) -> Artefact:
    """What is published of a flow of which every required check ended with the verdict; `line` is a checklist's."""
    ir = flow_of(folder, source.replace('version="1.0.0"', f'version="{version}"')).ir
    files = source_files(folder / "flow.py")
    checks = [{"name": name, "verdict": verdict, "summary": "as it is told"} for name in REQUIRED]
    finding = Judged(
        policy="EGRESS", severity="deny", code=None, message="m", remedy="r", subject="tidy", waiver=WAIVER
    )
    title, digest = f"{ir.name} {ir.version}", digest_of(files)
    decision = Decision(
        flow=title,
        ir_digest=ir_digest(ir),
        environment="local",
        policies=("EGRESS",),
        policies_digest="e" * 64,
        findings=(finding,) if waived else (),
    )
    certificate = Certificate(
        source_digest=digest,
        flow=title,
        checks=tuple(Check.model_validate(check) for check in checks),
        samples=(Sample(method="POST", target="/echo", body="{}", status=200, answer="{}"),),
        protection="none",
        harness="1",
        decision=decision.digest,
        complete=True,
        checklists=(Checklist(title="Flow readiness", lines=(_line(line),)),),
    )
    found = Evidence(ir=ir, source_digest=digest, certificate=certificate, decision=decision, builder="a test")
    return artefact_of(found, files, at=NOW)


def _line(state: str) -> Line:
    return Line.model_validate({"title": "Retry owner singular", "state": state, "evidence": "as it is told"})
