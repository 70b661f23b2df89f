"""What holds for every test: a home of its own, no network, and examples that are the same in every run."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

from tests.support import golden as golden_files
from tests.support.sabotaged import figures

# No deadline: timings belong to benchmarks. Derandomised in CI, so that a red run can be run again.
settings.register_profile("house", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")

# A real model is asked by `make test-llm` alone: what serves it is compiled while it is installed.
collect_ignore = [] if os.environ.get("FLOWS_TEST_LLM") else ["llm"]

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "localhost"  # a unix socket is local
    elif event == "socket.getaddrinfo":
        host = arguments[0] or "localhost"
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    if not name.startswith(_LOCAL):
        raise RuntimeError(f"a test reached for the network: {event} {name}")


def pytest_configure() -> None:
    """Refuse the network from here to the end of the process: an audit hook cannot be removed."""
    sys.addaudithook(_refuse_network)


def pytest_addoption(parser):
    """The one flag that accepts changed output."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing")


def pytest_terminal_summary(terminalreporter):
    """What came of the lying flows, where they were run."""
    line = figures(terminalreporter.stats)
    if line is not None:
        terminalreporter.write_line(line)


@pytest.fixture
def golden(request) -> golden_files.Golden:
    """Compare a text with a golden file."""
    return golden_files.write if request.config.getoption("--update-golden") else golden_files.assert_same


@pytest.fixture(autouse=True)
def _home(tmp_path_factory, monkeypatch):
    """No test sees the person's deployments, models or keys, nor another test's."""
    for name in [*os.environ]:
        if name.startswith(("OPENAI_", "FLOWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def _postgres_database(tmp_path_factory):
    from tests.support.postgres import server  # only tests that need it import psycopg

    base, worker = tmp_path_factory.getbasetemp(), os.environ.get("PYTEST_XDIST_WORKER", "")
    with server(base.parent if worker else base, worker or "alone") as database:
        yield database


@pytest.fixture
def postgres(_postgres_database) -> dict[str, str]:
    """An empty PostgreSQL database on a real server: host, port, user and dbname."""
    from tests.support.postgres import empty

    empty(_postgres_database)
    return _postgres_database
