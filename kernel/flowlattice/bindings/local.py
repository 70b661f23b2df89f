"""Local doubles, which is what capabilities bind to without `--env`: nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from flowlattice.bindings.database import Database
from flowlattice.bindings.sources import Randomness, SystemClock
from flowlattice.bindings.stores import SCHEMA, SqliteDedupe, SqliteKv
from flowlattice.capabilities import Clock, HttpResponse, KvWrite, Rng
from flowlattice.engine.backends import DedupeBackend, HttpBackend

DOUBLE_HEADER = "x-flowlattice-double"


class HttpDouble:
    """Answers 200 `{}` to everything, and says in a header that it is a double. The engine's run log has the call."""

    async def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        json: JsonValue,
        headers: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> HttpResponse:
        """Answer 200 `{}`."""
        return HttpResponse(status=200, headers={"content-type": "application/json", DOUBLE_HEADER: "true"}, body=b"{}")


class LocalBindings:
    """Doubles for every binding.

    Args:
        state: Folder of the SQLite file; none keeps everything in memory.
        clock: The clock; the machine's by default.
        rng: The random source; the machine's by default.
    """

    are_doubles = True

    def __init__(self, state: Path | None = None, *, clock: Clock | None = None, rng: Rng | None = None) -> None:
        self._path = None if state is None else state / "state.sqlite"
        self._database: Database | None = None
        self._clock = clock or SystemClock()
        self._rng = rng or Randomness()
        self._http = HttpDouble()

    def http(self, binding: str) -> HttpBackend:
        """A double that answers 200 `{}`."""
        return self._http

    def kv(self, binding: str) -> KvWrite:
        """The binding's own entries."""
        return SqliteKv(self._opened(), binding)

    def dedupe(self, binding: str) -> DedupeBackend:
        """The binding's own keys."""
        return SqliteDedupe(self._opened(), binding)

    def clock(self) -> Clock:
        """The clock."""
        return self._clock

    def rng(self) -> Rng:
        """The random source."""
        return self._rng

    async def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()

    def _opened(self) -> Database:
        if self._database is None:
            self._database = Database(self._path, SCHEMA)
        return self._database
