"""What the machine offers: protection from a flow's code, a home for state, ports, and the right time."""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flowlattice
from flowlattice.errors import UsageError
from flowlattice.health.finding import Finding
from flowlattice.home import flows_home
from flowlattice.sandbox import Protection, protection

DEFAULT_PORT = 8000
_LOOPBACK = "127.0.0.1"
_LATEST_YEAR = 2100


def machine() -> Iterator[Finding]:
    """All checks of the machine."""
    yield sandbox(protection())
    yield home()
    yield ports()
    yield clock()


def sandbox(offered: Protection) -> Finding:
    """Whether a flow's code can be confined."""
    details = {"summary": offered.summary}
    if offered.notice is None:
        return Finding(name="sandbox", status="ok", text=offered.summary, details=details)
    return Finding(
        name="sandbox",
        status="warn",
        text=f"{offered.summary}: {'; '.join(offered.missing)}",
        remedy="only build and run flows that you trust here, or use a Linux that has what is missing",
        details=details,
    )


def home() -> Finding:
    """Whether state can be kept: `$FLOWS_HOME` is writable, and its file system syncs and locks."""
    try:
        folder = flows_home()
    except UsageError as error:
        remedy = "set FLOWS_HOME to a folder that you may write"
        return Finding(name="home", status="fail", text=str(error), remedy=remedy)
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder) as scratch:
            fault = _syncs(Path(scratch)) or _locks(Path(scratch)) or _holds_database(Path(scratch))
    except OSError as error:
        fault = f"writing failed ({error.strerror})"
    details = {"path": str(folder)}
    if fault is None:
        return Finding(name="home", status="ok", text=f"{folder}: writable, syncs, locks", details=details)
    remedy = "set FLOWS_HOME to a folder on a local disk with room on it"
    return Finding(name="home", status="fail", text=f"{folder}: {fault}", remedy=remedy, details=details)


def ports(wanted: int = DEFAULT_PORT) -> Finding:
    """Whether a server can listen on this machine, and whether the usual port is free."""
    try:
        free = _listen(0)
    except OSError as error:
        text = f"no server can listen on {_LOOPBACK} ({error.strerror})"
        return Finding(name="port", status="fail", text=text, remedy="allow local sockets, then run flows again")
    try:
        _listen(wanted)
    except OSError as error:
        text = f"{wanted} on {_LOOPBACK} cannot be had ({error.strerror}); {free} can"
        return Finding(name="port", status="warn", text=text, remedy="flows serve --port 0 takes one that is free")
    return Finding(name="port", status="ok", text=f"{wanted} on {_LOOPBACK} is free")


def clock(now: datetime | None = None) -> Finding:
    """Whether the clock can be right: later than this program was written, and not absurdly late."""
    now = now or datetime.now(UTC)
    written = datetime.fromtimestamp(Path(flowlattice.__file__).stat().st_mtime, UTC)
    text = now.isoformat(sep=" ", timespec="seconds")
    # A day's grace: files may come from a machine in another state.
    if written - timedelta(days=1) <= now and now.year < _LATEST_YEAR:
        return Finding(name="clock", status="ok", text=text, details={"now": now.isoformat(), "zone": time.tzname[0]})
    return Finding(
        name="clock",
        status="warn",
        text=f"{text}, but flowlattice's files are of {written.date()}: keys would expire and budgets reset wrongly",
        remedy="set the clock, best by NTP",
    )


def _syncs(folder: Path) -> str | None:
    """What goes wrong when a file is written durably and put in another's place."""
    draft, final = folder / "draft", folder / "final"
    final.write_bytes(b"old")
    with draft.open("wb") as file:
        file.write(b"new")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(final)
    return None if final.read_bytes() == b"new" else "a replaced file still has its old content"


def _locks(folder: Path) -> str | None:
    """What is wrong with locks: a second holder has to be refused."""
    with (folder / "lock").open("wb") as first, (folder / "lock").open("wb") as second:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return f"its file system does not lock files ({error.strerror})"
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return "its file system gives one lock to two holders"


def _holds_database(folder: Path) -> str | None:
    """What is wrong with a database as flows keep them: SQLite with a write-ahead log."""
    try:
        with closing(sqlite3.connect(folder / "state.db")) as database:
            (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
            database.execute("PRAGMA synchronous = FULL")
            database.execute("CREATE TABLE written (at REAL)")
            database.commit()
    except sqlite3.Error as error:
        return f"its file system holds no SQLite database ({error})"
    return None if mode == "wal" else f"its file system allows no write-ahead log (SQLite says {mode})"


def _listen(port: int) -> int:
    """The port that a server got; it is closed at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        # As a server does: a port whose last connections still linger is free.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((_LOOPBACK, port))
        server.listen()
        found: int = server.getsockname()[1]
        return found
