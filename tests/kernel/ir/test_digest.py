"""Digests: of all that a flow loads from its folder, byte for byte, and of nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.ir.build import build
from flowlattice.ir.digest import digest_of, ir_digest, source_digest, source_files

FLOW = "from .parts import x\nfrom . import more\n"


@pytest.fixture
def folder(tmp_path):
    for name, text in {
        "flow": FLOW,
        "parts": "from .deep import y\n",
        "more": "",
        "deep": "",
        "other": "z = 1",
    }.items():
        (tmp_path / f"{name}.py").write_bytes(text.encode())
    return tmp_path


def test_what_is_imported_counts_and_nothing_else(folder):
    assert set(source_files(folder)) == {"flow.py", "parts.py", "more.py", "deep.py"}
    before = source_digest(folder)
    (folder / "other.py").write_text("z = 2")
    (folder / "notes.txt").write_text("notes")
    assert source_digest(folder) == before
    (folder / "deep.py").write_text("y = 1")
    assert source_digest(folder) != before


def test_line_ends_count(folder):
    before = source_digest(folder)
    (folder / "flow.py").write_bytes(FLOW.replace("\n", "\r\n").encode())
    assert source_digest(folder) != before


def test_a_file_and_its_folder_are_one_flow(folder):
    assert source_digest(folder) == source_digest(folder / "flow.py") == digest_of(source_files(folder))


def test_a_circle_of_imports_ends(folder):
    (folder / "deep.py").write_text("from .flow import x\nfrom .parts import y\n")
    assert set(source_files(folder)) == {"flow.py", "parts.py", "more.py", "deep.py"}


def test_nothing_outside_the_folder_counts(folder):
    (folder / "deep.py").write_text("from ..elsewhere import x\nimport json\nfrom .... import y\n")
    assert set(source_files(folder)) == {"flow.py", "parts.py", "more.py", "deep.py"}


@given(
    st.dictionaries(st.text(max_size=5), st.binary(max_size=8)),
    st.dictionaries(st.text(max_size=5), st.binary(max_size=8)),
)
def test_different_files_have_different_digests(one, other):
    assert (digest_of(one) == digest_of(other)) == (one == other)
    assert digest_of(dict(reversed(one.items()))) == digest_of(one)


def test_the_digest_of_an_ir_is_that_of_its_text(tmp_path):
    text = 'from flowlattice import *\nflow = Flow("a", version="1.0.{}")\n'.replace("import *", "import Flow")
    (tmp_path / "flow.py").write_text(text.format(0))
    first = build(tmp_path).ir
    (tmp_path / "flow.py").write_text(text.format(1))
    second = build(tmp_path).ir
    assert first is not None
    assert second is not None
    assert ir_digest(first) != ir_digest(second)
    assert ir_digest(first) == ir_digest(first.model_validate_json(first.to_json()))
