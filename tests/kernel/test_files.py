"""Replacing a file in one step."""

import stat

import pytest

from flowlattice.files import replace_file


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
