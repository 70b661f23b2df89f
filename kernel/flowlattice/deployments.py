"""Deployments: which approved digest a name stands for, and the sources of that digest, kept by content.

Under the home folder: `deployments.sqlite` holds the records, `flows/<digest>/` the sources. A deployment needs an
approval that covers the digest of its sources, its environment and its bindings. It is recorded first, and the name
stands for it once it is activated. Serving and probing are the hosts' business.
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
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from flowlattice.errors import FlowlatticeError, UsageError
from flowlattice.ir.digest import digest_of, source_digest, source_files
from flowlattice.language.sources import flow_file

LOCAL = "local"
"""The environment of local doubles."""

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


class SourcesChanged(FlowlatticeError):
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
        wanted = deployed_parts(digest, environment, bindings)
        return wanted.items() <= self.parts.items() and approved_digest(self.parts) == self.digest


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
    at: datetime
    id: int = 0
    state: State = "probing"

    @property
    def current(self) -> bool:
        """Whether the name stands for it."""
        return self.state == "current"


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
            approval: An approval that covers `digest`, `environment` and `bindings`.
            bindings: The text of `bindings.toml`.
            run: The run that deploys; none for a person's command.
            replace: Whether local doubles may take the place of real services.

        Raises:
            DeployedElsewhere: They would, and may not.
            NotApproved: The approval does not cover them.
            SourcesChanged: The sources do not have the digest.
        """
        if not approval.covers(digest, environment, bindings):
            raise NotApproved(
                f"{name}: the approval is not for {digest[:12]} in {environment} as it is bound now; approve again"
            )
        self._keep(source_folder, digest)
        deployment = Deployment(
            name=name,
            digest=digest,
            file=flow_file(source_folder).name,
            profile=profile,
            environment=environment,
            bindings=bindings,
            run=run,
            approval=approval,
            at=datetime.now(UTC),
        )
        with self._transaction() as connection:
            known = _known(connection, deployment)
            if known is not None:
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

    def approval_of(self, digest: str, environment: str = LOCAL, bindings: str | None = None) -> Approval | None:
        """An approval for this environment with these bindings, deployed before and not rolled back since."""
        with self._transaction() as connection:
            found = [one.approval for one in _select(connection, f"digest = ? AND {_ACTIVE}", digest)]
        return next((one for one in found if one.covers(digest, environment, bindings)), None)

    def rollback(self, name: str) -> Deployment | None:
        """Let a name stand for what it stood for before, of another digest or in another environment.

        None if there was no such thing, and the name is withdrawn.

        Raises:
            UsageError: Nothing is deployed under the name.
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


def deployed_parts(digest: str, environment: str, bindings: str | None) -> dict[str, str]:
    """What every approval is bound to: the sources, the environment, and the text of its bindings where it has one."""
    bound = {} if bindings is None else {"bindings_digest": sha256(bindings.encode()).hexdigest()}
    return {"source_digest": digest, "environment": environment, **bound}


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
    ignored = {"at", "approval", "run", "id", "state"}
    return one.model_dump(exclude=ignored) == other.model_dump(exclude=ignored)


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


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _read(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() if (folder / name).is_file() else b"" for name in files}
