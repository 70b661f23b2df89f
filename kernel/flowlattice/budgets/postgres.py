"""PostgreSQL as a store of ledgers, for processes on several machines (extra `postgres`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flowlattice.budgets.stores import WAIT_S, Row, Transaction, Value
from flowlattice.errors import EngineUnavailable

if TYPE_CHECKING:
    import psycopg

_BEGIN: Final = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '{WAIT_S:.0f}s'"
)
_MAKING: Final = 7_236_105_551
"""The advisory lock of whoever makes the tables: `CREATE … IF NOT EXISTS` may fail where two do so at once."""
_IS_THERE: Final = "SELECT to_regclass('budget_scopes') IS NOT NULL AND to_regclass('budget_holds') IS NOT NULL"
_CONNECT_S: Final = 10


class PostgresStore:
    """A database on a server. A connection that was lost is made anew with the next transaction.

    A commit whose confirmation was lost is not repeated: what it set aside is held until its lease is over.
    """

    locked = 'ORDER BY id COLLATE "C" FOR UPDATE'

    def __init__(self, address: str) -> None:
        """Connect.

        Args:
            address: A connection string of libpq: `host=… port=… dbname=… user=… password=…`, or a URI.

        Raises:
            EngineUnavailable: psycopg is not installed, or the server cannot be reached.
        """
        self._address = address
        self._db = self._connected()

    def prepare(self, schema: Sequence[str]) -> None:
        """Make the tables, if they are not there; that takes the right to make them."""
        with self.transaction() as work:
            ((is_there,),) = work.rows(_IS_THERE)
            if is_there:
                return
            work.rows("SELECT pg_advisory_xact_lock(?)", (_MAKING,))
            for statement in schema:
                work.rows(statement)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that waits for the rows that others have locked."""
        import psycopg

        self._begin()
        try:
            yield self
            self._db.execute("COMMIT")
        except psycopg.Error as error:
            self._undo()
            raise EngineUnavailable(f"the ledger on {self._server}: {_first_line(error)}; try again") from error
        except BaseException:
            self._undo()
            raise

    def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute a statement."""
        # No statement has a percent sign, nor a question mark that stands for no value.
        cursor = self._db.execute(statement.replace("?", "%s").encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _begin(self) -> None:
        import psycopg

        if not self._db.closed:
            try:
                self._db.execute(_BEGIN)
            except psycopg.OperationalError:
                self._db.close()  # the server, or something between, closed it while nobody used it
            else:
                return
        self._db = self._connected()
        self._db.execute(_BEGIN)

    def _undo(self) -> None:
        import psycopg

        try:
            self._db.execute("ROLLBACK")
        except psycopg.Error:
            self._db.close()  # what the server did not commit it undoes when the connection is gone

    def _connected(self) -> psycopg.Connection[Row]:
        try:
            import psycopg
        except ImportError as error:
            text = "a ledger on PostgreSQL needs psycopg; install flowlattice[postgres]"
            raise EngineUnavailable(text) from error
        try:
            # Prepared statements do not go through every connection pooler.
            return psycopg.connect(self._address, autocommit=True, connect_timeout=_CONNECT_S, prepare_threshold=None)
        except psycopg.OperationalError as error:
            why = _first_line(error)
            raise EngineUnavailable(f"the ledger on {self._server} cannot be reached: {why}") from error

    @classmethod
    def at(cls, host: str, port: int, *, database: str, user: str, password: str | None) -> PostgresStore:
        """Connect to a database of a server.

        Raises:
            EngineUnavailable: psycopg is not installed, or the server cannot be reached.
        """
        parts = {"host": host, "port": str(port), "dbname": database, "user": user, "password": password}
        escaped = {key: re.sub(r"([\\'])", r"\\\1", part) for key, part in parts.items() if part is not None}
        return cls(" ".join(f"{key}='{part}'" for key, part in escaped.items()))

    @property
    def _server(self) -> str:
        """The server and the database, without user or password."""
        from psycopg.conninfo import conninfo_to_dict

        known = conninfo_to_dict(self._address)
        return f"postgres {known.get('host', 'localhost')}:{known.get('port', 5432)}/{known.get('dbname', '')}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
