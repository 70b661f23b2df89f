"""List the runs, newest first."""

from __future__ import annotations

import sqlite3
import time

from pydantic import JsonValue

from flowlattice.console import Console, Exit, verb
from flowlattice.home import flows_home
from flowlattice_agents.errors import RunError
from flowlattice_agents.runs import Runs


@verb(
    examples="""
    flows runs
    flows runs --json
    """
)
def command(console: Console) -> Exit:
    """List the runs, newest first, with their outcome."""
    runs = Runs(flows_home())
    rows = [_row(runs, name) for name in runs.names()]
    if console.json:
        console.emit({"runs": [*rows]})
        return Exit.OK
    if not rows:
        console.result('no runs yet; start one with: flows author \'GET /hello returns {"message": "hi"}\'')
    for row in rows:
        console.result(f"{row['run']}  {row['outcome']:<12} {row['age']:>8}  {row['brief']}")
    return Exit.OK


def _row(runs: Runs, name: str) -> dict[str, JsonValue]:
    store = runs.store(name)
    age = _age(time.time() - store.folder.stat().st_ctime)
    try:
        parameters = runs.parameters(store)
        result = runs.state(name)
    except (RunError, sqlite3.DatabaseError) as error:
        return {"run": name, "outcome": "unusable", "age": age, "brief": str(error)}
    waiting = "needs_input" if result.waiting else "unfinished"
    title = parameters.spec.name if parameters.spec else " ".join(parameters.brief.split())[:70]
    return {"run": name, "outcome": result.state.get("outcome") or waiting, "age": age, "brief": title}


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
