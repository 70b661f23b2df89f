"""The records of one home folder: which deployment a name stands for, which it stood for, and rolling back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flowlattice.attestation import Attestation
from flowlattice.deployments.model import (
    ATTESTED,
    LOCAL,
    Approval,
    DeployedElsewhere,
    Deployment,
    NotApproved,
    NotVerified,
    State,
)
from flowlattice.deployments.sources import KeptSources
from flowlattice.deployments.verification import Clock, Verifier, utc_now
from flowlattice.errors import UsageError
from flowlattice.language.sources import flow_file

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deployments (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL, run TEXT NOT NULL,
    withdrawn TEXT
);
CREATE INDEX IF NOT EXISTS deployments_by_name ON deployments (name, id);
CREATE TABLE IF NOT EXISTS probing (id INTEGER PRIMARY KEY);
"""
_ACTIVE = "withdrawn IS NULL AND id NOT IN (SELECT id FROM probing)"
_FOUND = f"""
SELECT id, record, withdrawn IS NOT NULL, id IN (SELECT id FROM probing),
    id = (SELECT max(id) FROM deployments AS later WHERE later.name = deployments.name AND {_ACTIVE})
FROM deployments
"""
_BUSY_S = 10.0


class Deployments:
    """The deployments of one home folder.

    Args:
        home: The folder of all state, `flows_home()`.
        clock: The time by which waivers expire.
    """

    def __init__(self, home: Path, clock: Clock = utc_now) -> None:
        self._sources = KeptSources(home)
        self._verifier = Verifier(home, clock=clock)
        self._file = home / "deployments.sqlite"

    def record(  # noqa: PLR0913 - what a deployment consists of
        self,
        *,
        name: str,
        digest: str,
        profile: str,
        environment: str,
        source_folder: Path,
        approval: Approval,
        attestation: str,
        bindings: str | None = None,
        run: str | None = None,
        replace: bool = False,
    ) -> Deployment:
        """Record what a name is to stand for once it is activated.

        Doing it again for the same run, sources and environment finds that run's record, whatever came since; without a
        run, it finds the current one if that is the same.

        Args:
            name: The flow's name.
            digest: The digest of its sources.
            profile: The profile whose host serves it.
            environment: `local`, or an environment of `bindings`.
            source_folder: The flow file, or the folder that holds `flow.py`.
            approval: An approval that covers `digest`, `environment` and `bindings`, and what is attested.
            attestation: The signed statement of the evidence, as its envelope's text; it names the approval.
            bindings: The text of `bindings.toml`.
            run: The run that deploys; none for a person's command.
            replace: Whether local doubles may take the place of real services.

        Raises:
            DeployedElsewhere: They would, and may not.
            NotApproved: The approval does not cover them.
            NotVerified: What is attested does not hold, or is not of this.
            SourcesChanged: The sources do not have the digest.
        """
        if not approval.covers(digest, environment, bindings):
            raise NotApproved(
                f"{name}: the approval is not for {digest[:12]} in {environment} as it is bound now; approve again"
            )
        deployment = Deployment(
            name=name,
            digest=digest,
            file=flow_file(source_folder).name,
            profile=profile,
            environment=environment,
            bindings=bindings,
            run=run,
            approval=approval,
            attestation=attestation,
            at=datetime.now(UTC),
        )
        self._verifier.verified(deployment)
        self._sources.keep(source_folder, digest)
        with self._transaction() as connection:
            known = _known(connection, deployment)
            if known is not None and self._holds(known):
                return known
            taken = _current(connection, name)
            if environment == LOCAL and taken is not None and taken.environment != LOCAL and not replace:
                raise DeployedElsewhere(name, taken.environment)
            number = connection.execute(
                "INSERT INTO deployments (name, digest, record, run) VALUES (?, ?, ?, ?)",
                (name, digest, deployment.model_dump_json(exclude={"id", "state"}), run or ""),
            ).lastrowid
            connection.execute("INSERT INTO probing (id) VALUES (?)", (number,))
        return deployment.model_copy(update={"id": number})

    def activate(self, deployment: Deployment) -> Deployment:
        """Let the name stand for a recorded deployment, unless a later one is active already.

        Doing it again changes nothing. What comes back says by its `state` what became of it.
        """
        with self._transaction() as connection:
            if _row(connection, deployment) is not None:
                connection.execute("DELETE FROM probing WHERE id = ?", (deployment.id,))
            return _row(connection, deployment) or deployment.model_copy(update={"state": "withdrawn"})

    def withdraw(self, deployment: Deployment) -> None:
        """Take exactly this record away, for instance because its probe failed; no other changes."""
        with self._transaction() as connection:
            if _row(connection, deployment) is not None:
                connection.execute("DELETE FROM deployments WHERE id = ?", (deployment.id,))
                connection.execute("DELETE FROM probing WHERE id = ?", (deployment.id,))

    def current(self, name: str) -> Deployment | None:
        """What a name stands for; none if nothing is deployed under it."""
        with self._transaction() as connection:
            return _current(connection, name)

    def all_current(self) -> list[Deployment]:
        """What all names stand for, by name."""
        with self._transaction() as connection:
            names = connection.execute("SELECT DISTINCT name FROM deployments ORDER BY name").fetchall()
            return [current for (name,) in names if (current := _current(connection, name)) is not None]

    def stamp(self) -> tuple[tuple[int, int] | None, ...]:
        """Another one whenever a record has changed, and now and then when none has; two looks at the file system."""
        return tuple(_stamp_of(self._file.with_name(self._file.name + end)) for end in ("", "-wal"))

    def history(self, name: str) -> list[Deployment]:
        """Everything that was deployed under a name, newest first, what was rolled back included."""
        with self._transaction() as connection:
            return _select(connection, "name = ? AND id NOT IN (SELECT id FROM probing)", name)

    def approval_of(self, parts: Mapping[str, str]) -> Approval | None:
        """An approval of all these parts, `source_digest` among them, deployed before and not rolled back since."""
        with self._transaction() as connection:
            found = _select(connection, f"digest = ? AND {_ACTIVE}", parts["source_digest"])
        return next((one.approval for one in found if one.approval.has(parts)), None)

    def rollback(self, name: str) -> Deployment | None:
        """Let a name stand for what it stood for before, of another digest or in another environment.

        None if there was no such thing, and the name is withdrawn.

        Raises:
            UsageError: Nothing is deployed under the name.
            NotVerified: What it would stand for again cannot be verified; nothing has changed then.
        """
        with self._transaction() as connection:
            current = _current(connection, name)
            if current is None:
                raise UsageError(f"nothing is deployed as {name}; flows deployments lists what is")
            before: Deployment | None = current
            while before is not None and _place(before) == _place(current):
                now = datetime.now(UTC).isoformat()
                connection.execute("UPDATE deployments SET withdrawn = ? WHERE id = ?", (now, before.id))
                before = _current(connection, name)
            if before is not None:
                self._check_again(before)
            return before

    def verified(self, deployment: Deployment) -> Attestation:
        """What is attested of a deployment, after a look at its evidence and at its kept sources.

        Raises:
            NotVerified: It may not be run; the text is one line with a remedy.
        """
        found = self._verifier.verified(deployment)
        self._sources.of(deployment)
        return found

    def _check_again(self, before: Deployment) -> None:
        try:
            self.verified(before)
        except NotVerified as error:
            raise NotVerified(
                f"{before.name} stays as it is: what was deployed before cannot be served: {error}"
            ) from error

    def _holds(self, deployment: Deployment) -> bool:
        try:
            self._verifier.verified(deployment)
        except NotVerified:
            return False
        return True

    def folder(self, deployment: Deployment) -> Path:
        """The folder of a deployment's sources, after a look at whether they are still what was approved.

        Raises:
            SourcesChanged: They are not.
        """
        return self._sources.of(deployment)

    def flow_file(self, deployment: Deployment) -> Path:
        """The flow file of a deployment, after a look at its evidence and its sources: it may be run.

        Raises:
            NotVerified: It may not.
        """
        self._verifier.verified(deployment)
        return self.folder(deployment) / deployment.file

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


def _stamp_of(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _known(connection: sqlite3.Connection, wanted: Deployment) -> Deployment | None:
    """The record that the same run made before; without a run, the current one if it is the same."""
    if wanted.run is None:
        current = _current(connection, wanted.name)
        return current if current is not None and _is_same(current, wanted) else None
    found = _select(connection, "name = ? AND digest = ? AND run = ?", wanted.name, wanted.digest, wanted.run)
    return next((one for one in found if _is_same(one, wanted)), None)


def _is_same(one: Deployment, other: Deployment) -> bool:
    ignored = {"at", "approval", "attestation", "run", "id", "state"}
    alike = one.model_dump(exclude=ignored) == other.model_dump(exclude=ignored)
    return alike and one.approval.parts.get(ATTESTED) == other.approval.parts.get(ATTESTED)


def _place(deployment: Deployment) -> tuple[str, str, str | None]:
    """What a name stands for: which sources, where, and bound to what."""
    return deployment.digest, deployment.environment, deployment.bindings


def _row(connection: sqlite3.Connection, wanted: Deployment) -> Deployment | None:
    """What a record is now; none if it was taken away (its number may be another's then)."""
    found = _select(connection, "id = ? AND name = ? AND digest = ?", wanted.id, wanted.name, wanted.digest)
    return next((one for one in found if (one.run, one.at) == (wanted.run, wanted.at)), None)


def _current(connection: sqlite3.Connection, name: str) -> Deployment | None:
    return next(iter(_select(connection, f"name = ? AND {_ACTIVE}", name)), None)


def _select(connection: sqlite3.Connection, where: str, *values: str | int) -> list[Deployment]:
    """Records with their states, newest first."""
    rows = connection.execute(f"{_FOUND} WHERE {where} ORDER BY id DESC", values).fetchall()
    return [
        Deployment.model_validate_json(record).model_copy(
            update={"id": number, "state": _state(withdrawn, probing, current)}
        )
        for number, record, withdrawn, probing, current in rows
    ]


def _state(withdrawn: int, probing: int, current: int | None) -> State:
    if withdrawn:
        return "withdrawn"
    if probing:
        return "probing"
    return "current" if current else "superseded"
