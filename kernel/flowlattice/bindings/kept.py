"""Keys of effects as people see them: listed, and decided where nobody knows what became of the effect."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from flowlattice.bindings.database import Database
from flowlattice.bindings.entries import SqliteEntry
from flowlattice.bindings.file import read_environment
from flowlattice.bindings.keys import mark_abandoned
from flowlattice.errors import UsageError

LOCAL_STORE: Final = "state.sqlite"
_SHORTEST: Final = 8

State = Literal["reserved", "confirmed", "in_doubt"]


class KeptKey(BaseModel):
    """A key that a store remembers.

    Attributes:
        key: The key, in hexadecimal.
        state: What is known of its effect.
        flow: The flow whose effect it is.
        node: The node whose effect it is.
        run: The run that reserved it; the run log has what that run called.
        since: When it was reserved.
        expires: When it is forgotten; what is in doubt is not.
        binding: The binding that remembers it.
        store: The file that it is in.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    state: State
    flow: str
    node: str
    run: str
    since: datetime
    expires: datetime
    binding: str
    store: Path


def environment_stores(text: str, environment: str, base: Path) -> list[Path]:
    """The database files that an environment of a `bindings.toml` binds.

    Args:
        text: The text of the file.
        environment: The environment's name.
        base: The folder that relative paths in it start from.

    Raises:
        UsageError: The text is wrong, or has no such environment.
    """
    entries = read_environment(text, environment).entries.values()
    return sorted({(base / entry.path).resolve() for entry in entries if isinstance(entry, SqliteEntry)})


def kept_keys(stores: Iterable[Path]) -> list[KeptKey]:
    """All keys of some files, oldest first; what processes had reserved that have ended is in doubt."""
    found: list[KeptKey] = []
    for store in dict.fromkeys(stores):
        found += _keys_in(store)
    return sorted(found, key=lambda kept: kept.since)


def decide(stores: Iterable[Path], key: str, *, happened: bool) -> KeptKey:
    """Decide what became of an effect in doubt: where it happened it is not repeated, else its key is free.

    Args:
        stores: The files to look in.
        key: The key in hexadecimal, or its beginning.
        happened: Whether the effect happened.

    Raises:
        UsageError: There is no such key, more than one, or it is not in doubt.
    """
    if len(key) < _SHORTEST:
        raise UsageError(f"{key}: give at least {_SHORTEST} digits of the key; flows effects list shows them")
    found = [kept for kept in kept_keys(stores) if kept.key.startswith(key.lower())]
    if len(found) != 1:
        said = "no effect has this key" if not found else f"{len(found)} effects have keys that begin so"
        raise UsageError(f"{key}: {said}; flows effects list shows them")
    [kept] = found
    if kept.state != "in_doubt":
        why = "its effect is under way" if kept.state == "reserved" else "its effect happened"
        raise UsageError(f"{key}: there is nothing to decide, {why}")
    statement = (
        "UPDATE effects SET state = 'confirmed', result = NULL WHERE binding = ? AND key = ? AND state = 'in_doubt'"
        if happened
        else "DELETE FROM effects WHERE binding = ? AND key = ? AND state = 'in_doubt'"
    )
    with closing(Database(kept.store, "")) as database:
        database.run_now(lambda connection: connection.execute(statement, (kept.binding, bytes.fromhex(kept.key))))
    return kept


def _keeps_keys(store: Path) -> bool:
    if not store.is_file():
        return False
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'effects'").fetchone() is not None


def _keys_in(store: Path) -> list[KeptKey]:
    if not _keeps_keys(store):
        return []
    with closing(Database(store, "")) as database:
        return database.run_now(lambda connection: _all(connection, database, store))


def _all(connection: sqlite3.Connection, database: Database, store: Path) -> list[KeptKey]:
    mark_abandoned(connection, database)
    rows = connection.execute("SELECT key, state, flow, node, run, since, expires, binding FROM effects").fetchall()
    return [
        KeptKey(
            key=key.hex(),
            state=state,
            flow=flow,
            node=node,
            run=run,
            since=datetime.fromtimestamp(since, UTC),
            expires=datetime.fromtimestamp(expires, UTC),
            binding=binding,
            store=store,
        )
        for key, state, flow, node, run, since, expires, binding in rows
    ]
