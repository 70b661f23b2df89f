"""Whether a backend can be reached: files and folders by looking at them, servers by connecting where that is asked."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from flowlattice.bindings.entries import BaseEntry, Entry, FolderEntry, HttpEntry, SqliteEntry

CONNECT_S: Final = 3.0
"""How long a server may take to accept a connection."""

Fault = tuple[str, str]
"""What is wrong, and what helps."""


def storage(entry: Entry, capabilities: Sequence[str], base: Path) -> Fault | None:
    """What is wrong with a file or folder on this machine; nothing for other backends."""
    if isinstance(entry, SqliteEntry):
        return _database((base / entry.path).resolve(), has_tables=any(name.startswith("db.") for name in capabilities))
    if isinstance(entry, FolderEntry):
        return _folder((base / entry.path).resolve(), written="blob.write" in capabilities)
    return None


def without_value(entry: BaseEntry) -> Fault | None:
    """What is wrong with the credentials of an entry."""
    sources = entry.references().values()
    missing = [source.name for source in sources if not source.is_there()]
    if missing:
        ways = [f"put it into {name}" if name.startswith("/") else f"set the variable {name}" for name in missing]
        return f"{', '.join(missing)} has no value", "; ".join(ways)
    problems = [problem for source in sources if (problem := source.problem()) is not None]
    return ("; ".join(problems), "write the credential there, and nothing else") if problems else None


def connections(entry: Entry, hosts: Sequence[str]) -> Fault | None:
    """What is wrong with the servers behind an entry: each is connected to and left again.

    Args:
        entry: The entry.
        hosts: The hosts that the flow declares, for an http entry that lists none of its own.
    """
    for host, port in (*entry.addresses(), *_declared(entry, hosts)):
        try:
            socket.create_connection((host, port), timeout=CONNECT_S).close()
        except OSError as error:
            said = f"{host}:{port} cannot be connected to ({type(error).__name__})"
            return said, "start it, or correct its address; a firewall may be between"
    return None


def _declared(entry: Entry, hosts: Sequence[str]) -> Iterator[tuple[str, int]]:
    if isinstance(entry, HttpEntry) and entry.egress is None:
        for declared in hosts:
            host, _, port = declared.rpartition(":")
            yield (host, int(port)) if host else (declared, 443)


def _database(path: Path, *, has_tables: bool) -> Fault | None:
    if not path.exists():
        if has_tables:
            return f"{path} is not there", "make the database with its tables; a flow makes none"
        folder = next((parent for parent in path.parents if parent.exists()), path.parent)
        return None if os.access(folder, os.W_OK) else (f"{path} cannot be made", f"let {folder} be written to")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as database:
            database.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        return f"{path} cannot be opened ({error})", "name an SQLite file that may be read and written"
    return None


def _folder(path: Path, *, written: bool) -> Fault | None:
    if not path.is_dir():
        return f"{path} is no folder", "make it, or correct path"
    if written and not os.access(path, os.W_OK):
        return f"{path} cannot be written to", "let it be written to"
    return None
