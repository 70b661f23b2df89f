"""The evidence for a flow as one attestation: what was certified, what the policies decided, who approved it.

It puts together what certification and policies found; neither is run here. What an approval is bound to follows from
it, and a home's key signs it.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import flowlattice
from flowlattice.attestation import (
    ApprovalSummary,
    Attestation,
    CertificateSummary,
    DecisionSummary,
    Provenance,
    WaiverSummary,
    attest,
    canonical,
)
from flowlattice.certify.model import Certificate
from flowlattice.deployments import Approval, attested_part, deployed_parts
from flowlattice.ir.digest import ir_digest
from flowlattice.ir.model import FlowIR
from flowlattice.policy import Decision
from flowlattice.signing import Keys


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for a flow.

    Attributes:
        ir: Its IR.
        source_digest: The digest of its sources.
        certificate: What was found by running it.
        decision: What the policies say of it where it is to run.
        builder: What put it together, for instance `flows deploy`.
    """

    ir: FlowIR
    source_digest: str
    certificate: Certificate
    decision: Decision
    builder: str

    def attestation(self, approval: Approval | None = None) -> Attestation:
        """What is attested, and with which approval."""
        return Attestation(
            flow=self.ir.name,
            version=self.ir.version,
            profile=self.ir.profile,
            source_digest=self.source_digest,
            ir_digest=ir_digest(self.ir),
            schemas_digest=sha256(canonical(self.ir.schemas)).hexdigest(),
            certificate=certificate_summary(self.certificate),
            decision=decision_summary(self.decision),
            approval=None
            if approval is None
            else ApprovalSummary(digest=approval.digest, approved_by=approval.approved_by, at=approval.at),
            provenance=_provenance(self.builder),
            at=datetime.now(UTC),
        )

    def parts(self, bindings: str | None = None) -> dict[str, str]:
        """What an approval is bound to: sources, environment and bindings, and by name and as one all that is attested.

        Args:
            bindings: The text of `bindings.toml`; none for local doubles.
        """
        attestation = self.attestation()
        return {
            **deployed_parts(self.source_digest, self.decision.environment, bindings),
            "ir_digest": attestation.ir_digest,
            "certificate_digest": attestation.certificate.digest,
            "policy_digest": attestation.decision.digest,
            **attested_part(attestation),
        }

    def signed(self, approval: Approval, home: Path) -> str:
        """The attestation with its approval, signed by the home's own key: the text of its envelope.

        Raises:
            UsageError: The home has several keys and none of them is `default`.
        """
        subjects = {f"{self.ir.name}@{self.ir.version}": {"blake3": self.source_digest}}
        return attest(self.attestation(approval), subjects, Keys(home).signing_key()).to_json().decode()


def certificate_summary(certificate: Certificate) -> CertificateSummary:
    """What an attestation says of a certificate."""
    return CertificateSummary(
        digest=certificate.digest,
        harness=certificate.harness,
        checks={check.name: check.verdict for check in certificate.checks},
    )


def decision_summary(decision: Decision) -> DecisionSummary:
    """What an attestation says of a decision."""
    used = (WaiverSummary(id=w.id, policy=w.policy, owner=w.owner, expires=w.expires) for w in decision.waivers)
    return DecisionSummary(
        digest=decision.digest,
        policies_digest=decision.policies_digest,
        environment=decision.environment,
        allowed=decision.allowed,
        waivers=tuple(used),
    )


def _provenance(builder: str) -> Provenance:
    return Provenance(
        builder=builder,
        flowlattice=flowlattice.__version__,
        python=platform.python_version(),
        platform=f"{sys.platform} {platform.machine()}",
    )
