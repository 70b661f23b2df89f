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

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from flowlattice.bindings.database import Database
from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import Randomness, SystemClock
from flowlattice.bindings.stores import SCHEMA, SqliteDedupe, SqliteKv
from flowlattice.capabilities import Clock, KvWrite, Rng
from flowlattice.check.context import Environment
from flowlattice.engine.backends import Bindings, DedupeBackend, HttpBackend
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bindings.web import HttpxBackend

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


def read_environment(text: str, environment: str) -> Mapping[str, HttpBinding | SqliteBinding]:
    """The bindings of one environment.

    Args:
        text: The text of a `bindings.toml`.
        environment: The environment's name.

    Raises:
        UsageError: The text is wrong, or has no such environment.
    """
    try:
        environments = _FILE.validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{BINDINGS_FILE}: not TOML ({error})") from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{BINDINGS_FILE}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
    if environment not in environments:
        known = ", ".join(environments) or "none"
        raise UsageError(f"{BINDINGS_FILE}: no environment {environment}; there is {known}")
    return environments[environment]


class EnvironmentBindings:
    """The backends of one environment.

    Args:
        text: The text of a `bindings.toml`.
        environment: The environment's name.
        base: The folder that relative paths in it start from.
    """

    are_doubles = False

    def __init__(self, text: str, environment: str, base: Path) -> None:
        self._base = base
        self._environment = environment
        self._entries = read_environment(text, environment)
        self._databases: dict[Path, Database] = {}
        self._clients: dict[str, HttpxBackend] = {}

    def http(self, binding: str) -> HttpBackend:
        """A client of its own."""
        from flowlattice.bindings.web import (
            HttpxBackend,
        )  # httpx takes 0.2 s to import and local doubles need none of it

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
        path = (self._base / entry.path).resolve()
        if path not in self._databases:
            self._databases[path] = Database(path, SCHEMA)
        return self._databases[path]

    def _entry(self, binding: str) -> HttpBinding | SqliteBinding:
        if binding not in self._entries:
            raise UsageError(
                f"CAP101 binding {binding} is not bound in environment {self._environment}; "
                f"add [{self._environment}.{binding}] to {BINDINGS_FILE}"
            )
        return self._entries[binding]

    def _unfit(self, binding: str, needed: str) -> UsageError:
        return UsageError(f'{BINDINGS_FILE}: [{self._environment}.{binding}] needs backend = "{needed}"')


def described(text: str, environment: str) -> Environment:
    """What an environment binds, as the checker wants to know it.

    Raises:
        UsageError: The text is wrong, or has no such environment.
    """
    entries = read_environment(text, environment)
    missing: dict[str, tuple[str, ...]] = {}
    for binding, entry in entries.items():
        named = (
            [value[1:] for value in entry.headers.values() if value.startswith("$")] if entry.backend == "http" else []
        )
        unset = tuple(name for name in named if not os.environ.get(name))
        if unset:
            missing[binding] = unset
    backends = {binding: entry.backend for binding, entry in entries.items()}
    return Environment(name=environment, backends=backends, missing_credentials=missing)


def bindings_text(folder: Path, environment: str) -> str:
    """The text of a folder's `bindings.toml`.

    Raises:
        UsageError: There is none.
    """
    try:
        return (folder / BINDINGS_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"{folder / BINDINGS_FILE}: not there; --env {environment} takes its bindings from it"
        raise UsageError(message) from None


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
