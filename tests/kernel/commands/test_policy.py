"""`flows policy`: the rules' tests, what is said of a rule and of a flow, and waivers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowlattice.cli import run
from tests.support.sarif import assert_sarif

UNCAPPED = """
from flowlattice import Flow, Profile, Record, http, ms, node

class In(Record, data="public"):
    v: str

@node
def same(given: In) -> In:
    return given

flow = Flow("uncapped", version="1.0.0", profile=Profile.WEB)
flow.connect(flow.trigger(http.post("/same", accepts=In, deadline=ms(250))), same)
flow.connect(same, flow.respond())
"""
SOON = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%MZ}"
WAIVE = ["policy", "waive", "WEB-RATE-CAP", "--flow", "uncapped", "--owner", "ana", "--reason", "behind a CDN"]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))


def test_the_packaged_rules_pass_their_tests_and_a_wrong_one_does_not(capsys):
    assert run(["policy", "test"]) == 0
    assert "rules are judged as they say" in capsys.readouterr().out
    rule = '- {id: A, severity: deny, for_each: "[1]", require: "true", message: m, remedy: r, tests: [%s, %s]}'
    Path("own").mkdir()
    Path("own/rules.yaml").write_text(rule % ("{name: x, passes: true, ir: {}}", "{name: y, passes: false, ir: {}}"))
    assert run(["policy", "test", "--policies", "own"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "✗ A (baseline): y: should be refused and passes",
        "1 of 2 tests of 1 rules are judged as they say",
    ]
    assert run(["policy", "test", "--policies", "own", "--json"]) == 1
    assert [one["as_said"] for one in json.loads(capsys.readouterr().out)["tests"]] == [True, False]
    assert run(["policy", "test", "--policies", "none"]) == 2
    assert capsys.readouterr().err == "error: none: no folder of policies\n"


@pytest.mark.parametrize("verb", [["explain"], ["policy", "explain"]])
def test_a_policy_is_explained(verb, capsys):
    assert run([*verb, "WEB-DEADLINE"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# WEB-DEADLINE (deny)\n")
    assert "longest_ms = 60000  (tighter: lower)" in said
    assert "refused  no deadline is denied" in said
    assert run([*verb, "WEB-DEADLINE", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "WEB-DEADLINE"
    assert run([*verb, "WEB-DEADLIN"]) == 2
    assert "there is no" in capsys.readouterr().err


def test_policies_are_listed_with_what_an_environment_makes_of_them(capsys):
    assert run(["policy", "explain", "--env", "production", "--json"]) == 0
    known = {policy["id"]: policy["severity"] for policy in json.loads(capsys.readouterr().out)}
    assert (known["SCOPES-STATED"], known["PRODUCTION-NO-DOUBLES"]) == ("deny", "deny")
    assert run(["policy", "explain", "--format", "sarif"]) == 2


def test_a_flow_is_explained_rule_by_rule_and_a_waiver_lets_it_pass(capsys):
    Path("flow.py").write_text(UNCAPPED)
    assert run(["policy", "explain", "flow.py"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "uncapped 1.0.0 in local: denied by WEB-RATE-CAP"
    assert [line.split()[1:3] for line in lines if line.startswith("✗")] == [["deny", "WEB-RATE-CAP"]]
    assert any(line.startswith("✓ holds  WEB-DEADLINE") and line.endswith("  trigger") for line in lines)
    assert run([*WAIVE, "--expires", SOON]) == 0
    capsys.readouterr()
    assert run(["policy", "explain", "flow.py", "--json"]) == 0
    decision = json.loads(capsys.readouterr().out)
    assert (decision["allowed"], decision["findings"][0]["waiver"]["owner"]) == (True, "ana")
    assert decision["subjects"]["WEB-RATE-CAP"] == ["uncapped"]
    assert run(["policy", "explain", "flow.py", "--format", "sarif"]) == 0
    log = json.loads(capsys.readouterr().out)
    assert_sarif(log)
    assert [r["suppressions"][0]["status"] for r in log["runs"][0]["results"]] == ["accepted"]


def test_waivers_are_given_listed_and_taken_back(capsys):
    assert run([*WAIVE, "--expires", SOON, "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    file = Path("home/policies/waivers.yaml")
    text = file.read_text()
    assert all(part in text for part in (given["id"], "owner: ana", "reason: behind a CDN"))
    file.write_text(f"{text}\n- {{id: W-2, policy: WEB-DEADLINE, scope: {{flow: f}}, owner: b, reason: r}}\n")
    assert run(["policy", "waive", "--list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{given['id']}  WEB-RATE-CAP  uncapped  until ")
    assert second == "W-2  WEB-DEADLINE  f  does not count: it has no expiry"
    assert run(["policy", "waive", "--list", "--json"]) == 0
    assert [one["lapsed"] for one in json.loads(capsys.readouterr().out)] == [None, "it has no expiry"]
    for waiver in (given["id"], "W-2"):
        assert run(["policy", "waive", "--revoke", waiver]) == 0
    capsys.readouterr()
    assert run(["policy", "waive", "--list"]) == 0
    assert capsys.readouterr().err == "nothing is waived\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (WAIVE, "a waiver needs --flow, --owner, --reason and --expires"),
        ([*WAIVE, "--expires", "2020-01-01T00:00Z"], "this waiver expired"),
        ([*WAIVE, "--expires", "2020-01-01"], "no time zone"),
        ([*WAIVE, "--expires", f"{datetime.now(UTC) + timedelta(days=99):%Y-%m-%dT%H:%MZ}"], "over 90 days"),
        ([*WAIVE[:2], "WEB-RATE-CAPS", *WAIVE[3:], "--expires", SOON], "did you mean 'WEB-RATE-CAP'"),
        ([*WAIVE[:2], "EFFECT-IDEMPOTENT", *WAIVE[3:], "--expires", SOON], "cannot be waived"),
        (["policy", "waive"], "name a RULE to waive"),
        (["policy", "waive", "--list", "--revoke", "W-1"], "name a RULE to waive"),
        (["policy", "waive", "--revoke", "W-1"], "there is no waiver W-1"),
    ],
)
def test_what_cannot_be_waived_is_one_clear_line(arguments, said, capsys):
    assert run(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not Path("home/policies/waivers.yaml").exists()
