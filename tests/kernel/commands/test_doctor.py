"""`flows doctor`: one line a check, what helps, and exit codes that tell a sick machine from a sick flow."""

import json
import os
import subprocess
import sys

import pytest

from flowlattice.cli import run
from tests.support.docblocks import ROOT

ECHO = str(ROOT / "examples" / "s01_echo")

# What none of it needs; a doctor who takes seconds is not asked.
HEAVY = {"cel", "flowlattice_agents", "httpx", "hypothesis", "langgraph", "libcst", "pygit2", "starlette", "uvicorn"}


@pytest.fixture
def broken(tmp_path):
    """A flow that cannot be built."""
    file = tmp_path / "flow.py"
    file.write_text("this is no Python\n")
    return str(file)


@pytest.fixture(name="homeless")
def _homeless(tmp_path, monkeypatch):
    """A machine on which no state can be kept."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "file" / "home"))


def checks(capsys):
    return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_it_says_one_line_a_check(capsys):
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    named = {line.split()[1]: line.split()[0] for line in lines if line.split()[0] in ("ok", "warn", "fail")}
    assert {"python", "flowlattice", "packages", "sandbox", "home", "port", "clock"} <= set(named)
    assert "fail" not in named.values()


def test_it_speaks_json(capsys):
    assert run(["doctor", "--json"]) == 0
    found = checks(capsys)
    assert set(found["python"]) == {"name", "status", "text", "remedy", "details"}
    assert found["packages"]["details"]["click"]
    assert "flow" not in found


def test_a_flow_that_is_well(capsys):
    assert run(["doctor", ECHO, "--json"]) == 0
    assert checks(capsys)["flow"]["status"] == "ok"


def test_a_flow_with_problems_is_exit_1_and_says_what_shows_them(capsys, broken):
    assert run(["doctor", broken, "--json"]) == 1
    found = checks(capsys)["flow"]
    assert found["status"] == "fail"
    assert found["text"] == f"{broken} has 1 error (LOAD001)"
    assert found["remedy"] == f"flows check {broken} says where"


@pytest.mark.usefixtures("homeless")
def test_a_machine_that_lacks_something_is_exit_3_and_the_flow_is_left_alone(capsys, broken):
    assert run(["doctor", broken, "--json"]) == 3
    found = checks(capsys)
    assert (found["home"]["status"], found["flow"]["status"]) == ("fail", "warn")


def test_a_sandbox_that_does_not_start_is_exit_3(capsys, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert run(["doctor", ECHO, "--json"]) == 3
    assert "cannot be started" in checks(capsys)["flow"]["text"]


@pytest.mark.usefixtures("homeless")
def test_a_remedy_stands_below_what_it_is_for(capsys):
    assert run(["doctor"]) == 3
    lines = capsys.readouterr().out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("fail"))
    assert "FLOWS_HOME" in lines[place + 1]


def test_a_path_without_a_flow_is_wrong_usage(capsys, tmp_path):
    assert run(["doctor", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_imports_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-m", "flowlattice", "doctor"],
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert {line.split("|")[2].strip() for line in lines} & HEAVY == set()
