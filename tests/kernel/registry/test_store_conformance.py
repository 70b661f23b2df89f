"""What every backend of the registry has to keep: content once and for ever, and exactly one of several writers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from flowlattice.errors import EngineUnavailable, UsageError
from flowlattice.registry import Absent, store_at


def test_content_is_kept_and_found(store):
    assert store.put("blobs/ab/abc", b"\x00\xff" * 1000)
    assert store.put("versions/orders/1.0.0-rc.1", b"")
    assert store.get("blobs/ab/abc") == b"\x00\xff" * 1000
    assert store.get("versions/orders/1.0.0-rc.1") == b""


def test_what_is_there_stays(store):
    assert store.put("versions/orders/1.0.0", b"first")
    assert not store.put("versions/orders/1.0.0", b"second")
    assert not store.put("versions/orders/1.0.0", b"first")
    assert store.get("versions/orders/1.0.0") == b"first"


def test_what_is_not_there_is_said(store):
    store.put("versions/orders/1.0.0", b"first")
    for key in ("versions/orders/1.0", "versions/orders", "versions/orders/1.0.0/more", "other"):
        with pytest.raises(Absent):
            store.get(key)


def test_keys_are_listed_below_whole_parts(store):
    assert store.keys("versions") == []
    for key in ("versions/b/1.0.0", "versions/a/2.0.0", "versions/a/1.0.0", "versions/ab/1.0.0", "events/a/1"):
        store.put(key, b"x")
    assert store.keys("versions/a") == ["versions/a/1.0.0", "versions/a/2.0.0"]
    assert store.keys("versions") == ["versions/a/1.0.0", "versions/a/2.0.0", "versions/ab/1.0.0", "versions/b/1.0.0"]
    assert store.keys("versions/c") == []


def test_of_several_writers_exactly_one_writes(store):
    with ThreadPoolExecutor(8) as pool:
        for number in range(3):
            contents = [bytes([writer]) * 5000 for writer in range(8)]
            wrote = list(pool.map(lambda content, key=f"versions/a/{number}": store.put(key, content), contents))
            assert wrote.count(True) == 1
            assert store.get(f"versions/a/{number}") == contents[wrote.index(True)]


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a b", "a\\b"])
def test_no_key_leads_elsewhere(store, key):
    with pytest.raises(ValueError, match="is no key"):
        store.put(key, b"x")
    with pytest.raises(ValueError, match="is no key"):
        store.get(key)


def test_places_of_buckets(s3):
    assert store_at(s3).place == s3
    for wrong in ("s3://", "s3:///a", "s3://a/../b", "s3://a b"):
        with pytest.raises(UsageError, match="write s3://BUCKET or s3://BUCKET/PREFIX"):
            store_at(wrong)
    with pytest.raises(UsageError, match="no registry can be kept at ftp://"):
        store_at("ftp://a/b")


def test_a_server_that_refuses_is_said_in_one_line(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = store_at(s3)
    for ask in (lambda: store.put("versions/a/1", b"x"), lambda: store.get("versions/a/1"), lambda: store.keys("a")):
        with pytest.raises(EngineUnavailable, match=f"^{s3} cannot be ") as caught:
            ask()
        assert "\n" not in str(caught.value)
