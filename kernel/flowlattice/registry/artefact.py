"""What is published of one version: the flow's files, what was found out about them, and one statement over all."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import flowlattice
from flowlattice.attestation import (
    Attestation,
    CertificateSummary,
    DecisionSummary,
    Provenance,
    WaiverSummary,
    attest,
    canonical,
)
from flowlattice.certify import Certificate
from flowlattice.ir.digest import digest_of, ir_digest
from flowlattice.ir.model import FlowIR
from flowlattice.policy import Decision
from flowlattice.registry.sbom import bill_of_materials
from flowlattice.signing import Envelope, SigningKey

SOURCES: Final = "sources/"
IR: Final = "ir.json"
SCHEMAS: Final = "schemas.json"
CERTIFICATE: Final = "certificate.json"
DECISION: Final = "decision.json"
SBOM: Final = "sbom.cdx.json"
PROVENANCE: Final = "provenance.json"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A flow, and what was found out about it.

    Attributes:
        ir: Its IR.
        sources: Its files by their paths.
        certificate: The certificate of these sources.
        decision: What the policies decided about this IR.
        revision: The commit that the sources are of, if there is one.
    """

    ir: FlowIR
    sources: Mapping[str, bytes]
    certificate: Certificate
    decision: Decision
    revision: str | None = None


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """A version of a flow as it is published.

    Attributes:
        attestation: What is said of it.
        files: Its files by name; the flow's own lie below `sources/`.
    """

    attestation: Attestation
    files: Mapping[str, bytes]

    @property
    def title(self) -> str:
        """Name and version, as people write them."""
        return f"{self.attestation.flow}@{self.attestation.version}"

    @property
    def sources(self) -> dict[str, bytes]:
        """The flow's own files by their paths."""
        return {n.removeprefix(SOURCES): content for n, content in self.files.items() if n.startswith(SOURCES)}

    @property
    def ir(self) -> FlowIR:
        """The flow's IR."""
        return FlowIR.model_validate_json(self.files[IR])

    def signed(self, key: SigningKey) -> Envelope:
        """The statement over all files."""
        subjects = {name: {"sha256": sha256(content).hexdigest()} for name, content in sorted(self.files.items())}
        return attest(self.attestation, subjects, key)


def artefact_of(evidence: Evidence, *, at: datetime) -> Artefact:
    """Put together what is published.

    Args:
        evidence: The flow, and what was found out about it.
        at: When.
    """
    ir, source_digest = evidence.ir, digest_of(evidence.sources)
    provenance = _provenance(evidence, source_digest)
    files = {f"{SOURCES}{name}": content for name, content in evidence.sources.items()}
    files |= {
        IR: ir.to_json().encode(),
        SCHEMAS: canonical(ir.schemas),
        CERTIFICATE: evidence.certificate.model_dump_json(indent=2).encode(),
        DECISION: evidence.decision.model_dump_json(indent=2).encode(),
        SBOM: bill_of_materials(ir.name, ir.version, evidence.sources),
        PROVENANCE: canonical(provenance.model_dump(mode="json")),
    }
    attestation = Attestation(
        flow=ir.name,
        version=ir.version,
        profile=ir.profile,
        source_digest=source_digest,
        ir_digest=ir_digest(ir),
        schemas_digest=sha256(files[SCHEMAS]).hexdigest(),
        certificate=certificate_summary(evidence.certificate),
        decision=decision_summary(evidence.decision),
        sbom_digest=sha256(files[SBOM]).hexdigest(),
        provenance=provenance,
        at=at,
    )
    return Artefact(attestation=attestation, files=files)


def certificate_summary(certificate: Certificate) -> CertificateSummary:
    """What a statement says of a certificate."""
    verdicts = {check.name: check.verdict for check in certificate.checks}
    return CertificateSummary(digest=certificate.digest, harness=certificate.harness, checks=verdicts)


def decision_summary(decision: Decision) -> DecisionSummary:
    """What a statement says of a decision."""
    waivers = (WaiverSummary(id=w.id, policy=w.policy, owner=w.owner, expires=w.expires) for w in decision.waivers)
    return DecisionSummary(
        digest=decision.digest,
        policies_digest=decision.policies_digest,
        environment=decision.environment,
        allowed=decision.allowed,
        waivers=tuple(waivers),
    )


def _provenance(evidence: Evidence, source_digest: str) -> Provenance:
    files = {f"file:{name}": sha256(content).hexdigest() for name, content in sorted(evidence.sources.items())}
    return Provenance(
        builder="flows publish",
        flowlattice=flowlattice.__version__,
        python=platform.python_version(),
        platform=f"{sys.platform} {platform.machine()}",
        revision=evidence.revision,
        materials={"sources": source_digest, "policies": evidence.decision.policies_digest, **files},
    )
