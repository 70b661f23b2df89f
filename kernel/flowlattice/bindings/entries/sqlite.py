"""`backend = "sqlite"`: a database file on this machine."""

from __future__ import annotations

from posixpath import normpath
from typing import Literal

from flowlattice.bindings.entries.base import BaseEntry


class SqliteEntry(BaseEntry):
    """For kv, dedupe, session, db and queue capabilities, queue triggers, and the ledger (`budget`).

    Attributes:
        path: The file, relative to `bindings.toml`. Tables of db capabilities are the owner's to make.
    """

    backend: Literal["sqlite"]
    path: str

    def database_in_words(self) -> str:
        """The file. It is told by its path as written, so a link to it and an absolute path count as others."""
        return f"sqlite {normpath(self.path)}"
