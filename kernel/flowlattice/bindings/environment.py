"""`bindings.toml`: which backend each binding has in an environment.

    [production.postmark]                   # environment, binding
    backend = "http"
    headers = { X-Postmark-Server-Token = "$POSTMARK_TOKEN" }
    timeout_ms = 5000

    [production.seen]
    backend = "sqlite"
    path = "seen.sqlite"                    # relative to bindings.toml

Backends are `http` (for http.read and http.write) and `sqlite` (for kv and dedupe). The clock and the random source
are the machine's and need no entry. A header's value that starts with `$` is the environment variable's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from flowlattice.bindings.database import Database
from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import Randomness, SystemClock
from flowlattice.bindings.stores import SCHEMA, SqliteDedupe, SqliteKv
from flowlattice.bindings.web import HttpxBackend
from flowlattice.capabilities import Clock, KvWrite, Rng
from flowlattice.engine.backends import Bindings, DedupeBackend, HttpBackend
from flowlattice.errors import UsageError

BINDINGS_FILE = "bindings.toml"


class HttpBinding(BaseModel):
    """A binding of http.read or http.write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["http"]
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_ms: int = Field(default=10_000, gt=0)


class SqliteBinding(BaseModel):
    """A binding of kv.read, kv.write or dedupe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["sqlite"]
    path: str


Entry = Annotated[HttpBinding | SqliteBinding, Field(discriminator="backend")]
_FILE: TypeAdapter[dict[str, dict[str, HttpBinding | SqliteBinding]]] = TypeAdapter(dict[str, dict[str, Entry]])


def read_environment(file: Path, environment: str) -> Mapping[str, HttpBinding | SqliteBinding]:
    """The bindings of one environment.

    Raises:
        UsageError: There is no such file or environment, or an entry is wrong.
    """
    try:
        environments = _FILE.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UsageError(f"{file}: not there; --env {environment} takes its bindings from it") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not TOML ({error})") from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{file}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
    if environment not in environments:
        known = ", ".join(environments) or "none"
        raise UsageError(f"{file}: no environment {environment}; there is {known}")
    return environments[environment]


class EnvironmentBindings:
    """The backends of one environment.

    Args:
        file: The `bindings.toml`.
        environment: The environment's name.
    """

    def __init__(self, file: Path, environment: str) -> None:
        self._file = file
        self._environment = environment
        self._entries = read_environment(file, environment)
        self._databases: dict[Path, Database] = {}
        self._clients: dict[str, HttpxBackend] = {}

    def http(self, binding: str) -> HttpBackend:
        """A client of its own."""
        entry = self._entry(binding)
        if not isinstance(entry, HttpBinding):
            raise self._unfit(binding, "http")
        if binding not in self._clients:
            timeout = timedelta(milliseconds=entry.timeout_ms)
            self._clients[binding] = HttpxBackend(binding, entry.headers, timeout)
        return self._clients[binding]

    def kv(self, binding: str) -> KvWrite:
        """The binding's own entries."""
        return SqliteKv(self._database(binding), binding)

    def dedupe(self, binding: str) -> DedupeBackend:
        """The binding's own keys."""
        return SqliteDedupe(self._database(binding), binding)

    def clock(self) -> Clock:
        """The machine's."""
        return SystemClock()

    def rng(self) -> Rng:
        """The machine's."""
        return Randomness()

    async def close(self) -> None:
        """Close connections and files."""
        for client in self._clients.values():
            await client.close()
        for database in self._databases.values():
            database.close()

    def _database(self, binding: str) -> Database:
        entry = self._entry(binding)
        if not isinstance(entry, SqliteBinding):
            raise self._unfit(binding, "sqlite")
        path = (self._file.parent / entry.path).resolve()
        if path not in self._databases:
            self._databases[path] = Database(path, SCHEMA)
        return self._databases[path]

    def _entry(self, binding: str) -> HttpBinding | SqliteBinding:
        if binding not in self._entries:
            raise UsageError(
                f"CAP101 binding {binding} is not bound in environment {self._environment}; "
                f"add [{self._environment}.{binding}] to {self._file}"
            )
        return self._entries[binding]

    def _unfit(self, binding: str, needed: str) -> UsageError:
        return UsageError(f'{self._file}: [{self._environment}.{binding}] needs backend = "{needed}"')


def bindings_for(folder: Path, environment: str | None, state: Path | None = None) -> Bindings:
    """The bindings of a flow.

    Args:
        folder: The flow's folder, where `bindings.toml` is.
        environment: The environment; none for local doubles.
        state: Where local doubles keep what they keep; none for memory.

    Raises:
        UsageError: The environment cannot be read.
    """
    if environment is None:
        return LocalBindings(state)
    return EnvironmentBindings(folder / BINDINGS_FILE, environment)
