"""Tables of an environment are their owner's: nothing is made, and what is missing is an error."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from flowlattice.bindings import EnvironmentBindings, LocalBindings
from tests.support.flows import running, until

TOML = '[test.shop]\nbackend = "sqlite"\npath = "shop.sqlite"\n'


@pytest.fixture
def shop(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as database:
        database.execute("CREATE TABLE orders (id TEXT PRIMARY KEY, n INTEGER)")
        database.execute("CREATE TABLE loose (id TEXT)")
    return EnvironmentBindings(TOML, "test", tmp_path)


@running
async def test_rows_are_the_files_own(shop, tmp_path):
    async with shop.db("shop").transaction() as connection:
        await connection.upsert("orders", {"id": "a", "n": 1}, ["id"])
        await connection.upsert("orders", {"id": "a", "n": 2}, ["id"])
        await connection.upsert("orders", {"id": "b"}, ["id"])
        await connection.upsert("orders", {"id": "b"}, ["id"])
        assert await connection.select("orders", {"n": None}, None, None) == [{"id": "b", "n": None}]
    await shop.close()
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as database:
        assert database.execute("SELECT * FROM orders ORDER BY id").fetchall() == [("a", 2), ("b", None)]
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"orders", "loose"}


async def after_a_row(shop, work):
    async with shop.db("shop").transaction() as connection:
        await connection.insert("orders", {"id": "taken back"})
        await work(connection)


@running
async def test_what_is_not_there_is_an_error_and_takes_everything_back(shop):
    for said, work in (
        ("no such table: absent", lambda connection: connection.insert("absent", {"id": "x"})),
        ("no such table: absent", lambda connection: connection.select("absent", {}, None, None)),
        ("no column named new", lambda connection: connection.insert("orders", {"id": "x", "new": 1})),
        ("ON CONFLICT clause does not match", lambda connection: connection.upsert("loose", {"id": "x"}, ["id"])),
        ("no such table: absent", lambda connection: connection.update("absent", {"n": 1}, {})),
    ):
        with pytest.raises(sqlite3.OperationalError, match=said):
            await after_a_row(shop, work)
    async with shop.db("shop").transaction() as connection:
        assert await connection.select("orders", {}, None, None) == []
    await shop.close()


@running
async def test_who_stops_waiting_for_a_turn_leaves_the_connection_as_it_was(shop, tmp_path):
    tables = shop.db("shop")
    with closing(sqlite3.connect(tmp_path / "shop.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(after_a_row(shop, lambda connection: connection.delete("orders", {})))
        await until(tables._lock.locked)
        waiting.cancel()
        await asyncio.sleep(0)
        waiting.cancel()
        other.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with tables.transaction() as connection:
        await connection.insert("orders", {"id": "next"})
    async with tables.transaction() as connection:
        assert [row["id"] for row in await connection.select("orders", {}, None, None)] == ["next"]
    await shop.close()


@running
async def test_bindings_to_one_file_share_its_connection(tmp_path):
    text = TOML + TOML.replace("test.shop", "test.again")
    bindings = EnvironmentBindings(text, "test", tmp_path)
    assert bindings.db("shop") is bindings.db("again")
    await bindings.close()


@running
async def test_a_double_keeps_its_tables_in_its_state(tmp_path):
    first = LocalBindings(tmp_path / "state")
    async with first.db("shop").transaction() as connection:
        await connection.insert("orders", {"id": "a"})
        assert await connection.update("absent", {"n": 1}, {}) == 0
        assert await connection.delete("orders", {"absent": 1}) == 0
        assert await connection.update("orders", {"n": 1}, {}) == 1
    await first.close()
    second = LocalBindings(tmp_path / "state")
    async with second.db("shop").transaction() as connection:
        assert await connection.select("orders", {}, "id", 1) == [{"id": "a", "n": 1}]
    async with second.db("other").transaction() as connection:
        assert await connection.select("orders", {}, None, None) == []
    await second.close()
