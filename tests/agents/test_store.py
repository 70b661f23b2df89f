"""The run store: content by digest, whole or not there."""

from pathlib import Path

import pytest

from flowlattice_agents.errors import RunError
from flowlattice_agents.store import RunStores


def test_equal_content_is_kept_once_and_comes_back(tmp_path: Path) -> None:
    store = RunStores(tmp_path).create("a1b2c3")
    assert store.put("x") == store.put(b"x")
    assert store.text(store.put("é")) == "é"


def test_equal_json_has_one_digest_whatever_its_order(tmp_path: Path) -> None:
    store = RunStores(tmp_path).create("a1b2c3")
    assert store.put_json({"a": 1, "b": [2]}) == store.put_json({"b": [2], "a": 1})


def test_content_that_was_changed_on_disk_is_refused(tmp_path: Path) -> None:
    store = RunStores(tmp_path).create("a1b2c3")
    digest = store.put("x")
    next((store.folder / "objects").rglob(digest[2:])).write_text("y")
    with pytest.raises(RunError, match="changed on disk"):
        store.text(digest)


def test_a_missing_object_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="missing"):
        RunStores(tmp_path).create("a1b2c3").text("0" * 64)


def test_a_prefix_names_a_run_if_it_names_only_one(tmp_path: Path) -> None:
    stores = RunStores(tmp_path)
    stores.create("a1b2")
    stores.create("a1c3")
    assert stores.open("a1b").run == "a1b2"
    with pytest.raises(RunError, match="2 runs"):
        stores.open("a1")
    with pytest.raises(RunError, match="no run"):
        stores.open("../../etc")


def test_an_event_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    store = RunStores(tmp_path).create("a1b2")
    store.append_event({"text": "whole"})
    with store.events.open("a") as stream:
        stream.write('{"text": "ha')
    assert [event["text"] for event in store.read_events()] == ["whole"]
