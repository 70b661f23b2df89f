"""Local doubles, which is what capabilities bind to without `--env`: nothing leaves the machine."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from flowlattice.bindings.credentials import CredentialDouble
from flowlattice.bindings.database import Database
from flowlattice.bindings.doubles import AiDouble, HttpDouble, SenderDouble
from flowlattice.bindings.kept import LOCAL_STORE
from flowlattice.bindings.keys import SqliteDedupe
from flowlattice.bindings.objects import FolderObjects
from flowlattice.bindings.sources import Randomness, SystemClock
from flowlattice.bindings.stores import SCHEMA, SqliteKv, SqliteSessions
from flowlattice.bindings.tables import SqliteTables
from flowlattice.capabilities import Clock, KvWrite, Rng, SessionStore
from flowlattice.engine.backends import (
    AiBackend,
    BlobBackend,
    Credential,
    DbBackend,
    DedupeBackend,
    HttpBackend,
    Sender,
)


class LocalBindings:
    """Doubles for every binding.

    Args:
        state: Folder of what is kept: a file for stores, one for the tables of each db binding, a folder for the
            objects of each blob binding; none keeps everything in memory, objects in a folder that goes with it.
        clock: The clock; the machine's by default.
        rng: The random source; the machine's by default.
        synced: Whether what is kept outlives the machine's end, and not only the process's.
    """

    def __init__(
        self,
        state: Path | None = None,
        *,
        clock: Clock | None = None,
        rng: Rng | None = None,
        synced: bool = True,
    ) -> None:
        self.variables: Mapping[str, JsonValue] = {}  # the flow's own stand
        self._state = state
        self._synced = synced
        self._database: Database | None = None
        self._tables: dict[str, SqliteTables] = {}
        self._objects: dict[str, FolderObjects] = {}
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._clock = clock or SystemClock()
        self._rng = rng or Randomness()
        self._http = HttpDouble()

    def is_double(self, binding: str) -> bool:
        """Whether a local double stands in for this binding: for all."""
        return True

    def http(self, binding: str) -> HttpBackend:
        """A double that answers 200 `{}`."""
        return self._http

    def kv(self, binding: str) -> KvWrite:
        """The binding's own entries."""
        return SqliteKv(self._opened(), binding)

    def results(self, node: str) -> KvWrite:
        """The node's own results, beside the entries of bindings, whose names have no space."""
        return SqliteKv(self._opened(), f"results of {node}")

    def dedupe(self, binding: str) -> DedupeBackend:
        """The binding's own keys."""
        return SqliteDedupe(self._opened(), binding)

    def session(self, binding: str) -> SessionStore:
        """The binding's own sessions."""
        return SqliteSessions(self._opened(), binding)

    def db(self, binding: str) -> DbBackend:
        """The binding's own tables, made as they are written to."""
        if binding not in self._tables:
            path = None if self._state is None else self._state / f"{binding}.tables.sqlite"
            self._tables[binding] = SqliteTables(path, makes=True, synced=self._synced)
        return self._tables[binding]

    def blob(self, binding: str) -> BlobBackend:
        """The binding's own objects."""
        if binding not in self._objects:
            self._objects[binding] = FolderObjects(binding, self._folder() / binding)
        return self._objects[binding]

    def sender(self, binding: str, capability: str) -> Sender:
        """A double that takes every message."""
        return SenderDouble()

    def ai(self, binding: str) -> AiBackend:
        """A double that answers with an extract of what it is asked."""
        return AiDouble()

    def credential(self, binding: str) -> Credential:
        """A double that says that it is one."""
        return CredentialDouble()

    def clock(self) -> Clock:
        """The clock."""
        return self._clock

    def rng(self) -> Rng:
        """The random source."""
        return self._rng

    async def close(self) -> None:
        """Close the databases, and remove what was kept for this process alone."""
        if self._database is not None:
            self._database.close()
        for tables in self._tables.values():
            tables.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _opened(self) -> Database:
        if self._database is None:
            path = None if self._state is None else self._state / LOCAL_STORE
            self._database = Database(path, SCHEMA, synced=self._synced)
        return self._database

    def _folder(self) -> Path:
        if self._state is not None:
            return self._state / "objects"
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="flowlattice-", ignore_cleanup_errors=True)
        return Path(self._scratch.name)
