"""The registry: versions are put in once and for ever, found again, and withdrawn by events that are added."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from flowlattice.attestation import NotAttested
from flowlattice.ir.model import FlowIR
from flowlattice.registry.artefact import Artefact
from flowlattice.registry.errors import Damaged, RegistryError, Unpublished, VersionTaken, VersionTooLow, Yanked
from flowlattice.registry.events import Event, Events, Kind, Status, status_of
from flowlattice.registry.semver import Need, needs
from flowlattice.registry.store import Store
from flowlattice.registry.verification import (
    RESTORE,
    Verification,
    blob_key,
    opened,
    stated,
    unpublishable,
    verified,
    version_key,
)
from flowlattice.registry.versions import Version, checked_name
from flowlattice.signing import Keyring, SigningKey


class Registry:
    """Published flows and connectors.

    Args:
        store: Where they are kept.
        keyring: The keys that are trusted.
        required: The checks without which there is no pass, by name.
    """

    def __init__(self, store: Store, *, keyring: Keyring, required: Collection[str]) -> None:
        self._store, self._keyring, self._required = store, keyring, required

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self._store.place

    def names(self) -> list[str]:
        """The names of all flows."""
        return sorted({key.split("/")[1] for key in self._store.keys("versions")})

    def versions(self, flow: str) -> list[Version]:
        """The versions of a flow, in their order."""
        keys = self._store.keys(f"versions/{checked_name(flow)}")
        return sorted(Version(key.rpartition("/")[2]) for key in keys)

    def published(self, ir: FlowIR, source_digest: str) -> bool:
        """Whether a version is there with just these sources.

        Raises:
            VersionTaken: It is there with others.
            VersionTooLow: It is not, and promises less change than there is since the version before.
            Damaged, NotAttested: It, or the version before, is not whole or not signed by a trusted key.
        """
        version = Version(ir.version)
        if version in self.versions(ir.name):
            said = self.artefact(ir.name, version).attestation
            if said.source_digest == source_digest:
                return True
            raise VersionTaken(
                f"{ir.name}@{version} is published already with other sources ({said.source_digest[:12]}, at"
                f" {said.at:%Y-%m-%d %H:%M} UTC); give the flow another version"
            )
        before = self.before(ir.name, version)
        if before is not None:
            found = needs(self.artefact(ir.name, before).ir, ir)
            if not found.allows(before, version):
                raise VersionTooLow(_too_low(ir.name, before, version, found))
        after = self.after(ir.name, version)
        if after is not None:
            found = needs(ir, self.artefact(ir.name, after).ir)
            if not found.allows(version, after):
                why = _too_low(ir.name, version, after, found)
                raise VersionTooLow(f"{ir.name}@{version} does not fit below {after}, which is there: {why}")
        return False

    def publish(self, artefact: Artefact, key: SigningKey, *, at: datetime) -> bool:
        """Put a version in, with everything that it consists of or else not at all.

        Returns:
            Whether it was put in now; false if it is there already with the same sources.

        Raises:
            VersionTaken, VersionTooLow, Damaged: It cannot be put in.
            NotAttested: What is said of it does not show that it may be published.
            RegistryError: The store cannot be written; then there is no such version.
        """
        said = artefact.attestation
        problems = [*said.problems(at=at, required=self._required), *unpublishable(artefact.certificate)]
        if problems:
            raise NotAttested(f"{artefact.title}: {problems[0]}")
        if self.published(artefact.ir, said.source_digest):
            return False
        try:
            is_new = self._put(artefact, key)
        except OSError as error:
            why = f"{self.place} cannot be written ({error.strerror or error})"
            raise RegistryError(f"{artefact.title} is not published: {why}; mend that, and publish it again") from error
        if not is_new:
            self.published(artefact.ir, said.source_digest)  # raises where other sources were faster
        return is_new

    def before(self, flow: str, version: Version) -> Version | None:
        """The release that a version is compared with: the highest below it; a pre-release promises nothing."""
        lower = [one for one in self.versions(flow) if one < version and one.prerelease is None]
        return lower[-1] if lower else None

    def after(self, flow: str, version: Version) -> Version | None:
        """The release that has to keep what a version promises: the lowest above it."""
        return next((one for one in self.versions(flow) if one > version and one.prerelease is None), None)

    def artefact(self, flow: str, version: Version) -> Artefact:
        """What was published as a version, whole and signed by a trusted key, whatever became of it since.

        Raises:
            Unpublished: There is no such version.
            Damaged: It is not as it was published, or no trusted key signed it.
        """
        found = opened(self._store, flow, version, self._keyring)
        if found.artefact is None:
            raise Damaged(f"{flow}@{version}: {found.problems[0]}")
        return found.artefact

    def resolved(self, flow: str, version: Version | None, *, yanked: bool = False) -> Version:
        """The version that is meant: the one named, or the highest release that is not yanked.

        Args:
            flow: The flow's name.
            version: The version; none for the highest.
            yanked: Whether a yanked version may be named.

        Raises:
            Unpublished: There is none.
            Yanked: It was yanked.
            Damaged: Its events cannot be trusted.
        """
        known = self.versions(flow)
        if version is None:
            good = [one for one in known if one.prerelease is None and self.status(flow, one) != "yanked"]
            if not good:
                if known:
                    raise Unpublished(
                        f"every version of {flow} was yanked or is a pre-release; name one: {flow}@{known[-1]}"
                    )
                raise Unpublished(f"{flow} is not published in {self.place}; flows registry list lists what is")
            return good[-1]
        if self.status(flow, version) == "yanked" and not yanked:
            why = next(event.reason for event in self.events(flow, version) if event.kind == "yank")
            raise Yanked(f"{flow}@{version} was yanked: {why}; take another version, or this one with --yanked")
        return version

    def fetched(self, flow: str, version: Version | None, *, at: datetime, yanked: bool = False) -> Artefact:
        """The artefact of a version, after everything about it was verified.

        Raises:
            Unpublished, Yanked, Damaged: It cannot be had (see `resolved`).
            NotAttested: Something speaks against it.
        """
        meant = self.resolved(flow, version, yanked=yanked)
        artefact = self.artefact(flow, meant)
        problem = next(artefact.attestation.problems(at=at, required=self._required), None)
        if problem is not None:
            raise NotAttested(f"{flow}@{meant}: {problem}")
        return artefact

    def verified(self, flow: str, version: Version, *, at: datetime) -> Verification:
        """All that speaks against a version.

        Raises:
            Unpublished: There is no such version.
        """
        return verified(self._store, flow, version, keyring=self._keyring, required=self._required, at=at)

    def events(self, flow: str, version: Version) -> list[Event]:
        """What became of a version.

        Raises:
            Unpublished: There is no such version.
            Damaged: The events, or the record that they are about, cannot be trusted.
        """
        return self._events(flow, version).all(self._keyring)

    def status(self, flow: str, version: Version) -> Status:
        """What the events make of a version (see `events`)."""
        return status_of(self.events(flow, version))

    def decide(  # noqa: PLR0913 - what is decided about what, by whom and why
        self, kind: Kind, flow: str, version: Version, *, reason: str, by: str, at: datetime, key: SigningKey
    ) -> Event:
        """Deprecate or yank a version.

        Raises:
            Unpublished: There is no such version.
            Damaged: Its events cannot be trusted.
        """
        events = self._events(flow, version)
        return events.add(kind, reason=reason, by=by, at=at, key=key, keyring=self._keyring)

    def _events(self, flow: str, version: Version) -> Events:
        found = stated(self._store, flow, version, self._keyring)
        if found.statement is None:
            raise Damaged(f"{flow}@{version}: {found.problems[0]}")
        return Events(self._store, flow, str(version), found.digest)

    def _put(self, artefact: Artefact, key: SigningKey) -> bool:
        for content in artefact.files.values():
            self._put_blob(content)
        digest = self._put_blob(artefact.signed(key).to_json())
        # All of it lies there; this names it. Of several that try at once, one does.
        said = artefact.attestation
        return self._store.put(version_key(said.flow, Version(said.version)), f"sha256:{digest}\n".encode())

    def _put_blob(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        key = blob_key(digest)
        if not self._store.put(key, content) and self._store.get(key) != content:
            raise Damaged(f"{key} in {self.place} has been changed; {RESTORE}")
        return digest


def _too_low(flow: str, before: Version, version: Version, found: Need) -> str:
    changes = "; ".join(change.text for change in found.because[:5])
    more = f"; and {len(found.because) - 5} more" if len(found.because) > 5 else ""
    return (
        f"{flow}@{version} needs a {found.level} version after {before}, {found.next_after(before)} or higher:"
        f" {changes}{more}"
    )
