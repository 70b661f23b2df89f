"""Attestations: what was found out about a flow, in one signed statement that anyone with the public key can check.

It is an in-toto Statement v1 (https://github.com/in-toto/attestation, spec/v1) in a DSSE envelope: the subjects are
what was certified, by digest, and the one predicate is `Attestation`. Certificates and decisions are others' models:
here stands what of them a verdict rests on, with their digests. What cannot be shown to hold is refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from flowlattice.errors import FlowlatticeError
from flowlattice.signing import Envelope, Keyring, NotTrusted, SigningKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:flowlattice:attestation:v1"

_FINE: Final = ("passed", "not_applicable")


class NotAttested(FlowlatticeError):
    """A flow for which no statement shows that it may run or be published; `reason` is one line that says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Subject(_Model):
    """Something that a statement is about: its name, and its digests by algorithm (`sha256`, `blake3`), in hex."""

    name: str
    digest: dict[str, str] = Field(min_length=1)


class CertificateSummary(_Model):
    """What a statement says of a certificate.

    Attributes:
        digest: The certificate's digest.
        harness: The version of the harness that ran the checks.
        checks: The verdict of each check, by its name.
    """

    digest: str
    harness: str
    checks: dict[str, str]


class WaiverSummary(_Model):
    """A waiver that a decision used: after `expires` the finding counts again."""

    id: str
    policy: str
    owner: str
    expires: AwareDatetime


class DecisionSummary(_Model):
    """What a statement says of the policies' decision.

    Attributes:
        digest: The decision's digest.
        policies_digest: The digest of the policies that decided.
        environment: The environment that it was decided for.
        allowed: Whether nothing is denied that no waiver covers.
        waivers: The waivers that were used.
    """

    digest: str
    policies_digest: str
    environment: str
    allowed: bool
    waivers: tuple[WaiverSummary, ...] = ()


class ApprovalSummary(_Model):
    """A person's word: the digest of what was approved, by whom, and when."""

    digest: str
    approved_by: str
    at: AwareDatetime


class Provenance(_Model):
    """How what is attested came about.

    Attributes:
        builder: What built it, for instance `flows publish`.
        flowlattice: The version of flowlattice.
        python: The version of Python.
        platform: The system and the kind of machine.
        revision: The commit that the sources are of; none where they are in no repository, or differ from it.
        materials: The digests of what went in, by name.
    """

    builder: str
    flowlattice: str
    python: str
    platform: str
    revision: str | None = None
    materials: dict[str, str] = Field(default_factory=dict)


class Attestation(_Model):
    """What a statement says of one flow.

    Attributes:
        flow: The flow's name.
        version: The flow's version.
        profile: The profile it is for.
        source_digest: The digest of its sources.
        ir_digest: The digest of its IR.
        schemas_digest: The digest of its schemas.
        certificate: What was checked, and what came out.
        decision: What the policies decided.
        approval: Who approved it; none where nobody had to yet.
        sbom_digest: The digest of the bill of materials; none where none was made.
        provenance: How it came about.
        at: When it was signed.
    """

    flow: str
    version: str
    profile: str
    source_digest: str
    ir_digest: str
    schemas_digest: str
    certificate: CertificateSummary
    decision: DecisionSummary
    approval: ApprovalSummary | None = None
    sbom_digest: str | None = None
    provenance: Provenance
    at: AwareDatetime

    def problems(self, *, at: datetime, required: Collection[str]) -> Iterator[str]:
        """Why it does not show that the flow may run, each in one line; nothing if it does.

        Args:
            at: The moment that counts; waivers are compared with it.
            required: The names of the checks that must have been run.
        """
        checks = self.certificate.checks
        missing = sorted(set(required) - set(checks))
        if missing or not checks:
            names = ", ".join(missing) or "any check"
            yield f"its certificate lacks {names}; certify it again with all checks"
        for name in sorted(checks):
            if checks[name] not in _FINE:
                yield f"its check {name} {_said(checks[name])}; flows certify says why"
        if not self.decision.allowed:
            yield f"the policies deny it in {self.decision.environment}; flows policy explain says why"
        for waiver in self.decision.waivers:
            if waiver.expires <= at:
                yield (
                    f"the waiver {waiver.id} of {waiver.policy} expired at {waiver.expires.isoformat()};"
                    f" mend what it waived, or ask {waiver.owner} for another"
                )


class Statement(_Model):
    """An in-toto Statement v1 with an attestation as its predicate."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    type: Literal["https://in-toto.io/Statement/v1"] = Field(default=STATEMENT_TYPE, alias="_type")
    subject: tuple[Subject, ...] = Field(min_length=1)
    predicate_type: Literal["urn:flowlattice:attestation:v1"] = Field(default=PREDICATE_TYPE, alias="predicateType")
    predicate: Attestation


def attest(attestation: Attestation, subjects: Mapping[str, Mapping[str, str]], key: SigningKey) -> Envelope:
    """Sign an attestation.

    Args:
        attestation: What is said.
        subjects: What it is said of: the digests by algorithm, by name.
        key: The key that signs.
    """
    named = tuple(Subject(name=name, digest=dict(digests)) for name, digests in subjects.items())
    statement = Statement(subject=named, predicate=attestation)
    return key.sign(canonical(statement.model_dump(mode="json", by_alias=True)), PAYLOAD_TYPE)


def attested(envelope: Envelope, keyring: Keyring, at: datetime, *, required: Collection[str]) -> Attestation:
    """What a statement says, if a trusted key signed it and it shows that the flow may run.

    Args:
        envelope: The signed statement.
        keyring: The keys that are trusted.
        at: Now; a waiver that expired before it counts no more.
        required: The names of the checks without which there is no pass.

    Raises:
        NotAttested: An unknown key, a signature that does not fit, another statement, a check that is missing or was
            not passed, a decision that denies, or an expired waiver; the first of these, in one line.
    """
    attestation = read_statement(envelope, keyring).predicate
    problem = next(attestation.problems(at=at, required=required), None)
    if problem is not None:
        raise NotAttested(f"{attestation.flow}@{attestation.version}: {problem}")
    return attestation


def read_statement(envelope: Envelope, keyring: Keyring) -> Statement:
    """A statement that a trusted key signed, whatever it says.

    Raises:
        NotAttested: No trusted key signed it, or it is no statement with an attestation.
    """
    try:
        payload, _ = keyring.opened(envelope, PAYLOAD_TYPE)
    except NotTrusted as error:
        raise NotAttested(str(error)) from error
    try:
        return Statement.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise NotAttested(
            f"what was signed is no attestation that this version reads ({place}: {first['msg']}); attest it again"
        ) from error


def canonical(value: JsonValue) -> bytes:
    """JSON in one form: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _said(verdict: str) -> str:
    return {"failed": "failed", "could_not_run": "could not run"}.get(verdict, f"ended as {verdict!r}")
