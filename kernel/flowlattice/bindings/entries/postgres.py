"""`backend = "postgres"`: a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source


class PostgresEntry(BaseEntry):
    """For dedupe, session, db and queue capabilities, queue triggers, and the ledger (`budget`).

    Attributes:
        host: The server.
        port: Its port.
        database: The database.
        user: Who connects.
        password: The user's password; none where the server trusts this machine.
    """

    backend: Literal["postgres"]
    host: str
    port: int = Field(default=5432, gt=0, le=65_535)
    database: str
    user: str
    password: Reference | None = None

    def references(self) -> Mapping[str, Source]:
        """The password."""
        return {} if self.password is None else {"password": self.password}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The server."""
        return ((self.host, self.port),)

    def database_in_words(self) -> str:
        """The server and the database on it."""
        return f"postgres {self.host.lower()}:{self.port}/{self.database}"
