"""Deployments: which approved digest a name stands for, and the sources of that digest, kept by content.

Under the home folder: `deployments.sqlite` holds the records, `flows/<digest>/` the sources. A deployment needs an
approval that covers the digest of its sources. Serving is the hosts' business.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from flowlattice.errors import FlowlatticeError, UsageError
from flowlattice.ir.digest import digest_of, source_digest, source_files
from flowlattice.language.loading import flow_file

LOCAL = "local"
"""The environment of local doubles."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deployments (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL, run TEXT NOT NULL,
    withdrawn TEXT
);
CREATE INDEX IF NOT EXISTS deployments_by_name ON deployments (name, id);
"""
_BUSY_S = 10.0


class NotApproved(FlowlatticeError):
    """A deployment without an approval that covers its digest."""


class SourcesChanged(FlowlatticeError):
    """Kept sources that are no longer what was approved."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Approval(_Model):
    """A person's word that a digest may be deployed.

    Attributes:
        digest: What was approved: the digest of the sources, or of everything in `parts`.
        approved_by: Who approved it.
        at: When.
        run: The run that asked; none for an approval on the command line.
        parts: The digests that `digest` was made of (see `approved_digest`), `source_digest` among them, if it is not
            the sources' own.
    """

    digest: str
    approved_by: str
    at: datetime
    run: str | None = None
    parts: dict[str, str] = Field(default_factory=dict)

    def covers(self, digest: str) -> bool:
        """Whether it is an approval of the sources with this digest."""
        if not self.parts:
            return self.digest == digest
        return self.parts.get("source_digest") == digest and approved_digest(self.parts) == self.digest


class Deployment(_Model):
    """A record: a name stands for a digest, in an environment.

    Attributes:
        name: The flow's name.
        digest: The digest of its sources.
        file: The flow file's name in its folder.
        profile: The profile whose host serves it.
        environment: `local` for local doubles, else an environment of `bindings.toml`.
        bindings: The text of `bindings.toml` as it was deployed; none for local doubles.
        approval: The approval.
        at: When it was recorded.
        current: Whether the name stands for it now.
    """

    name: str
    digest: str
    file: str
    profile: str
    environment: str
    bindings: str | None = None
    approval: Approval
    at: datetime
    current: bool = True


class Deployments:
    """The deployments of one home folder.

    Args:
        home: The folder of all state, `flows_home()`.
    """

    def __init__(self, home: Path) -> None:
        self._sources = home / "flows"
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
        bindings: str | None = None,
    ) -> Deployment:
        """Let a name stand for a digest. Doing it again for the same name, digest and run changes nothing.

        Args:
            name: The flow's name.
            digest: The digest of its sources.
            profile: The profile whose host serves it.
            environment: `local`, or an environment of `bindings`.
            source_folder: The flow file, or the folder that holds `flow.py`.
            approval: An approval that covers `digest`.
            bindings: The text of `bindings.toml`.

        Raises:
            NotApproved: The approval does not cover the digest.
            SourcesChanged: The sources do not have the digest.
        """
        if not approval.covers(digest):
            raise NotApproved(
                f"{name}: the approval is for {approval.digest[:12]}, not for {digest[:12]}; approve again"
            )
        self._keep(source_folder, digest)
        deployment = Deployment(
            name=name,
            digest=digest,
            file=flow_file(source_folder).name,
            profile=profile,
            environment=environment,
            bindings=bindings,
            approval=approval,
            at=datetime.now(UTC),
        )
        with self._transaction() as connection:
            current = _current(connection, name)
            if current is not None and _is_same(current, deployment):
                return current
            connection.execute(
                "INSERT INTO deployments (name, digest, record, run) VALUES (?, ?, ?, ?)",
                (name, digest, deployment.model_dump_json(), approval.run or ""),
            )
        return deployment

    def current(self, name: str) -> Deployment | None:
        """What a name stands for; none if nothing is deployed under it."""
        with self._transaction() as connection:
            return _current(connection, name)

    def all_current(self) -> list[Deployment]:
        """What all names stand for, by name."""
        with self._transaction() as connection:
            names = connection.execute("SELECT DISTINCT name FROM deployments ORDER BY name").fetchall()
            return [current for (name,) in names if (current := _current(connection, name)) is not None]

    def history(self, name: str) -> list[Deployment]:
        """Everything that was deployed under a name, newest first, what was rolled back included."""
        with self._transaction() as connection:
            current = _current(connection, name)
            rows = connection.execute(
                "SELECT record FROM deployments WHERE name = ? ORDER BY id DESC", (name,)
            ).fetchall()
        found = [Deployment.model_validate_json(record) for (record,) in rows]
        return [one.model_copy(update={"current": one == current}) for one in found]

    def approval_of(self, digest: str) -> Approval | None:
        """An approval that was given for these sources before, and not rolled back since."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT record FROM deployments WHERE digest = ? AND withdrawn IS NULL ORDER BY id DESC", (digest,)
            ).fetchone()
        return None if row is None else Deployment.model_validate_json(row[0]).approval

    def rollback(self, name: str) -> Deployment | None:
        """Let a name stand for the digest before its current one; none if there was none, and it is withdrawn.

        Raises:
            UsageError: Nothing is deployed under the name.
        """
        with self._transaction() as connection:
            current = _current(connection, name)
            if current is None:
                raise UsageError(f"nothing is deployed as {name}; flows deployments lists what is")
            before: Deployment | None = current
            while before is not None and before.digest == current.digest:
                connection.execute(
                    "UPDATE deployments SET withdrawn = ? WHERE id ="
                    " (SELECT max(id) FROM deployments WHERE name = ? AND withdrawn IS NULL)",
                    (datetime.now(UTC).isoformat(), name),
                )
                before = _current(connection, name)
            return before

    def folder(self, deployment: Deployment) -> Path:
        """The folder of a deployment's sources, after a look at whether they are still what was approved.

        Raises:
            SourcesChanged: They are not.
        """
        folder = self._sources / deployment.digest
        if not folder.is_dir() or source_digest(folder / deployment.file) != deployment.digest:
            raise SourcesChanged(f"{folder}: not the sources that were approved for {deployment.name}; deploy it again")
        return folder

    def flow_file(self, deployment: Deployment) -> Path:
        """The flow file of a deployment, after the same look."""
        return self.folder(deployment) / deployment.file

    def _keep(self, path: Path, digest: str) -> None:
        """Copy sources to where their digest says, all or nothing."""
        files = source_files(path)
        if digest_of(files) != digest:
            raise SourcesChanged(f"{path}: changed since {digest[:12]} was approved; approve and deploy it again")
        self._sources.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._sources / digest
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=self._sources))
        try:
            _write(files, scratch)
            if target.is_dir() and _read(files, target) != files:
                shutil.rmtree(target)  # damaged; what was approved is at hand
            if not target.is_dir():
                scratch.replace(target)
        except OSError:
            if not target.is_dir():  # otherwise another process was faster, with the same content
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

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


def approved_digest(parts: Mapping[str, str]) -> str:
    """The digest of everything that an approval is bound to, from the digests of its parts by name."""
    return sha256(json.dumps(dict(parts), sort_keys=True).encode()).hexdigest()


def _is_same(one: Deployment, other: Deployment) -> bool:
    ignored = {"at", "approval"}
    same = one.model_dump(exclude=ignored) == other.model_dump(exclude=ignored)
    return same and one.approval.run == other.approval.run


def _current(connection: sqlite3.Connection, name: str) -> Deployment | None:
    row = connection.execute(
        "SELECT record FROM deployments WHERE name = ? AND withdrawn IS NULL ORDER BY id DESC LIMIT 1", (name,)
    ).fetchone()
    return None if row is None else Deployment.model_validate_json(row[0])


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _read(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() if (folder / name).is_file() else b"" for name in files}
