"""The wheel and the sdist hold what they should, and work where nothing else is installed."""

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import flowlattice
from tests.support.docblocks import ROOT
from tests.support.environments import install

BRIEF = (
    "POST /echo takes {v: string}, trims and lower-cases v and returns {v}. "
    "p95 under 50 ms at 500 requests a second, reject bodies without v."
)

DATA = [("flowlattice", "policies"), ("flowlattice_agents", "prompts"), ("flowlattice_agents", "evals")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, the wheel of the checkout, and the wheel that is built from the sdist."""
    folder = tmp_path_factory.mktemp("built")
    _build(ROOT, folder, "--sdist", "--wheel")
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    with tarfile.open(sdist) as archive:
        # Python 3.11.4 and later have the filter; before, there is nothing to ask for.
        setattr(archive, "extraction_filter", getattr(tarfile, "data_filter", lambda member, _: member))  # noqa: B010
        archive.extractall(folder / "unpacked")
    (source,) = (folder / "unpacked").iterdir()
    _build(source, folder / "again", "--wheel")
    (wheel_of_sdist,) = (folder / "again").glob("*.whl")
    return {"sdist": sdist, "wheel": wheel, "wheel of the sdist": wheel_of_sdist}


def _build(source, target, *what):
    # hatchling comes from this environment: an isolated build would download it.
    command = [sys.executable, "-m", "build", "--no-isolation", *what, "--outdir", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_both_packages_and_their_data(built):
    names = _names(built["wheel"])
    info = f"flowlattice-{flowlattice.__version__}.dist-info"
    assert {
        "flowlattice/__init__.py",
        "flowlattice/py.typed",
        "flowlattice_agents/__init__.py",
        "flowlattice_agents/py.typed",
        f"{info}/licenses/LICENSE",
        f"{info}/entry_points.txt",
    } <= names
    assert {name.split("/")[0] for name in names} == {"flowlattice", "flowlattice_agents", info}


@pytest.mark.parametrize(("package", "name"), DATA)
def test_the_wheel_holds_every_data_file(built, package, name):
    files = [file.relative_to(ROOT).as_posix() for file in (ROOT / name).rglob("*") if file.is_file()]
    wanted = {f"{package}/_data/{file}" for file in files if not file.startswith("evals/records/")}
    assert wanted
    assert wanted <= _names(built["wheel"])


def test_records_are_for_the_tests_and_not_in_the_wheel(built):
    with tarfile.open(built["sdist"]) as archive:
        assert any("/evals/records/" in name for name in archive.getnames())
    assert [name for name in _names(built["wheel"]) if "/records/" in name] == []


def test_the_wheel_holds_every_file_of_the_packages(built):
    names = _names(built["wheel"])
    for home in (ROOT / "kernel", ROOT / "agents"):
        files = {
            f.relative_to(home).as_posix() for f in home.rglob("*") if f.is_file() and "__pycache__" not in f.parts
        }
        assert files <= names


def test_the_sdist_builds_the_same_wheel(built):
    assert _names(built["wheel of the sdist"]) == _names(built["wheel"])


def test_the_sdist_holds_what_is_needed_to_work_on_it(built):
    with tarfile.open(built["sdist"]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "Makefile", "requirements/dev.txt", "tests/conftest.py"} <= names
    assert not [name for name in names if ".venv" in name or "__pycache__" in name]


@pytest.mark.parametrize("artifact", ["wheel", "wheel of the sdist"])
def test_it_works_where_nothing_else_is_installed(built, artifact, tmp_path):
    environment = install(built[artifact], tmp_path / "venv", extras=("agents",))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    version = environment.run("flows", "--version", cwd=elsewhere)
    assert (version.returncode, version.stdout) == (0, f"flows {flowlattice.__version__}\n")
    for package, name in DATA:
        code = f"from flowlattice.resources import data_folder; print(data_folder({package!r}, {name!r}))"
        found = environment.run("python", "-I", "-c", code, cwd=elsewhere)
        assert found.stdout.strip() == str(environment.packages / package / "_data" / name), found.stderr
    author = environment.run(
        "flows", "author", BRIEF, "--yes", "--json", "--out", "echo",
        cwd=elsewhere, env={"FLOWS_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert author.returncode == 0, author.stderr
    result = json.loads(author.stdout.strip().splitlines()[-1])
    assert result["outcome"] == "deployed"
    assert (elsewhere / result["flow"]).is_file()


def test_the_kernel_alone_checks_flows_and_names_the_extra_for_the_rest(built, tmp_path):
    environment = install(built["wheel"], tmp_path / "venv")
    home = {"FLOWS_HOME": str(tmp_path / "home")}
    flow = str(ROOT / "examples" / "s01_echo" / "flow.py")
    check = environment.run("flows", "check", flow, cwd=tmp_path, env=home)
    assert check.returncode == 0, check.stdout + check.stderr
    author = environment.run("flows", "author", BRIEF, "--yes", cwd=tmp_path, env=home)
    assert author.returncode == 3
    assert "flowlattice[agents]" in author.stderr
    assert "Traceback" not in author.stderr


def _locked(name):
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)[1:]
    return {canonicalize_name(entry.split("==")[0].split("[")[0]): entry for entry in entries}


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_a_lock_pins_every_requirement_with_hashes_and_names_no_registry(name):
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ file|^/", text, re.MULTILINE)
    for entry in _locked(name).values():
        assert re.match(r"[\w.\[\]-]+==\S+ ", entry), entry
        assert "--hash=sha256:" in entry


def test_the_locks_hold_what_pyproject_asks_for_in_the_same_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    run = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["agents"],
        *groups["build"],
    ]
    locks = {"run.txt": run, "dev.txt": [*run, *groups["dev"]]}
    for name, wanted in locks.items():
        locked = _locked(name)
        for requirement in map(Requirement, wanted):
            version = re.match(r"[^=]+==(\S+)", locked[canonicalize_name(requirement.name)])
            assert version is not None
            assert requirement.specifier.contains(version[1]), f"{name} is out of date for {requirement}: make lock"
    assert {name: entry.split()[0] for name, entry in _locked("run.txt").items()}.items() <= {
        name: entry.split()[0] for name, entry in _locked("dev.txt").items()
    }.items()


def test_no_other_lock_is_kept():
    assert not [name for name in ("uv.lock", "poetry.lock", "package-lock.json") if (ROOT / name).exists()]
