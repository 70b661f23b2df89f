"""Approved, attested and deployed flows, without the command line and without running their checks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from flowlattice.attestation import (
    ApprovalSummary,
    Attestation,
    CertificateSummary,
    DecisionSummary,
    Provenance,
    WaiverSummary,
    attest,
)
from flowlattice.deployments import (
    Approval,
    Deployment,
    Deployments,
    approved_digest,
    attested_part,
    deployed_parts,
)
from flowlattice.deployments.verification import required_checks
from flowlattice.ir.digest import source_digest
from flowlattice.signing import Keys, SigningKey

AT = datetime(2026, 1, 31, tzinfo=UTC)


def said(
    name: str,
    digest: str,
    *,
    profile: str = "web",
    environment: str = "local",
    waivers: Iterable[WaiverSummary] = (),
    allowed: bool = True,
    **verdicts: str,
) -> Attestation:
    """What is attested of a flow that was certified, but for these verdicts; `missing` leaves a check out."""
    checks = {**dict.fromkeys(required_checks(), "passed"), **verdicts}
    kept = {check: verdict for check, verdict in checks.items() if verdict != "missing"}
    decision = DecisionSummary(
        digest="d", policies_digest="p", environment=environment, allowed=allowed, waivers=tuple(waivers)
    )
    return Attestation(
        flow=name,
        version="1.0.0",
        profile=profile,
        source_digest=digest,
        ir_digest="i",
        schemas_digest="s",
        certificate=CertificateSummary(digest="c", harness="1", checks=kept),
        decision=decision,
        provenance=Provenance(builder="tests", flowlattice="0", python="3", platform="linux"),
        at=AT,
    )


def approve(attestation: Attestation, bindings: str | None = None, *, run: str | None = None) -> Approval:
    """A person's approval of what is attested."""
    wanted = deployed_parts(attestation.source_digest, attestation.decision.environment, bindings)
    parts = {**wanted, **attested_part(attestation)}
    return Approval(digest=approved_digest(parts), approved_by="ines", at=AT, run=run, parts=parts)


def sign(home: Path, attestation: Attestation, approval: Approval | None, key: SigningKey | None = None) -> str:
    """The envelope's text, signed with the home's own key unless another is given."""
    given = approval and ApprovalSummary(digest=approval.digest, approved_by=approval.approved_by, at=approval.at)
    whole = attestation.model_copy(update={"approval": given})
    subjects = {"sources": {"sha256": attestation.source_digest}}
    return attest(whole, subjects, key or Keys(home).signing_key()).to_json().decode()


def deploy(
    home: Path,
    file: Path,
    *,
    name: str = "talk",
    environment: str = "local",
    bindings: str | None = None,
    key: SigningKey | None = None,
) -> Deployment:
    """Approve a flow and let a name stand for it."""
    digest = source_digest(file)
    attestation = said(name, digest, environment=environment)
    approval = approve(attestation, bindings)
    deployments = Deployments(home)
    return deployments.activate(
        deployments.record(
            name=name,
            digest=digest,
            profile="web",
            environment=environment,
            source_folder=file.parent,
            approval=approval,
            attestation=sign(home, attestation, approval, key),
            bindings=bindings,
        )
    )
