"""What can be said against a published version: every file against the statement, and the statement against the keys,
the checks, the waivers and the events.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from flowlattice.attestation import NotAttested, Statement, canonical, read_statement
from flowlattice.ir.digest import digest_of, ir_digest
from flowlattice.registry.artefact import (
    CERTIFICATE,
    DECISION,
    GOLDENS,
    IR,
    PROVENANCE,
    SBOM,
    SCHEMAS,
    Artefact,
    goldens_of,
)
from flowlattice.registry.errors import Damaged, Unpublished
from flowlattice.registry.events import Event, Events, Status, status_of
from flowlattice.registry.store import Absent, Store
from flowlattice.registry.versions import Version
from flowlattice.signing import Keyring, NotTrusted, read_envelope

if TYPE_CHECKING:
    from flowlattice.certify.model import Certificate

RESTORE: Final = "restore the registry from a copy"
_DIGEST = re.compile(rb"sha256:([0-9a-f]{64})\n")


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was found out about a published version.

    Attributes:
        flow: The flow's name.
        version: The version.
        problems: What speaks against it, each in one line; nothing if all of it holds.
        artefact: What was published, as far as it is whole.
        signers: The fingerprints of the keys that the statement names.
        events: What became of it since.
        notes: What speaks neither for nor against it.
    """

    flow: str
    version: str
    problems: tuple[str, ...] = ()
    artefact: Artefact | None = None
    signers: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """What the events make of it."""
        return status_of(list(self.events))

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


@dataclass
class Opened:
    """A published version as it lies in the store.

    Attributes:
        digest: The SHA-256 of its signed statement.
        signers: The fingerprints of the keys that the statement names.
        statement: The statement, if a trusted key signed it.
        files: Its files that are what the statement says.
        problems: What is not as it was published.
    """

    digest: str = ""
    signers: tuple[str, ...] = ()
    statement: Statement | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def artefact(self) -> Artefact | None:
        """The whole of it; none where a part is missing or changed."""
        if self.statement is None or self.problems:
            return None
        return Artefact(attestation=self.statement.predicate, files=self.files)


def version_key(flow: str, version: Version) -> str:
    """The key under which a version names its signed statement."""
    return f"versions/{flow}/{version}"


def blob_key(digest: str) -> str:
    """The key of content by its SHA-256."""
    return f"blobs/{digest[:2]}/{digest}"


def stated(store: Store, flow: str, version: Version, keyring: Keyring) -> Opened:
    """Read what is said of a published version, and by whom, without its files.

    Raises:
        Unpublished: There is no such version.
    """
    try:
        match = _DIGEST.fullmatch(store.get(version_key(flow, version)))
    except Absent as error:
        why = f"{flow}@{version} is not published in {store.place}; flows registry list lists what is"
        raise Unpublished(why) from error
    if match is None:
        return Opened(problems=[f"the record of the version has been changed; {RESTORE}"])
    found = Opened(digest=match[1].decode())
    try:
        envelope = read_envelope(_blob(store, found.digest, "the signed statement"))
        found.signers = tuple(one.keyid for one in envelope.signatures)
        found.statement = read_statement(envelope, keyring)
    except (Damaged, NotTrusted, NotAttested) as error:
        found.problems.append(str(error))
    return found


def opened(store: Store, flow: str, version: Version, keyring: Keyring) -> Opened:
    """Read all of a published version.

    Raises:
        Unpublished: There is no such version.
    """
    found = stated(store, flow, version, keyring)
    if found.statement is None:
        return found
    for subject in found.statement.subject:
        try:
            found.files[subject.name] = _blob(store, subject.digest.get("sha256", ""), subject.name)
        except Damaged as error:
            found.problems.append(str(error))
    if not found.problems:
        found.problems += _contradictions(found.statement, found.files, f"{flow}@{version}")
    return found


def verified(  # noqa: PLR0913 - what is asked, and what counts
    store: Store, flow: str, version: Version, *, keyring: Keyring, required: Collection[str], at: datetime
) -> Verification:
    """Find out all that speaks against a published version.

    Args:
        store: Where it lies.
        flow: The flow's name.
        version: The version.
        keyring: The keys that are trusted.
        required: The checks without which there is no pass.
        at: Now.

    Raises:
        Unpublished: There is no such version.
    """
    found = opened(store, flow, version, keyring)
    problems = list(found.problems)
    if found.statement is not None:
        problems += found.statement.predicate.problems(at=at, required=required)
    events: list[Event] = []
    try:
        events = Events(store, flow, str(version), found.digest).all(keyring)
    except Damaged as error:
        problems.append(str(error))
    problems += [f"it was yanked: {event.reason}" for event in events if event.kind == "yank"]
    return Verification(
        flow=flow,
        version=str(version),
        problems=tuple(problems),
        artefact=found.artefact,
        signers=found.signers,
        events=tuple(events),
        notes=tuple(f"it is deprecated: {event.reason}" for event in events if event.kind == "deprecate"),
    )


def _blob(store: Store, digest: str, what: str) -> bytes:
    try:
        content = store.get(blob_key(digest)) if re.fullmatch("[0-9a-f]{64}", digest) else None
    except Absent as error:
        raise Damaged(f"{what} is missing; {RESTORE}") from error
    if content is None or sha256(content).hexdigest() != digest:
        raise Damaged(f"{what} has been changed; {RESTORE}")
    return content


def _contradictions(statement: Statement, files: dict[str, bytes], title: str) -> Iterator[str]:
    """Where whole files do not say what the statement says of them."""
    from flowlattice.certify.model import Certificate  # brings all that certifies, which listing does not need
    from flowlattice.evidence import certificate_summary, decision_summary
    from flowlattice.policy import Decision

    said, known = statement.predicate, Artefact(attestation=statement.predicate, files=files)
    if len(files) != len(statement.subject):
        yield "the statement names a file twice; publish it again under another version"
    missing = {IR, SCHEMAS, CERTIFICATE, DECISION, GOLDENS, SBOM, PROVENANCE} - files.keys()
    if missing:
        yield f"the statement lacks {', '.join(sorted(missing))}; publish it again under another version"
        return
    if known.title != title:
        yield f"what lies there is {known.title}; {RESTORE}"
    try:
        ir = known.ir
        certificate = Certificate.model_validate_json(files[CERTIFICATE])
        decision = Decision.model_validate_json(files[DECISION])
    except ValidationError as error:
        yield f"a file is not what this version of flowlattice reads ({error.title}); publish it again"
        return
    holds = {
        "the sources": said.source_digest == digest_of(known.sources) == certificate.source_digest,
        "the IR": said.ir_digest == ir_digest(ir) == decision.ir_digest and title == f"{ir.name}@{ir.version}",
        "the schemas": said.schemas_digest == sha256(files[SCHEMAS]).hexdigest(),
        "the certificate": said.certificate == certificate_summary(certificate)
        and certificate.decision == decision.digest,
        "the policies' decision": said.decision == decision_summary(decision),
        "the goldens": files[GOLDENS] == goldens_of(known.sources, certificate),
        "the provenance": files[PROVENANCE] == canonical(said.provenance.model_dump(mode="json")),
        "the bill of materials": said.sbom_digest == sha256(files[SBOM]).hexdigest(),
    }
    yield from unpublishable(certificate)
    for what, agrees in holds.items():
        if not agrees:
            yield f"{what} and what the statement says of it differ; publish it again under another version"


def unpublishable(certificate: Certificate) -> Iterator[str]:
    """Why a certificate of which every check passed does not show that its flow may be published."""
    for line in certificate.open_lines:
        yield f"a line of its checklists is open: {line.title}: {line.evidence}"
    if not certificate.open_lines and certificate.passed and not certificate.publishable:
        yield "its certificate is of some checks only; flows certify runs all"
