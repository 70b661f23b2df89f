"""`flows graph`: draws what can be built, says why where it cannot, and draws the same every time."""

import json
import os
import subprocess
import sys

import pytest

from flowlattice.cli import run
from flowlattice.commands.graph import FORMATS
from flowlattice.ir.drawing import FORMATS as DRAWN
from tests.support.docblocks import ROOT

ECHO = str(ROOT / "examples" / "s01_echo")
BEGINNINGS = {"mermaid": "flowchart LR\n", "dot": 'digraph "echo_norm 1.0.0" {\n', "svg": "<svg "}

CYCLE = """
from flowlattice import Flow, Record, http, node

class Word(Record, data="public"):
    v: str

@node
def again(word: Word) -> Word:
    return word

flow = Flow("cycle", version="1.0.0")
flow.connect(flow.trigger(http.post("/w", accepts=Word)), again)
flow.connect(again, again)
"""


@pytest.mark.parametrize("style", FORMATS)
def test_a_flow_is_drawn(capsys, style):
    assert run(["graph", ECHO, "--format", style]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(BEGINNINGS[style])
    assert "normalize" in printed.out
    assert not printed.out.endswith("\n\n")


def test_the_offered_formats_are_those_that_can_be_drawn():
    assert tuple(DRAWN) == FORMATS


def test_mermaid_is_what_is_drawn_without_a_format(capsys):
    assert run(["graph", ECHO]) == 0
    assert capsys.readouterr().out.startswith(BEGINNINGS["mermaid"])


def test_json_holds_the_drawing(capsys):
    assert run(["graph", ECHO, "--format", "dot", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "dot"
    assert found["graph"].startswith(BEGINNINGS["dot"])


def test_a_graph_with_faults_is_drawn_so_that_they_are_seen(capsys, tmp_path):
    (tmp_path / "flow.py").write_text(CYCLE)
    assert run(["graph", str(tmp_path)]) == 0
    assert "n2 --> n2" in capsys.readouterr().out


def test_a_flow_that_cannot_be_built_is_explained_on_stderr(capsys, tmp_path):
    (tmp_path / "flow.py").write_text("flow = Flow(\n")
    assert run(["graph", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{tmp_path}/flow.py:1:" in printed.err
    assert "LOAD001" in printed.err
    assert "1 error" in printed.err


def test_a_flow_that_cannot_be_built_is_explained_as_json(capsys, tmp_path):
    (tmp_path / "flow.py").write_text("flow = Flow(\n")
    assert run(["graph", str(tmp_path / "flow.py"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "LOAD001"


def test_a_path_without_a_flow_is_wrong_usage(capsys, tmp_path):
    assert run(["graph", str(tmp_path)]) == 2
    assert "no flow there" in capsys.readouterr().err


def test_the_drawing_is_the_same_in_every_process():
    def drawn(seed):
        command = [sys.executable, "-m", "flowlattice", "graph", ECHO, "--format", "svg"]
        return subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout

    assert drawn("1") == drawn("2")
