"""One suite for every key-value and dedupe backend: in memory, in a file, and bound by an environment."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest

from flowlattice.bindings import EnvironmentBindings, LocalBindings
from flowlattice.bindings.database import Database
from flowlattice.bindings.keys import SqliteDedupe
from flowlattice.bindings.stores import SCHEMA, SqliteKv
from flowlattice.engine.backends import Bindings, EffectInDoubt
from flowlattice.errors import ReservationHeld
from tests.support.flows import running

HOUR = timedelta(hours=1)
TOML = """
[test.table]
backend = "sqlite"
path = "table.sqlite"

[test.other]
backend = "sqlite"
path = "table.sqlite"
"""


@pytest.fixture(params=["memory", "file", "environment"])
def bindings(request, tmp_path):
    made: Bindings
    if request.param == "memory":
        made = LocalBindings()
    elif request.param == "file":
        made = LocalBindings(tmp_path)
    else:
        made = EnvironmentBindings(TOML, "test", tmp_path)
    yield made
    asyncio.run(made.close())


@running
async def test_kv_keeps_what_was_set_last(bindings):
    table = bindings.kv("table")
    assert await table.get("a") is None
    await table.set("a", "1")
    await table.set("a", "2")
    await table.set("ü", "")
    assert (await table.get("a"), await table.get("ü")) == ("2", "")
    await table.delete("a")
    await table.delete("a")
    assert await table.get("a") is None


@running
async def test_bindings_do_not_share_entries_or_keys(bindings):
    await bindings.kv("table").set("a", "1")
    assert await bindings.kv("other").get("a") is None
    await bindings.dedupe("table").reserve(b"k", ttl=HOUR)
    assert await bindings.dedupe("other").reserve(b"k", ttl=HOUR) is None


@running
async def test_a_key_is_reserved_then_confirmed(bindings):
    store = bindings.dedupe("table")
    assert await store.reserve(b"k", ttl=HOUR) is None
    with pytest.raises(ReservationHeld):
        await store.reserve(b"k", ttl=HOUR)
    await store.confirm(b"k", b"result")
    assert await store.reserve(b"k", ttl=HOUR) == b"result"
    await store.release(b"k")
    assert await store.reserve(b"k", ttl=HOUR) == b"result", "what was confirmed is not released"


@running
async def test_a_released_key_is_free(bindings):
    store = bindings.dedupe("table")
    await store.reserve(b"k", ttl=HOUR)
    await store.release(b"k")
    assert await store.reserve(b"k", ttl=HOUR) is None


@running
async def test_a_key_in_doubt_stays_taken(bindings):
    store = bindings.dedupe("table")
    await store.reserve(b"k", ttl=HOUR)
    await store.doubt(b"k")
    with pytest.raises(EffectInDoubt, match="6b"):
        await store.reserve(b"k", ttl=HOUR)


@running
async def test_of_many_at_once_one_reserves(bindings):
    store = bindings.dedupe("table")

    async def reserve() -> bool:
        try:
            return await store.reserve(b"k", ttl=HOUR) is None
        except ReservationHeld:
            return False

    assert sum(await asyncio.gather(*(reserve() for _ in range(20)))) == 1


@running
async def test_a_key_in_doubt_is_reserved_again_within_its_time_where_its_effect_may_be_repeated():
    clock = Moving()
    database = Database(None, SCHEMA)
    store = SqliteDedupe(database, "t", clock)
    await store.reserve(b"k", ttl=HOUR)
    with pytest.raises(ReservationHeld):  # whoever holds it is alive
        await store.reserve(b"k", ttl=HOUR, may_repeat=True)
    await store.doubt(b"k")
    clock.now += 3599
    assert await store.reserve(b"k", ttl=HOUR, may_repeat=True) is None
    await store.doubt(b"k")
    clock.now += 2  # its end was not put off: receivers forget keys as well
    with pytest.raises(EffectInDoubt):
        await store.reserve(b"k", ttl=HOUR, may_repeat=True)
    database.close()


class Moving:
    """A wall clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@running
async def test_entries_and_keys_whose_time_is_over_do_not_exist():
    clock = Moving()
    database = Database(None, SCHEMA)
    table, store = SqliteKv(database, "t", clock), SqliteDedupe(database, "t", clock)
    await table.set("short", "1", ttl=timedelta(seconds=10))
    await table.set("long", "1")
    await store.reserve(b"k", ttl=timedelta(seconds=10))
    await store.confirm(b"k", b"r")
    clock.now += 9.9
    assert (await table.get("short"), await store.reserve(b"k", ttl=HOUR)) == ("1", b"r")
    clock.now += 0.2
    assert (await table.get("short"), await table.get("long")) == (None, "1")
    assert await store.reserve(b"k", ttl=HOUR) is None
    database.close()


@running
async def test_a_file_keeps_its_entries(tmp_path):
    first = LocalBindings(tmp_path / "deep" / "state")
    await first.kv("t").set("a", "1")
    await first.dedupe("t").reserve(b"k", ttl=HOUR)
    await first.close()
    second = LocalBindings(tmp_path / "deep" / "state")
    assert await second.kv("t").get("a") == "1"
    with pytest.raises(ReservationHeld):
        await second.dedupe("t").reserve(b"k", ttl=HOUR)
    await second.close()


def _reserve_all(folder: str, results: multiprocessing.Queue[int]) -> None:
    async def reserve() -> int:
        bindings = LocalBindings(Path(folder))
        store, mine = bindings.dedupe("t"), 0
        for number in range(50):
            with contextlib.suppress(ReservationHeld):
                mine += await store.reserve(b"%d" % number, ttl=HOUR) is None
        await bindings.close()
        return mine

    results.put(asyncio.run(reserve()))


def test_processes_do_not_reserve_the_same_key(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=_reserve_all, args=(str(tmp_path), results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    taken = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert sum(taken) == 50


@running
async def test_a_failed_piece_of_work_changes_nothing():
    database = Database(None, SCHEMA)

    def work(connection):
        connection.execute("INSERT INTO kv VALUES ('t', 'a', '1', NULL)")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the test's own
        await database.run(work)
    assert await SqliteKv(database, "t").get("a") is None
    database.close()
