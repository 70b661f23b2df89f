"""What is installed is told from the installation's own records, without importing it."""

import sys
from importlib.metadata import Distribution, distribution

import pytest

import flowlattice
from flowlattice.health.installation import (
    Need,
    data,
    extra_packages,
    installation,
    needed,
    own_version,
    packages,
    python_version,
    workspace,
)


def record(folder, name, version, *files):
    """An installed package's record in a folder, as pip writes it."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return Distribution.at(info)


def test_this_python_will_do():
    assert python_version().status == "ok"


def test_an_old_python_is_a_failure_that_names_the_new_one():
    found = python_version((3, 10, 14))
    assert found.status == "fail"
    assert "3.10.14" in found.text
    assert "3.11" in str(found.remedy)


@pytest.mark.parametrize(
    ("requirement", "need"),
    [
        ("click>=8.1", Need("click", "8.1")),
        ("click", Need("click")),
        ("uvloop>=0.21; sys_platform != 'win32'", Need("uvloop", "0.21")),
        ("winloop; sys_platform != 'linux'", None),
        ("pygit2>=1.18; extra == 'agents'", Need("pygit2", "1.18", "agents")),
        ('pygit2 >=1.18,<3 ; extra == "agents"', Need("pygit2", "1.18", "agents")),
        ("uvicorn[standard]>=0.38", Need("uvicorn", "0.38")),
        ("langgraph-checkpoint-sqlite<4,>=3.0", Need("langgraph-checkpoint-sqlite", "3.0")),
        ("", None),
    ],
)
def test_a_requirement_is_read_as_the_wheel_has_it(requirement, need):
    assert needed(requirement, "linux") == need


def test_packages_that_are_there_are_listed_with_their_versions():
    found = packages([Need("click", "8"), Need("pydantic")])
    assert found.status == "ok"
    assert found.details == {"click": distribution("click").version, "pydantic": distribution("pydantic").version}


def test_a_missing_or_old_package_is_a_failure_with_the_command_that_helps():
    found = packages([Need("click", "8"), Need("no-such-package", "2.0"), Need("pydantic", "999.1")])
    assert found.status == "fail"
    assert "no-such-package>=2.0 is missing" in found.text
    assert "is older than 999.1" in found.text
    assert found.remedy == "pip install --upgrade 'no-such-package>=2.0' 'pydantic>=999.1'"


def test_a_package_whose_files_are_gone_is_no_package(tmp_path, monkeypatch):
    record(tmp_path, "hollow", "1.0", "hollow/__init__.py")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = packages([Need("hollow")])
    assert found.status == "fail"
    assert "its files are gone" in found.text


def test_versions_are_compared_as_numbers(tmp_path, monkeypatch):
    (tmp_path / "tenth.py").write_text("")
    record(tmp_path, "tenth", "1.10rc1", "tenth.py")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert packages([Need("tenth", "1.9")]).status == "ok"
    assert packages([Need("tenth", "1.10.0")]).status == "ok"
    assert packages([Need("tenth", "1.11")]).status == "fail"
    assert "tenth" not in sys.modules


def test_a_missing_extra_is_a_warning():
    found = extra_packages("agents", [Need("no-such-package", extra="agents")])
    assert found.status == "warn"
    assert found.remedy == "pip install --upgrade 'flowlattice[agents]'"


def test_the_workspaces_library_is_named():
    assert workspace().details == {"pygit2": distribution("pygit2").version}


def test_what_runs_is_compared_with_what_is_installed(tmp_path):
    same = record(tmp_path, "flowlattice", flowlattice.__version__)
    assert own_version(same).status == "ok"
    other = own_version(record(tmp_path, "flowlattice", "0.0.1"))
    assert (other.status, "0.0.1" in other.text) == ("warn", True)
    assert own_version(None).status == "warn"


def test_data_is_found():
    found = data("policies", "flowlattice")
    assert (found.status, found.remedy) == ("ok", None)


def test_lost_data_of_the_kernel_is_a_failure_and_of_the_agents_a_warning():
    assert data("no_such_folder", "flowlattice").status == "fail"
    assert data("no_such_folder", "flowlattice_agents").status == "warn"


def test_a_folder_without_files_is_lost_data(tmp_path, monkeypatch):
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "__init__.py").write_text("")
    (tmp_path / "hollow" / "_data" / "rules").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = data("rules", "hollow")
    assert found.status == "warn"
    assert found.text.endswith("is empty")


def test_all_of_it_is_looked_at():
    names = [finding.name for finding in installation()]
    assert names[:2] == ["python", "flowlattice"]
    assert {"workspace", "policies", "prompts", "evals"} <= set(names)
    assert len(names) == len(set(names))
