"""Replacing a file, or creating one, in one step."""

import os
import stat

import pytest

from flowlattice.files import create_file, replace_file


def test_a_file_is_replaced_with_its_permissions_and_nothing_is_left_beside_it(tmp_path):
    file = tmp_path / "made" / "state.json"
    replace_file(file, b"one")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"one", 0o600)
    replace_file(file, b"two", mode=0o640)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"two", 0o640)
    assert [found.name for found in file.parent.iterdir()] == ["state.json"]


def test_what_cannot_be_replaced_stays_and_the_draft_goes(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        replace_file(tmp_path / "taken", b"one")
    assert [found.name for found in tmp_path.iterdir()] == ["taken"]


def test_a_file_is_created_once(tmp_path):
    file = tmp_path / "made" / "here" / "one"
    assert create_file(file, b"first", mode=0o640)
    assert not create_file(file, b"second")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"first", 0o640)
    assert [found.name for found in file.parent.iterdir()] == ["one"]


def test_what_cannot_be_created_as_a_whole_is_not_there(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        create_file(tmp_path / "one", b"x" * 100)
    assert list(tmp_path.iterdir()) == []
