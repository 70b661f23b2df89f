"""Keys whose process ended before it said what became of the effect: in doubt until somebody decides."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from flowlattice.bindings.database import Database
from flowlattice.bindings.kept import decide, environment_stores, kept_keys
from flowlattice.bindings.keys import KEYS, SqliteDedupe
from flowlattice.bindings.presence import Presence
from flowlattice.engine.backends import EffectInDoubt, Holder, ResultUnknown
from flowlattice.errors import ReservationHeld, UsageError
from tests.support.flows import running

SHORT, HOUR = timedelta(seconds=10), timedelta(hours=1)
KEY = bytes.fromhex("ab" * 32)
HOLDER = Holder("site", "contact", "r1")


class Moving:
    """A wall clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def opened(folder):
    """A database of a process of its own, as far as locks can tell."""
    return Database(folder / "keys.sqlite", KEYS)


@running
async def test_a_process_that_ended_leaves_its_keys_in_doubt(tmp_path):
    first, second = opened(tmp_path), opened(tmp_path)
    await SqliteDedupe(first, "seen").reserve(KEY, ttl=HOUR, holder=HOLDER)
    with pytest.raises(ReservationHeld) as held:
        await SqliteDedupe(second, "seen").reserve(KEY, ttl=HOUR)
    assert not isinstance(held.value, EffectInDoubt), "its process is alive"
    first.close()
    with pytest.raises(EffectInDoubt):
        await SqliteDedupe(second, "seen").reserve(KEY, ttl=HOUR)
    second.close()


@running
async def test_what_is_in_doubt_is_not_forgotten(tmp_path):
    clock = Moving()
    database = opened(tmp_path)
    store = SqliteDedupe(database, "seen", clock)
    await store.reserve(KEY, ttl=SHORT)
    await store.reserve(b"under way", ttl=SHORT)
    await store.doubt(KEY)
    clock.now += 1000
    with pytest.raises(EffectInDoubt):
        await store.reserve(KEY, ttl=SHORT)
    with pytest.raises(ReservationHeld):
        await store.reserve(b"under way", ttl=SHORT)
    database.close()


@running
async def test_people_see_whose_effects_are_in_doubt_and_decide(tmp_path):
    database = opened(tmp_path)
    store, files = SqliteDedupe(database, "seen"), [tmp_path / "keys.sqlite", tmp_path / "keys.sqlite"]
    for number in range(3):
        await store.reserve(bytes([number]) * 32, ttl=HOUR, holder=HOLDER)
    await store.confirm(bytes([2]) * 32, b'"done"')
    [under_way, *_] = kept_keys(files)
    assert (under_way.state, under_way.flow, under_way.node, under_way.run) == ("reserved", "site", "contact", "r1")
    with pytest.raises(UsageError, match="its effect is under way"):
        decide(files, under_way.key, happened=True)
    database.close()
    assert [kept.state for kept in kept_keys(files)] == ["in_doubt", "in_doubt", "confirmed"]
    decide(files, "00000000", happened=True)
    decide(files, "01" * 32, happened=False)
    again = opened(tmp_path)
    store = SqliteDedupe(again, "seen")
    with pytest.raises(ResultUnknown):
        await store.reserve(bytes(32), ttl=HOUR)
    assert await store.reserve(b"\1" * 32, ttl=HOUR) is None
    assert await store.reserve(b"\2" * 32, ttl=HOUR) == b'"done"'
    again.close()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("abab", "give at least 8 digits"),
        ("00" * 4, "no effect has this key"),
        ("ABABABAB", "2 effects have keys that begin so"),
    ],
)
@running
async def test_what_cannot_be_decided_is_said(tmp_path, key, said):
    database = opened(tmp_path)
    for binding in ("seen", "known"):
        await SqliteDedupe(database, binding).reserve(KEY, ttl=HOUR)
    database.close()
    with pytest.raises(UsageError, match=said):
        decide([tmp_path / "keys.sqlite"], key, happened=True)


def test_other_files_have_no_keys(tmp_path):
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).close()
    assert kept_keys([other, tmp_path / "none.sqlite"]) == []
    assert not (tmp_path / "none.sqlite").exists()


def test_the_stores_of_an_environment_are_its_database_files(tmp_path):
    sqlite = 'backend = "sqlite"\npath = '
    text = f'[e.a]\n{sqlite}"a.sqlite"\n[e.b]\nbackend = "local"\n[f.a]\n{sqlite}"f"\n'
    assert environment_stores(text, "e", tmp_path) == [(tmp_path / "a.sqlite").resolve()]


def test_a_process_is_alive_as_long_as_it_says_so(tmp_path):
    one, other = Presence(tmp_path / "alive"), Presence(tmp_path / "alive")
    name = one.id
    assert one.is_alive(name)
    assert other.is_alive(name)
    one.close()
    assert not other.is_alive(name)
    (tmp_path / "alive" / "crashed").touch()  # a file without a lock: its process was killed
    assert not other.is_alive("crashed")
    assert list((tmp_path / "alive").iterdir()) == []
    alone = Presence(None)
    assert alone.is_alive(alone.id)
