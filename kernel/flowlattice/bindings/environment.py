"""The backends of one environment of `bindings.toml`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flowlattice.bindings.answers import SCHEMA as ANSWERS
from flowlattice.bindings.answers import MemoryAnswers, SqliteAnswers
from flowlattice.bindings.credentials import ReferencedCredential
from flowlattice.bindings.database import Database
from flowlattice.bindings.entries import (
    BaseEntry,
    Entry,
    FolderEntry,
    HttpEntry,
    LocalEntry,
    OpenaiEntry,
    SecretEntry,
    SmtpEntry,
    SqliteEntry,
)
from flowlattice.bindings.file import BINDINGS_FILE, bindings_text, read_environment
from flowlattice.bindings.keys import SqliteDedupe
from flowlattice.bindings.ledgers import ledger_place
from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.mail import SmtpSender
from flowlattice.bindings.objects import FolderObjects
from flowlattice.bindings.sources import Randomness, SystemClock
from flowlattice.bindings.stores import SCHEMA, SqliteKv, SqliteSessions
from flowlattice.bindings.tables import SqliteTables
from flowlattice.budgets import Ledger
from flowlattice.capabilities import Clock, KvWrite, Rng, SessionStore
from flowlattice.engine.backends import (
    AiBackend,
    AnswerStore,
    Bindings,
    BlobBackend,
    Credential,
    DbBackend,
    DedupeBackend,
    HttpBackend,
    Sender,
)
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bindings.openai import OpenaiBackend
    from flowlattice.bindings.web import HttpxBackend

E = TypeVar("E", bound=BaseEntry)


class EnvironmentBindings:
    """The backends of one environment.

    Args:
        text: The text of a `bindings.toml`.
        environment: The environment's name.
        base: The folder that relative paths in it start from.
    """

    def __init__(self, text: str, environment: str, base: Path) -> None:
        self._base = base
        self._environment = environment
        found = read_environment(text, environment)
        self._entries = found.entries
        self.variables = found.variables
        self._databases: dict[Path, Database] = {}
        self._tables: dict[Path, SqliteTables] = {}
        self._objects: dict[str, FolderObjects] = {}
        self._clients: dict[str, HttpxBackend] = {}
        self._models: dict[str, OpenaiBackend] = {}
        self._kept: dict[Path, Database] = {}
        self._ledger: Ledger | None = None
        self._doubles = LocalBindings()

    def is_double(self, binding: str) -> bool:
        """Whether a local double stands in for this binding."""
        return isinstance(self._entries.get(binding), LocalEntry)

    def http(self, binding: str) -> HttpBackend:
        """A client of its own."""
        entry = self._bound(binding, HttpEntry, "http")
        if entry is None:
            return self._doubles.http(binding)
        if binding not in self._clients:
            from flowlattice.bindings.web import HttpxBackend  # httpx takes 0.2 s to import, doubles need none of it

            headers = {name: value.read(binding) for name, value in entry.headers.items()}
            timeout = timedelta(milliseconds=entry.timeout_ms)
            self._clients[binding] = HttpxBackend(binding, headers, timeout, entry.egress)
        return self._clients[binding]

    def kv(self, binding: str) -> KvWrite:
        """The binding's own entries."""
        entry = self._bound(binding, SqliteEntry, "sqlite")
        return self._doubles.kv(binding) if entry is None else SqliteKv(self._database(entry), binding)

    def results(self, node: str) -> KvWrite:
        """In this process: an environment says nothing of where they could be kept."""
        return self._doubles.results(node)

    def dedupe(self, binding: str) -> DedupeBackend:
        """The binding's own keys."""
        entry = self._bound(binding, SqliteEntry, "sqlite")
        return self._doubles.dedupe(binding) if entry is None else SqliteDedupe(self._database(entry), binding)

    def session(self, binding: str) -> SessionStore:
        """The binding's own sessions."""
        entry = self._bound(binding, SqliteEntry, "sqlite")
        return self._doubles.session(binding) if entry is None else SqliteSessions(self._database(entry), binding)

    def db(self, binding: str) -> DbBackend:
        """The tables of a file, which have to be there."""
        entry = self._bound(binding, SqliteEntry, "sqlite")
        if entry is None:
            return self._doubles.db(binding)
        path = (self._base / entry.path).resolve()
        if path not in self._tables:
            self._tables[path] = SqliteTables(path, makes=False)
        return self._tables[path]

    def blob(self, binding: str) -> BlobBackend:
        """The objects of a folder."""
        entry = self._bound(binding, FolderEntry, "folder")
        if entry is None:
            return self._doubles.blob(binding)
        if binding not in self._objects:
            self._objects[binding] = FolderObjects(binding, self._base / entry.path, entry.bucket)
        return self._objects[binding]

    def sender(self, binding: str, capability: str) -> Sender:
        """A mail server, or a double where the environment asks for one; brokers are other hosts' to serve."""
        if self.is_double(binding):
            return self._doubles.sender(binding, capability)
        entry = self._entry(binding)
        if capability == "mail.send" and isinstance(entry, SmtpEntry):
            return SmtpSender(binding, entry)
        raise self._elsewhere(binding, entry, capability)

    def ai(self, binding: str) -> AiBackend:
        """An endpoint. Its key is read now, to find out, and again for each request."""
        entry = self._bound(binding, OpenaiEntry, "openai")
        if entry is None:
            return self._doubles.ai(binding)
        if binding not in self._models:
            from flowlattice.bindings.openai import OpenaiBackend  # with it the SDK, which most flows do without

            if entry.api_key is not None:
                entry.api_key.read(binding)
            self._models[binding] = OpenaiBackend(
                binding,
                entry,
                environment=self._environment,
                ledger=self._opened,
                answers=self._answers(binding, entry),
            )
        return self._models[binding]

    def credential(self, binding: str) -> Credential:
        """The credential; its value is read now, to find out, and again for each request."""
        entry = self._bound(binding, SecretEntry, "secret")
        if entry is None:
            return self._doubles.credential(binding)
        entry.value.read(binding)
        return ReferencedCredential(binding, entry)

    def clock(self) -> Clock:
        """The machine's."""
        return SystemClock()

    def rng(self) -> Rng:
        """The machine's."""
        return Randomness()

    async def close(self) -> None:
        """Close connections and files."""
        for model in self._models.values():
            await model.close()
        if self._ledger is not None:
            self._ledger.close()
        for client in self._clients.values():
            await client.close()
        for database in (*self._databases.values(), *self._kept.values()):
            database.close()
        for tables in self._tables.values():
            tables.close()
        await self._doubles.close()

    def _database(self, entry: SqliteEntry) -> Database:
        path = (self._base / entry.path).resolve()
        if path not in self._databases:
            self._databases[path] = Database(path, SCHEMA)
        return self._databases[path]

    def _answers(self, binding: str, entry: OpenaiEntry) -> AnswerStore:
        """Where a model's answers are kept."""
        if entry.answers is None:
            return MemoryAnswers()
        path = (self._base / entry.answers).resolve()
        if path not in self._kept:
            self._kept[path] = Database(path, ANSWERS)
        return SqliteAnswers(self._kept[path], binding)

    def _opened(self) -> Ledger:
        """What is and may be spent."""
        if self._ledger is None:
            self._ledger = ledger_place(self._entries, self._base).open(self._base)
        return self._ledger

    def _bound(self, binding: str, kind: type[E], needed: str) -> E | None:
        """The entry of a binding, of the kind that is served here; none where it asks for a double."""
        entry: BaseEntry = self._entry(binding)
        if isinstance(entry, LocalEntry):
            return None
        if isinstance(entry, kind):
            return entry
        raise UsageError(f'{BINDINGS_FILE}: [{self._environment}.{binding}] needs backend = "{needed}" to run here')

    def _entry(self, binding: str) -> Entry:
        if binding not in self._entries:
            raise UsageError(
                f"CAP101 binding {binding} is not bound in environment {self._environment}; "
                f"add [{self._environment}.{binding}] to {BINDINGS_FILE}"
            )
        return self._entries[binding]

    def _elsewhere(self, binding: str, entry: Entry, capability: str) -> UsageError:
        return UsageError(
            f"{BINDINGS_FILE}: [{self._environment}.{binding}] is {entry.backend}, on which no host that runs in this "
            f'process serves {capability}; backend = "local" stands in for it'
        )


def bindings_for(folder: Path, environment: str | None, state: Path | None = None) -> Bindings:
    """The bindings of a flow that is not deployed.

    Args:
        folder: The flow's folder, where `bindings.toml` is.
        environment: The environment; none for local doubles.
        state: Where local doubles keep what they keep; none for memory.

    Raises:
        UsageError: The environment cannot be read.
    """
    if environment is None:
        return LocalBindings(state)
    return EnvironmentBindings(bindings_text(folder, environment), environment, folder)
