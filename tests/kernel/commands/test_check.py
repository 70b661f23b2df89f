"""`flows check`, `explain`, `ir` and `plan`: what they print, where, and how they end."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowlattice.check import rules, run_time_codes
from flowlattice.cli import run
from flowlattice.ir.model import FlowIR, json_schema
from tests.support.docblocks import ROOT

ECHO = str(ROOT / "examples" / "s01_echo")
WRONG = ROOT / "tests" / "kernel" / "check" / "flows" / "wrong"


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """A folder with a flow that is wrong in many ways, seen from above."""
    folder = tmp_path / "wrong"
    folder.mkdir()
    for name in ("flow", "parts"):
        shutil.copy(WRONG / f"{name}.txt", folder / f"{name}.py")
    monkeypatch.chdir(tmp_path)
    return "wrong"


CALLS = """
from flowlattice import Flow, HttpRead, Record, http, node
class A(Record, data="public"):
    v: str
@node
async def f(a: A, api: HttpRead) -> A:
    return a
flow = Flow("calls", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=A))
flow.connect(hook, f)
flow.connect(f, flow.respond())
flow.egress("api", "api.example.com")
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """A folder with a flow that calls a host."""
    (tmp_path / "flow.py").write_text(CALLS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_flow_without_problems(capsys):
    assert run(["check", ECHO]) == 0
    out, err = capsys.readouterr()
    assert out == f"{ECHO}/flow.py: no problems (echo_norm 1.0.0, 3 nodes)\n"
    assert err == ""


def test_a_flow_with_problems(capsys, wrong):
    assert run(["check", wrong]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("wrong/flow.py:9:5: error DET301 ")
    assert "wrong/parts.py:9:5: error DATA101" in out
    assert re.search(r"^wrong/flow.py: \d+ errors, \d+ warnings; --fix answers \d+", out, re.MULTILINE)
    assert (err, "\x1b" in out) == ("", False)


@pytest.mark.parametrize("arguments", [["--json"], ["--format", "json"]])
def test_json_is_one_finding_a_line(capsys, wrong, arguments):
    assert run(["check", wrong, *arguments]) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"code", "severity", "message", "file", "line", "column", "end_line", "end_column"} <= set(found[0])
    assert any(entry["fix"] and entry["fix"]["edits"] for entry in found)
    assert run(["check", ECHO, *arguments]) == 0
    assert capsys.readouterr().out == ""


def test_sarif_names_files_from_here(capsys, wrong, monkeypatch):
    assert run(["check", wrong, "--format", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "wrong/flow.py"
    monkeypatch.chdir("/")
    assert run(["check", ECHO, "--format", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


BROKEN = {
    "LOAD001": "flow = (\n",
    "LOAD003": "1 / 0\n",
    "LOAD004": "from flowlattice import Flow\nflow = Flow('a' * 10 ** 7, version='1.0.0')\n",
}


@pytest.fixture
def among_broken(calls):
    """A good flow's name before those of files that stop the building, seen from their folder."""
    for code, text in BROKEN.items():
        (calls / f"{code}.py").write_text(text)
    return ["flow.py", *(f"{code}.py" for code in BROKEN)]


def test_several_flows_are_reported_in_the_order_given_and_none_takes_another_down(capsys, among_broken):
    assert run(["check", "flow.py", ECHO]) == 0
    good = capsys.readouterr().out
    assert good.endswith(
        f"\nflow.py: 1 warning (calls 1.0.0, 3 nodes)\n{ECHO}/flow.py: no problems (echo_norm 1.0.0, 3 nodes)\n"
    )
    assert run(["check", *reversed(among_broken), ECHO]) == 1
    shown = capsys.readouterr().out
    assert re.findall(r"LOAD00\d.py:\d+:\d+: error (LOAD00\d)", shown) == sorted(BROKEN, reverse=True)
    assert shown.endswith(f"\n{good}")


def test_json_of_several_flows_names_their_files_from_here(capsys, wrong):
    assert run(["check", ECHO, wrong, "--json"]) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert run(["check", wrong, "--json"]) == 1
    alone = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found == [one | {"file": f"wrong/{one['file']}"} for one in alone]


def test_sarif_of_several_flows_is_one_run(capsys, wrong):
    assert run(["check", ECHO, wrong, wrong, "--format", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    assert run(["check", wrong, "--format", "sarif"]) == 1
    alone = json.loads(capsys.readouterr().out)
    assert log["runs"][0].pop("results") == alone["runs"][0].pop("results") * 2
    assert log == alone


def test_where_one_of_several_is_no_flow_none_is_checked(capsys):
    assert run(["check", ECHO, "no.py"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


def test_several_flows_are_fixed(capsys, wrong, tmp_path):
    shutil.copytree(wrong, "other")
    assert run(["check", wrong, "other", "--fix"]) == 1
    assert capsys.readouterr().err == "fixed wrong/flow.py\nfixed other/flow.py\n"
    assert Path("wrong/flow.py").read_text() == Path("other/flow.py").read_text()


def test_a_sandbox_that_cannot_be_started_is_an_engine_that_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert run(["check", ECHO]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: sandbox")
    assert len(err.splitlines()) == 1


def test_warnings_are_no_problem(capsys, calls):
    assert run(["check", "."]) == 0
    assert "1 warning (calls 1.0.0, 3 nodes)" in capsys.readouterr().out


def test_fixing_says_what_it_wrote(capsys, wrong):
    assert run(["check", wrong, "--fix"]) == 1
    out, err = capsys.readouterr()
    assert err == "fixed wrong/flow.py\n"
    assert "determinism=Determinism.NONDETERMINISTIC" in Path("wrong/flow.py").read_text()
    assert "safe fix" not in out.replace("unsafe fix", "")
    assert run(["check", wrong, "--fix", "--unsafe-fixes"]) == 1
    assert capsys.readouterr().err == "fixed wrong/flow.py\nfixed wrong/parts.py\n"


def test_hosts_that_are_allowed(capsys, calls):
    (calls / "hosts.yaml").write_text("- other.example.com\n")
    assert run(["check", ".", "--allow-hosts", "hosts.yaml"]) == 1
    assert "EGRESS101 api may not reach api.example.com" in capsys.readouterr().out
    (calls / "hosts.yaml").write_text("- '*.example.com'\n")
    assert run(["check", ".", "--allow-hosts", "hosts.yaml"]) == 0


def test_an_environment_binds_and_gives_credentials(capsys, calls, monkeypatch):
    assert run(["check", ".", "--env", "live"]) == 2
    assert "bindings.toml" in capsys.readouterr().err
    (calls / "bindings.toml").write_text('[live.other]\nbackend = "http"\n')
    assert run(["check", ".", "--env", "live"]) == 1
    assert "error CAP101 api (http.read) is not bound to a http backend in live" in capsys.readouterr().out
    (calls / "bindings.toml").write_text('[live.api]\nbackend = "http"\nheaders = { X-Token = "$API_TOKEN" }\n')
    assert run(["check", ".", "--env", "live"]) == 1
    assert "DAG203 the credential API_TOKEN of api" in capsys.readouterr().out
    monkeypatch.setenv("API_TOKEN", "t")
    assert run(["check", ".", "--env", "live"]) == 0


@pytest.mark.parametrize("text", ["", "hosts: [a]", "- 1", "- https://a.example", "- 'a b'", "- [", "- '*'"])
def test_hosts_that_are_none(capsys, calls, text):
    (calls / "hosts.yaml").write_text(text)
    assert run(["check", ".", "--allow-hosts", "hosts.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error: hosts.yaml: ")


USAGE = {
    "nothing": ["check"],
    "no such file": ["check", "no.py"],
    "no flow in a folder": ["check", "/"],
    "no such format": ["check", ECHO, "--format", "xml"],
    "unsafe without fix": ["check", ECHO, "--unsafe-fixes"],
    "no hosts file": ["check", ECHO, "--allow-hosts", "no.yaml"],
    "no such code": ["explain", "NOPE"],
    "ir of nothing": ["ir"],
    "ir of two things": ["ir", ECHO, "--schema"],
    "plan of nothing": ["plan"],
    "no such profile": ["plan", ECHO, "--profile", "moon"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage_is_one_line_on_stderr(capsys, arguments):
    code = run(arguments)
    out, err = capsys.readouterr()
    assert code in ({1, 2} if "--profile" in arguments else {2})
    assert out == ""
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("verb", ["ir", "plan"])
def test_a_flow_that_cannot_be_built_is_said_on_stderr(capsys, tmp_path, verb):
    (tmp_path / "flow.py").write_text("x = (\n")
    assert run([verb, str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "flow.py:1:5: error LOAD001" in err


def test_explaining_a_code(capsys):
    for rule in rules():
        assert run(["explain", rule.code.lower()]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"# {rule.code}: {rule.title}")
        assert "## Bad" in out
    assert run(["explain", "DAG001", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"code", "severity", "title", "page"}


def test_an_unknown_code_suggests_a_known_one(capsys):
    assert run(["explain", "EFECT201"]) == 2
    assert "did you mean 'EFFECT201'?" in capsys.readouterr().err


def test_listing_the_codes(capsys):
    assert run(["explain"]) == 0
    known = [found.code for found in rules()] + [found.code for found in run_time_codes()]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == known
    assert run(["explain", "--json"]) == 0
    assert [entry["code"] for entry in json.loads(capsys.readouterr().out)] == known


def test_explaining_what_only_a_run_shows(capsys):
    for found in run_time_codes():
        assert run(["explain", found.code.lower()]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"# {found.code}: {found.title}.")
        assert "## Now\n\nReserved." in out
    assert run(["explain", "RUN030", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"code", "severity", "title", "page"}
    assert run(["explain", "RUN031"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_no_code_is_both_found_and_given_by_runs():
    assert not {rule.code for rule in rules()} & {found.code for found in run_time_codes()}


def test_the_ir_and_its_schema(capsys):
    assert run(["ir", ECHO]) == 0
    indented = capsys.readouterr().out
    assert run(["ir", ECHO, "--json"]) == 0
    line = capsys.readouterr().out
    assert json.loads(indented) == json.loads(line)
    assert len(line.splitlines()) == 1
    assert FlowIR.model_validate_json(line).name == "echo_norm"
    assert run(["ir", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_the_schema_describes_the_ir(capsys):
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(json_schema())
    for flow in (ECHO, str(ROOT / "tests" / "kernel" / "ir" / "flows" / "everything")):
        assert run(["ir", flow, "--json"]) == 0
        jsonschema.Draft202012Validator(json_schema()).validate(json.loads(capsys.readouterr().out))


def test_the_plan(capsys):
    assert run(["plan", ECHO]) == 0
    text = capsys.readouterr().out
    assert "echo_norm 1.0.0 on web" in text
    assert "POST /echo -> normalize; deadline 250 ms" in text
    assert run(["plan", ECHO, "--profile", "dev", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["profile"] == "dev"


def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -m flowlattice ir {ECHO} | head -c 1"
    done = subprocess.run(["sh", "-c", command], env=os.environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{", "")


MADE_TWICE = """
from flowlattice import Flow, Map, Profile, Record, node, queue
class X(Record, data="public"):
    v: str
class Y(Record, data="public"):
    v: str
@node
def f(y: Y) -> Y:
    return y
flow = Flow("maps", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=X))
"""


@pytest.mark.parametrize(
    ("written", "offered"), [("flow.connect(jobs, f)", True), ("{}; flow.connect(jobs, f)", False)]
)
def test_only_fixes_that_can_be_made_are_offered(capsys, tmp_path, written, offered):
    (tmp_path / "flow.py").write_text(f"{MADE_TWICE}{written}\n")
    assert run(["check", str(tmp_path)]) == 1
    assert ("put a Map in between that makes" in capsys.readouterr().out) is offered
    run(["check", str(tmp_path), "--fix", "--unsafe-fixes"])
    assert ("Map(as_y)" in (tmp_path / "flow.py").read_text()) is offered


def test_a_claim_that_is_no_level_names_the_levels(capsys, tmp_path):
    (tmp_path / "flow.py").write_text(MADE_TWICE.replace("@node", '@node(effects="pure")'))
    assert run(["check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "flow.py:7:1: error LOAD003" in out
    assert "Effects.PURE, Effects.READ_ONLY, Effects.EFFECTFUL, not 'pure'" in out


def test_a_name_of_two_lines_is_shown_in_one(capsys, tmp_path):
    (tmp_path / "flow.py").write_text(MADE_TWICE.replace('"maps"', '"ma\\nps"') + "flow.connect(jobs, f)\n")
    run(["check", str(tmp_path)])
    assert "(ma\\nps 1.0.0, 2 nodes)" in capsys.readouterr().out.splitlines()[-1]


def test_a_file_that_is_missing_is_to_be_written(capsys, calls):
    (calls / "bindings.toml").write_text('[p.api]\nbackend = "http"\nheaders = { X-Key = { file = "/nowhere/key" } }\n')
    run(["check", ".", "--env", "p"])
    assert "help: write it into /nowhere/key" in capsys.readouterr().out
