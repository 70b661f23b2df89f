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
    """The distributions that provide what is imported, by its name."""
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
    return {name: {canonicalize_name(one) for one in providers.get(name, [f"no such: {name}"])} for name in foreign}


KERNEL = _declared(PROJECT["dependencies"])
AGENTS = _declared(PROJECT["optional-dependencies"]["agents"])
# What one backend each imports, where something is bound to it, traces, and what the benchmarks compare with.
EXTRAS = {
    name
    for extra in ("bench", "openai", "otel", "postgres", "s3")
    for name in _declared(PROJECT["optional-dependencies"][extra])
}


@pytest.mark.parametrize(("folder", "declared"), [("kernel", KERNEL | EXTRAS), ("agents", KERNEL | AGENTS)])
def test_what_is_imported_is_declared(folder, declared):
    # A namespace package is provided by several distributions (langgraph): one of them that is declared will do, and so
    # will what belongs to one (pydantic-core).
    belongs = tuple(f"{one}-" for one in declared)
    missing = {name: providers for name, providers in _imported(folder).items() if not providers & declared}
    assert {
        name for name, providers in missing.items() if not any(one.startswith(belongs) for one in providers)
    } == set()


@pytest.mark.parametrize(("folders", "declared"), [(("kernel",), KERNEL | EXTRAS), (("agents",), AGENTS)])
def test_what_is_declared_is_imported(folders, declared):
    imported = set().union(*_imported(*folders).values())
    assert declared - imported - set(LOADED_BY_NAME) == set()
