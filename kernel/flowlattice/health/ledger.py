"""Where an environment books what language models cost, and whether it can."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from flowlattice.bindings.entries import PostgresEntry, SqliteEntry
from flowlattice.bindings.file import BINDINGS_FILE, EnvironmentText
from flowlattice.bindings.ledgers import home_ledger
from flowlattice.health.finding import Status
from flowlattice.health.reach import connections, storage, without_value
from flowlattice.ir.bindings import table

BUDGET: Final = "budget"


def ledger(environment: EnvironmentText, base: Path, *, connect: bool) -> tuple[Status, str, str | None]:
    """What is said of an environment's ledger, and what helps where it cannot be used.

    Args:
        environment: Its bindings.
        base: The folder that paths in them start from.
        connect: Whether to try to connect to a server.
    """
    entry, where = environment.entries.get(BUDGET), table(environment.name, BUDGET)
    if entry is None:
        return "ok", f"budget: booked in the home's own ledger, {home_ledger().words}", None
    if not isinstance(entry, SqliteEntry | PostgresEntry):
        text = f"budget: bound to {entry.backend}, where nothing can be booked"
        return "fail", text, f'give {where} backend = "sqlite" or "postgres" in {BINDINGS_FILE}'
    fault = without_value(entry) or storage(entry, (), base) or (connections(entry, ()) if connect else None)
    if fault is None and isinstance(entry, PostgresEntry) and find_spec("psycopg") is None:
        fault = "psycopg is not installed", "pip install 'flowlattice[postgres]'"
    if fault is not None:
        return "fail", f"budget: on {entry.backend}, but {fault[0]}", fault[1]
    return "ok", f"budget: booked on {entry.backend}", None
