"""Where a ledger is kept: the few things that its statements need of a database, and SQLite, which is one."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol, TypeAlias

from flowlattice.errors import EngineUnavailable

Value: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Any, ...]
"""The columns of a row, as a statement lists them."""

WAIT_S: Final = 60.0
"""How long a transaction waits for those before it."""


class Transaction(Protocol):
    """What is done whole or not at all."""

    def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute a statement with `?` for each value; the rows that it returns."""


class Store(Protocol):
    """A database that many processes share.

    Attributes:
        locked: What ends a query for rows, by their column `id`, that nobody else may change before the transaction is
            over. Rows are locked in the order of their names, so that two transactions never wait for each other.
    """

    locked: str

    def prepare(self, schema: Sequence[str]) -> None:
        """Make what is not there yet, with statements that do nothing where it is."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction that sees what others committed before it has its locks; one at a time of one store.

        Raises:
            EngineUnavailable: The database cannot be reached, or others kept it for too long.
        """

    def close(self) -> None:
        """Close the connection."""


class SqliteStore:
    """A file, in WAL mode with synchronous FULL: whoever writes has it for himself (BEGIN IMMEDIATE).

    SQLite's own waiting is polling, where the unlucky wait for seconds. So a lock on a file beside it is waited for
    first, in which the kernel lets processes through one after the other, and which goes with the process that has it.
    """

    locked = "ORDER BY id"

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        """Open a file, or make it; a transaction waits for `wait_s` seconds for those before it."""
        self._wait_s = wait_s
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._gate = path.with_name(f"{path.name}.lock")
        self._db = sqlite3.connect(path, timeout=wait_s, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")

    def prepare(self, schema: Sequence[str]) -> None:
        """Make the tables."""
        with self.transaction() as made:
            for statement in schema:
                made.rows(statement)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that nobody else writes beside."""
        with self._passed(), self._begun():
            yield self

    def _passed(self) -> IO[str]:
        """The lock on the file beside it, which goes when this is closed."""
        gate = self._gate.open("w")
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _Turn(gate).comes(self._wait_s):
                message = f"{self._path}: another process keeps the ledger to itself; see whether one is stopped"
                raise EngineUnavailable(message) from None
        return gate

    @contextmanager
    def _begun(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise EngineUnavailable(f"{self._path}: the ledger cannot be written ({error}); try again") from error
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute a statement."""
        return self._db.execute(statement, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class _Turn:
    """A turn at a lock that is waited for within a bound, which the kernel's own waiting is not: a thread waits."""

    def __init__(self, gate: IO[str]) -> None:
        self._gate = gate
        self._has_come = threading.Event()
        self._is_over = threading.Lock()

    def comes(self, wait_s: float) -> bool:
        """Whether it comes within so many seconds; if not, the file is closed when it would."""
        threading.Thread(target=self._wait, name="ledger-turn", daemon=True).start()
        # Whoever is first decides: a turn that comes at the last moment is taken.
        return self._has_come.wait(wait_s) or not self._is_over.acquire(blocking=False)

    def _wait(self) -> None:
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        if self._is_over.acquire(blocking=False):
            self._has_come.set()
        else:
            self._gate.close()
