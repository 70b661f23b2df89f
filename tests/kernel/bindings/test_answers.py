"""Answers that are kept: what both stores do alike, and what makes room."""

import pytest

from flowlattice.bindings.answers import SCHEMA, MemoryAnswers, SqliteAnswers
from flowlattice.bindings.database import Database
from tests.support.flows import running


@pytest.fixture(params=["memory", "file"])
def opened(request, tmp_path):
    """Makes stores of two answers at most."""
    databases = []

    def open_(binding="ai"):
        if request.param == "memory":
            return MemoryAnswers(most=2)
        databases.append(Database(tmp_path / "answers.sqlite", SCHEMA))
        return SqliteAnswers(databases[-1], binding, most=2)

    yield open_
    for database in databases:
        database.close()


def test_an_answer_is_kept_in_its_pieces_and_the_oldest_makes_room(opened):
    store = opened()

    @running
    async def check():
        assert await store.get(b"one") is None
        await store.put(b"one", ["a", "ü\n", ""])
        assert list(await store.get(b"one")) == ["a", "ü\n", ""]
        await store.put(b"one", ["b"])
        await store.put(b"two", [])
        assert [list(await store.get(key)) for key in (b"one", b"two")] == [["b"], []]
        await store.put(b"three", ["c"])
        assert await store.get(b"one") is None
        assert list(await store.get(b"three")) == ["c"]

    check()


def test_bindings_keep_their_own(opened):
    one, other = opened("one"), opened("other")

    @running
    async def check():
        await one.put(b"key", ["a"])
        assert await other.get(b"key") is None

    check()
