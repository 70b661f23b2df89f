"""Loading runs the admitted sources and nothing else that lies beside them."""

import importlib.util
import py_compile
import shutil
import sys

import pytest

from flowlattice.errors import UsageError
from flowlattice.language.loading import load
from flowlattice.language.sources import flow_file

FLOW = """
from flowlattice import Flow
from .parts import NAME
flow = Flow(NAME, version="1.0.0")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "parts.py").write_text("NAME = 'admitted'\n")
    return tmp_path


def test_a_folder_is_a_package(folder):
    program = load(folder)
    assert program.flow.name == "admitted"
    assert program.file == folder / "flow.py"
    assert load(folder / "flow.py").flow.name == "admitted"


def test_a_change_is_seen_when_it_is_loaded_again(folder):
    load(folder)
    (folder / "parts.py").write_text("NAME = 'changed'\n")
    assert load(folder).flow.name == "changed"


def test_two_folders_do_not_meet(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copy(folder / "flow.py", other)
    (other / "parts.py").write_text("NAME = 'other'\n")
    first, second = load(folder), load(other)
    assert (first.flow.name, second.flow.name) == ("admitted", "other")
    assert first.package != second.package


def test_byte_code_beside_a_flow_is_neither_read_nor_written(folder):
    parts = folder / "parts.py"
    planted = folder / "planted.py"
    planted.write_text("NAME = 'planted.'\n")  # as long as the source, so that size and time can agree
    cached = importlib.util.cache_from_source(str(parts))
    py_compile.compile(str(planted), cfile=cached, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert load(folder).flow.name == "admitted"
    shutil.rmtree(folder / "__pycache__")
    load(folder)
    assert not (folder / "__pycache__").exists()


def test_a_package_or_an_extension_does_not_shadow_a_file(folder):
    (folder / "parts").mkdir()
    (folder / "parts" / "__init__.py").write_text("NAME = 'shadow'\n")
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        (folder / f"parts{suffix}").write_bytes(b"not a library")
    assert load(folder).flow.name == "admitted"


def test_only_files_can_be_imported(folder):
    (folder / "parts.py").unlink()
    (folder / "parts").mkdir()
    (folder / "parts" / "__init__.py").write_text("NAME = 'package'\n")
    with pytest.raises(ModuleNotFoundError, match=r"no parts\.py"):
        load(folder)


def test_the_import_path_stays_as_it_was(folder):
    before = list(sys.path)
    load(folder)
    assert sys.path == before


@pytest.mark.parametrize("count", [0, 2])
def test_one_file_is_one_flow(tmp_path, count):
    flows = "".join(f"flow{i} = Flow('f{i}', version='1.0.0')\n" for i in range(count))
    (tmp_path / "flow.py").write_text("from flowlattice import Flow\n" + flows)
    with pytest.raises(UsageError, match=f"defines {count} flows"):
        load(tmp_path)


def test_two_names_for_one_flow_are_one_flow(tmp_path):
    (tmp_path / "flow.py").write_text("from flowlattice import Flow\nflow = Flow('f', version='1.0.0')\nsame = flow\n")
    assert load(tmp_path).flow.name == "f"


def test_what_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "no.py", tmp_path / "no"):
        with pytest.raises(UsageError, match="no flow there"):
            flow_file(path)
