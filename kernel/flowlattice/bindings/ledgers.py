"""Which ledger an environment books in: what it binds `budget` to, else that of the home folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowlattice.bindings.entries import Entry, PostgresEntry, SqliteEntry
from flowlattice.bindings.file import BINDINGS_FILE
from flowlattice.budgets import Breaches, Ledger
from flowlattice.budgets.postgres import PostgresStore
from flowlattice.errors import UsageError
from flowlattice.home import flows_home
from flowlattice.language.sources import FLOW_FILE

LEDGER_FILE: Final = "budgets.sqlite"
"""The ledger's name in the home folder."""

_BREACHES: Final = "breaches"
_BINDING: Final = "budget"


@dataclass(frozen=True)
class LedgerPlace:
    """A ledger that may be opened.

    Attributes:
        words: Where it is, in words that are the same for the same one.
        bound: The file, or the entry of a server.
    """

    words: str
    bound: Path | PostgresEntry

    @property
    def is_there(self) -> bool:
        """Whether anything can have been booked in it; a server is asked only when it is opened."""
        return not isinstance(self.bound, Path) or self.bound.exists()

    def open(self, flow: Path | None = None) -> Ledger:
        """Open it, with the home folder's breach reports.

        Args:
            flow: The folder of the flow whose calls are booked.

        Raises:
            EngineUnavailable: Its server cannot be reached.
            UsageError: The server's password cannot be read.
        """
        own = flow if flow is not None and (flow / FLOW_FILE).is_file() else None
        return Ledger(self.bound if isinstance(self.bound, Path) else _server(self.bound), breaches=breaches_of(own))


def home_ledger() -> LedgerPlace:
    """That of all environments that bind no other."""
    path = flows_home() / LEDGER_FILE
    return LedgerPlace(f"sqlite {path}", path)


def ledger_place(entries: Mapping[str, Entry], base: Path) -> LedgerPlace:
    """The ledger of an environment.

    Args:
        entries: What the environment binds.
        base: The folder that relative paths in it start from.

    Raises:
        UsageError: `budget` is bound to what is no ledger.
    """
    entry = entries.get(_BINDING)
    match entry:
        case None:
            return home_ledger()
        case SqliteEntry():
            path = (base / entry.path).resolve()
            return LedgerPlace(f"sqlite {path}", path)
        case PostgresEntry():
            return LedgerPlace(entry.database_in_words(), entry)
        case _:
            message = f'{BINDINGS_FILE}: {_BINDING} needs backend = "sqlite" or "postgres", not "{entry.backend}"'
            raise UsageError(message)


def breaches_of(flow: Path | None = None) -> Breaches:
    """The breach reports of the home folder."""
    return Breaches(flows_home() / _BREACHES, flow)


def _server(entry: PostgresEntry) -> PostgresStore:
    password = None if entry.password is None else entry.password.read(_BINDING)
    return PostgresStore.at(entry.host, entry.port, database=entry.database, user=entry.user, password=password)
