"""The declared dependencies are those that the code imports: none is missing, none is left over."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.docblocks import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {"flowlattice", "flowlattice_agents"}

# Never imported by us, needed all the same: by what loads it.
LOADED_BY_NAME = {
    "httptools": "uvicorn parses HTTP with it",
    "python-multipart": "Starlette reads forms with it",
    "toktok-rs": "the kernel counts tokens with it, for the agents too",
    "uvloop": "uvicorn runs on it",
}


# Modules of the standard library of a newer Python, imported behind a look at its version.
NEWER = {"annotationlib"}


def _declared(requirements):
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


def _imported(*folders):
    """For each package that is imported, the distributions that provide it: several for a namespace (langgraph)."""
    names = set()
    for folder in folders:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.split(".")[0])
    providers = packages_distributions()
    foreign = names - sys.stdlib_module_names - NEWER - OWN
    return [{canonicalize_name(provider) for provider in providers.get(name, [f"no such: {name}"])} for name in foreign]


KERNEL = _declared(PROJECT["dependencies"])
AGENTS = _declared(PROJECT["optional-dependencies"]["agents"])
# What one backend each imports, where something is bound to it, and what the benchmarks compare with.
EXTRAS = {
    n for extra in ("bench", "openai", "otel", "postgres") for n in _declared(PROJECT["optional-dependencies"][extra])
}


@pytest.mark.parametrize(("folder", "declared"), [("kernel", KERNEL | EXTRAS), ("agents", KERNEL | AGENTS)])
def test_what_is_imported_is_declared(folder, declared):
    assert [providers for providers in _imported(folder) if not providers & declared] == []


@pytest.mark.parametrize(("folders", "declared"), [(("kernel",), KERNEL | EXTRAS), (("agents",), AGENTS)])
def test_what_is_declared_is_imported(folders, declared):
    assert declared - set().union(*_imported(*folders)) - set(LOADED_BY_NAME) == set()
