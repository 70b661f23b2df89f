"""What is published of one version: the flow's files, what was found out about them, and one statement over all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from flowlattice.attestation import Attestation, attest, canonical
from flowlattice.ir.digest import digest_of
from flowlattice.ir.model import FlowIR
from flowlattice.registry.errors import RegistryError
from flowlattice.signing import Envelope, SigningKey

if TYPE_CHECKING:
    from flowlattice.certify.model import Certificate
    from flowlattice.evidence import Evidence

SOURCES: Final = "sources/"
IR: Final = "ir.json"
SCHEMAS: Final = "schemas.json"
CERTIFICATE: Final = "certificate.json"
DECISION: Final = "decision.json"
GOLDENS: Final = "goldens.jsonl"
SBOM: Final = "sbom.cdx.json"
PROVENANCE: Final = "provenance.json"


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

    @property
    def certificate(self) -> Certificate:
        """The flow's certificate."""
        from flowlattice.certify.model import Certificate  # brings all that certifies, which listing does not need

        return Certificate.model_validate_json(self.files[CERTIFICATE])

    def signed(self, key: SigningKey) -> Envelope:
        """The statement over all files."""
        subjects = {name: {"sha256": sha256(content).hexdigest()} for name, content in sorted(self.files.items())}
        return attest(self.attestation, subjects, key)


def artefact_of(
    evidence: Evidence, sources: Mapping[str, bytes], *, at: datetime, revision: str | None = None
) -> Artefact:
    """Put together what is published.

    Args:
        evidence: What was found out about the flow.
        sources: Its files by their paths.
        at: When.
        revision: The commit that the files are of, if there is one.

    Raises:
        RegistryError: The files are not those that the evidence is of.
    """
    from flowlattice.registry.sbom import bill_of_materials  # a tenth of a second that reading does not need

    if digest_of(sources) != evidence.source_digest:
        raise RegistryError(f"{evidence.ir.name}: its files changed while they were certified; publish it again")
    ir, attestation = evidence.ir, evidence.attestation()
    digests = {f"file:{name}": sha256(content).hexdigest() for name, content in sorted(sources.items())}
    materials = {"sources": evidence.source_digest, "policies": evidence.decision.policies_digest, **digests}
    provenance = attestation.provenance.model_copy(update={"revision": revision, "materials": materials})
    sbom = bill_of_materials(ir.name, ir.version, sources)
    found = {"provenance": provenance, "sbom_digest": sha256(sbom).hexdigest(), "at": at}
    files = {
        **{f"{SOURCES}{name}": content for name, content in sources.items()},
        IR: ir.to_json().encode(),
        SCHEMAS: canonical(ir.schemas),
        CERTIFICATE: evidence.certificate.model_dump_json(indent=2).encode(),
        DECISION: evidence.decision.model_dump_json(indent=2).encode(),
        GOLDENS: goldens_of(sources, evidence.certificate),
        SBOM: sbom,
        PROVENANCE: canonical(provenance.model_dump(mode="json")),
    }
    return Artefact(attestation=attestation.model_copy(update=found), files=files)


def goldens_of(sources: Mapping[str, bytes], certificate: Certificate) -> bytes:
    """Requests and what has to come back, a line of JSON each: those beside the flow, or else the certificate's."""
    samples = (canonical(sample.model_dump(mode="json")) + b"\n" for sample in certificate.samples)
    return sources[GOLDENS] if GOLDENS in sources else b"".join(samples)
