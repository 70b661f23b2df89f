"""What a deployment is: a name stands for approved sources in an environment; and what can be wrong with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from flowlattice.attestation import Attestation, canonical
from flowlattice.errors import FlowlatticeError

LOCAL = "local"
"""The environment of local doubles."""

ATTESTED = "attested_digest"
"""The part of an approval that binds it to what is attested."""

State = Literal["probing", "current", "superseded", "withdrawn"]


class NotApproved(FlowlatticeError):
    """A deployment without an approval that covers its digest."""


class DeployedElsewhere(FlowlatticeError):
    """A flow that would be bound to local doubles, where what its name stands for is bound to real services."""

    def __init__(self, name: str, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{name} is deployed in {environment}, and local doubles would take its place; deploy it there with"
            f" --env {environment}, or replace that one with --replace"
        )


class NotVerified(FlowlatticeError):
    """A deployment whose evidence does not hold; it is not served."""


class SourcesChanged(NotVerified):
    """Kept sources that are no longer what was approved."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Approval(_Model):
    """A person's word that sources may be deployed to an environment.

    Attributes:
        digest: What was approved: the digest of everything in `parts`.
        approved_by: Who approved it.
        at: When.
        run: The run that asked; none for an approval on the command line.
        parts: What `digest` was made of (see `approved_digest`), `deployed_parts` among it.
    """

    digest: str
    approved_by: str
    at: datetime
    run: str | None = None
    parts: dict[str, str] = Field(default_factory=dict)

    def covers(self, digest: str, environment: str = LOCAL, bindings: str | None = None) -> bool:
        """Whether it is an approval of the sources with this digest, in this environment with these bindings."""
        return self.has(deployed_parts(digest, environment, bindings))

    def has(self, parts: Mapping[str, str]) -> bool:
        """Whether it is an approval of all these parts."""
        return parts.items() <= self.parts.items() and approved_digest(self.parts) == self.digest


class Deployment(_Model):
    """A record: a name stands for a digest, in an environment.

    Attributes:
        name: The flow's name.
        digest: The digest of its sources.
        file: The flow file's name in its folder.
        profile: The profile whose host serves it.
        environment: `local` for local doubles, else an environment of `bindings.toml`.
        bindings: The text of `bindings.toml` as it was deployed; none for local doubles.
        run: The run that deployed it; none for a person's command.
        approval: The approval.
        attestation: The signed statement of the evidence, as its DSSE envelope's text; none in records of earlier
            versions, which are not served.
        at: When it was recorded.
        id: Its number; a later one is larger.
        state: `probing` until it is activated; then `current` as long as the name stands for it, `superseded` once a
            later one is, `withdrawn` when it was rolled back.
    """

    name: str
    digest: str
    file: str
    profile: str
    environment: str
    bindings: str | None = None
    run: str | None = None
    approval: Approval
    attestation: str | None = None
    at: datetime
    id: int = 0
    state: State = "probing"

    @property
    def current(self) -> bool:
        """Whether the name stands for it."""
        return self.state == "current"


def approved_digest(parts: Mapping[str, str]) -> str:
    """The digest of everything that an approval is bound to, from the digests of its parts by name."""
    return sha256(json.dumps(dict(parts), sort_keys=True).encode()).hexdigest()


def attested_part(attestation: Attestation) -> dict[str, str]:
    """What binds an approval to what is attested: all of it but how and when it was put together."""
    said = attestation.model_dump(mode="json", exclude={"approval", "at", "provenance", "sbom_digest"})
    return {ATTESTED: sha256(canonical(said)).hexdigest()}


def deployed_parts(digest: str, environment: str, bindings: str | None) -> dict[str, str]:
    """What every approval is bound to: the sources, the environment, and the text of its bindings where it has one."""
    bound = {} if bindings is None else {"bindings_digest": sha256(bindings.encode()).hexdigest()}
    return {"source_digest": digest, "environment": environment, **bound}
