"""Data folders are found in a checkout and in an installed package; what is missing is said."""

import sys

import pytest

from flowlattice.errors import EngineUnavailable
from flowlattice.resources import data_folder
from tests.support.docblocks import ROOT


@pytest.mark.parametrize(
    ("package", "name"),
    [("flowlattice", "policies"), ("flowlattice_agents", "prompts"), ("flowlattice_agents", "evals")],
)
def test_a_checkout_reads_its_own_folders(package, name):
    assert data_folder(package, name) == ROOT / name


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package as in site-packages, beside a folder that has the name of a data folder by chance."""
    (tmp_path / "lib" / "site-packages" / "lattice_user" / "_data" / "policies").mkdir(parents=True)
    (tmp_path / "lib" / "site-packages" / "lattice_user" / "__init__.py").touch()
    (tmp_path / "lib" / "policies").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "lib" / "site-packages")
    return tmp_path / "lib" / "site-packages" / "lattice_user"


def test_an_installed_package_reads_its_copy(installed):
    assert data_folder("lattice_user", "policies") == installed / "_data" / "policies"
    assert "lattice_user" not in sys.modules


def test_a_lost_folder_is_said(installed):
    with pytest.raises(EngineUnavailable, match="install lattice_user again"):
        data_folder("lattice_user", "prompts")


def test_a_package_that_is_not_installed_is_said():
    with pytest.raises(EngineUnavailable, match="lattice_nobody, which is not installed"):
        data_folder("lattice_nobody", "prompts")
