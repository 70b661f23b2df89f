"""The verbs that run flows: run, serve, deploy, deployments, rollback, bench."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from flowlattice.cli import run as flows
from flowlattice.hosts.process import ServedFlow
from tests.support.certified import passed
from tests.support.flows import ECHO, write_flow

CONTACT = """
class In(Record, data="pii"):
    name: str

class Out(Record, data="public"):
    status: str = "received"

@node(idempotency=by("name"))
async def send(req: In, mail: HttpWrite, seen: DedupeStore) -> Out:
    await mail.post("https://mail.example/send", json={"name": req.name})
    return Out()

flow = Flow("contact", version="1.0.0")
hook = flow.trigger(http.post("/contact", accepts=In, deadline=seconds(5)))
flow.connect(hook, send)
flow.connect(send, flow.respond())
flow.egress("mail", "mail.example")
flow.rate_limit(qps=100, burst=100)
"""

HEAD = "from flowlattice import Flow, Record, http, node, seconds\n"


def deployable(folder, name="echo", note=""):
    """A flow that the checker has nothing against."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "flow.py"
    bounded = ECHO.replace("accepts=In", "accepts=In, deadline=seconds(5)").replace('"echo"', f'"{name}"')
    limit = "flow.rate_limit(qps=100, burst=100)\n"
    file.write_text(HEAD + bounded.replace("/echo", f"/{name}") + limit + note)
    return file


@pytest.fixture(autouse=True)
def _certified(monkeypatch):
    """What is deployed here is not run for it first; that it is elsewhere is `test_deploying`'s."""
    monkeypatch.setattr("flowlattice.certify.certify", passed)


@pytest.fixture
def lines(tmp_path):
    """An input file."""
    file = tmp_path / "in.jsonl"
    file.write_text('{"name": "Tom"}\n{"name": "Tom"}\n{"name": 5}\n\n{"name": "Ida"}\n')
    return str(file)


def test_run_prints_one_json_document(tmp_path, lines, capsys):
    assert flows(["run", str(write_flow(tmp_path / "flow", CONTACT)), "--input", lines, "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert set(report) == {"run", "status", "outputs", "side_outputs", "calls", "errors"}
    assert report["status"] == "completed"
    assert report["outputs"] == [{"status": "received"}] * 3
    assert report["side_outputs"] == {"rejected": [{"name": 5}]}
    assert [(c["capability"], c["method"], c["target"], c["attempt"]) for c in report["calls"]] == [
        ("http.write", "post", "mail.example", 1)
    ] * 2
    assert len({call["key"] for call in report["calls"]}) == 2
    assert "2 calls (mail: local doubles)" in captured.err


def test_run_prints_outputs_as_lines_for_people(tmp_path, lines, capsys):
    assert flows(["run", str(write_flow(tmp_path / "flow", CONTACT)), "--input", lines]) == 0
    assert capsys.readouterr().out.splitlines() == ['{"status": "received"}'] * 3


def test_a_run_starts_empty_unless_it_is_given_a_state(tmp_path, lines, capsys):
    flow, state = str(write_flow(tmp_path / "flow", CONTACT)), str(tmp_path / "state")

    def calls(*more: str) -> int:
        assert flows(["run", flow, "--input", lines, "--json", *more]) == 0
        return len(json.loads(capsys.readouterr().out)["calls"])

    assert [calls(), calls(), calls("--state", state), calls("--state", state)] == [2, 2, 2, 0]


def test_run_exits_with_1_when_the_flow_fails(tmp_path, capsys):
    source = ECHO.replace("return Out(v=req.v.strip().lower())", "raise ValueError('broken')")
    (tmp_path / "in.jsonl").write_text('{"v": "a"}')
    arguments = ["run", str(write_flow(tmp_path / "flow", source)), "--input", str(tmp_path / "in.jsonl")]
    assert flows(arguments) == 1
    assert "line 1: node tidy failed: ValueError: broken" in capsys.readouterr().err
    assert flows([*arguments, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "FLOW", "--input", "missing.jsonl"], 1, "missing.jsonl: No such file"),
        (["run", "nowhere", "--input", "IN"], 2, "nowhere: no flow there"),
        (["run", "FLOW", "--input", "IN", "--trigger", "x"], 2, "no trigger x; there is trigger"),
        (["run", "FLOW", "--input", "IN", "--env", "prod"], 2, "bindings.toml: not there"),
        (["run", "FLOW"], 2, "Missing option '--input'"),
        (["serve"], 2, "name the flows to serve, or give --deployed"),
        (["serve", "FLOW", "--deployed"], 2, "not both"),
        (["serve", "--deployed"], 2, "nothing is deployed"),
        (["serve", "--deployed", "--env", "prod"], 2, "a deployment has its own"),
        (["serve", "FLOW", "FLOW", "--no-check"], 2, "POST /contact is there twice"),
        (["serve", "FLOW", "--port", "x"], 2, "not a valid integer"),
        (["rollback", "echo"], 2, "nothing is deployed as echo"),
        (["deploy", "FLOW", "--env", "local"], 2, "names the local doubles"),
        (["bench", "nothing"], 2, "No such command 'nothing'"),
        (["bench", "web", "--rounds", "0"], 2, "not in the range"),
    ],
)
def test_what_is_wrong_is_one_clear_line(capsys, request, arguments, code, said):
    flow = str(write_flow(request.getfixturevalue("tmp_path") / "flow", CONTACT))
    lines = request.getfixturevalue("lines")
    assert flows([flow if a == "FLOW" else lines if a == "IN" else a for a in arguments]) == code
    captured = capsys.readouterr()
    assert said.lower() in captured.err.lower()
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""


@pytest.mark.parametrize("environment", [[], ["--env", "prod"]])
def test_what_the_checker_refuses_is_not_served(tmp_path, capsys, environment):
    file = deployable(tmp_path / "flow", note="flow.connect(work, flow.respond(name='again'))\n")
    (file.parent / "bindings.toml").write_text("[prod.x]\nbackend = 'sqlite'\npath = 'x'\n")
    for _ in range(2):
        assert flows(["serve", str(file), "--port", "0", *environment]) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert "flow.py: 1 error" in line
        assert line.endswith(f"flows check {' '.join([str(file), *environment])} shows what is wrong")


def test_deploy_needs_an_approval_of_the_sources(tmp_path, capsys):
    file = deployable(tmp_path / "flow")
    assert flows(["deploy", str(file)]) == 1
    assert "nobody has approved" in capsys.readouterr().err
    assert flows(["deploy", str(file), "--approve", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["name"], first["environment"], first["approval"]["run"]) == ("echo", "local", None)
    assert flows(["deploy", str(file)]) == 0, "the same sources are approved already"
    deployable(tmp_path / "flow", note="# changed\n")
    assert flows(["deploy", str(file)]) == 1, "any change voids an approval"


def test_an_approval_for_local_doubles_does_not_deploy_to_an_environment(tmp_path, capsys):
    file = deployable(tmp_path / "flow")
    bindings = file.parent / "bindings.toml"
    bindings.write_text('[production.seen]\nbackend = "sqlite"\npath = "seen.sqlite"\n')
    assert flows(["deploy", str(file), "--approve"]) == 0
    production = ["deploy", str(file), "--env", "production"]
    assert flows(production) == 1
    assert "in production with these bindings" in capsys.readouterr().err
    assert flows([*production, "--approve"]) == 0
    assert flows(production) == 0, "approved for production now"
    bindings.write_text(bindings.read_text() + "# changed\n")
    assert flows(production) == 1, "a change of the bindings voids it"


def test_deploy_asks_the_policies(tmp_path, capsys):
    file = tmp_path / "flow.py"
    names = "DedupeStore, Flow, HttpWrite, Record, by, http, node, seconds"
    file.write_text(f"from flowlattice import {names}\n{CONTACT}")
    (tmp_path / "hosts.yaml").write_text("[mail.example]\n")
    assert flows(["deploy", str(file), "--approve"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines if "denies" in line] == ["EGRESS-ALLOWED"]
    assert flows(["deploy", str(file), "--approve", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["policies"][0]["policy"] == "EGRESS-ALLOWED"
    assert flows(["deployments", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert flows(["deploy", str(file), "--approve", "--allow-hosts", str(tmp_path / "hosts.yaml")]) == 0


def test_a_damaged_database_is_one_clear_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path))
    (tmp_path / "deployments.sqlite").write_text("no database at all " * 99)
    assert flows(["deployments"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be used (file is not a database)" in line


def test_deploy_refuses_a_flow_with_errors(tmp_path, capsys):
    file = tmp_path / "flow.py"
    file.write_text(HEAD + ECHO + "flow.rate_limit(qps=0, burst=1)\n")
    assert flows(["deploy", str(file), "--approve"]) == 1
    assert "DAG320" in capsys.readouterr().err
    assert flows(["deploy", str(file), "--approve", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["deployed"] is False
    assert [problem["code"] for problem in found["diagnostics"]] == ["DAG320"]
    assert flows(["deployments", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_deployments_are_listed_and_rolled_back(tmp_path, capsys):
    for note in ("# one\n", "# two\n"):
        assert flows(["deploy", str(deployable(tmp_path / "flow", note=note)), "--approve"]) == 0
    assert flows(["deploy", str(deployable(tmp_path / "other", name="other")), "--approve"]) == 0
    capsys.readouterr()
    assert flows(["deployments"]) == 0
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [["*", "echo"], ["*", "other"]]
    assert flows(["deployments", "echo", "--json"]) == 0
    newest, oldest = json.loads(capsys.readouterr().out)
    assert (newest["state"], oldest["state"]) == ("current", "superseded")
    assert flows(["rollback", "echo", "--json"]) == 0
    rolled_back = {"name": "echo", "digest": oldest["digest"], "environment": "local"}
    assert json.loads(capsys.readouterr().out) == rolled_back
    assert flows(["rollback", "echo"]) == 0
    assert "withdrawn" in capsys.readouterr().out


def test_what_is_deployed_is_served(tmp_path):
    assert flows(["deploy", str(deployable(tmp_path / "one", name="one")), "--approve"]) == 0
    assert flows(["deploy", str(deployable(tmp_path / "two", name="two")), "--approve"]) == 0
    (tmp_path / "one" / "flow.py").write_text("the person goes on editing")
    with ServedFlow(None, "--deployed") as served:
        assert served.request("POST", "/one", body='{"v": " A "}') == (200, '{"v":"a"}')
        assert served.request("POST", "/two", body='{"v": " B "}') == (200, '{"v":"b"}')


def test_a_deployment_remembers_its_effects_over_a_restart(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("FLOWS_HOME", str(home))
    file = tmp_path / "flow.py"
    names = "DedupeStore, Flow, HttpWrite, Record, by, http, node, seconds"
    file.write_text(f"from flowlattice import {names}\n{CONTACT}")
    (tmp_path / "hosts.yaml").write_text("- '*.example'\n")
    assert flows(["deploy", str(file), "--approve", "--allow-hosts", str(tmp_path / "hosts.yaml")]) == 0
    from flowlattice.bindings.call_log import logged

    for _ in range(2):
        with ServedFlow(None, "--deployed") as served:
            assert served.request("POST", "/contact", body='{"name": "Tom"}') == (200, '{"status":"received"}')
    calls, _ = logged(home / "state" / "contact" / "calls.sqlite", "contact", datetime.now(UTC) - timedelta(hours=1))
    assert [(call.method, call.target) for call in calls] == [("post", "mail.example")]


def test_tampered_sources_are_not_served(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    assert flows(["deploy", str(deployable(tmp_path / "one", name="one")), "--approve"]) == 0
    [kept] = (tmp_path / "home" / "flows").rglob("flow.py")
    kept.write_text(kept.read_text() + "import os\n")
    capsys.readouterr()
    assert flows(["serve", "--deployed", "--port", "0"]) == 1
    assert "not the sources that were approved for one" in capsys.readouterr().err


def test_bench_lists_its_benchmarks(capsys):
    assert flows(["bench", "--help"]) == 0
    assert "web" in capsys.readouterr().out
