"""`flows certify`: a path or a verb of the group, the options, exit codes, what is kept, what is recorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from flowlattice import certify
from flowlattice.certify import Laboratory
from flowlattice.certify.checks import CHECKS
from flowlattice.cli import run
from flowlattice.commands import certify as verbs
from tests.support.sarif import assert_sarif
from tests.support.waiting import eventually

FLOW = """
from typing import Annotated

from flowlattice import Cache, Flow, Record, by, field, http, node, seconds
from flowlattice.operators import text


class Word(Record, data="public"):
    word: Annotated[str, field(max_length=20)]


@node(cache=Cache(by("word")))
def loud(given: Word) -> Word:
    return Word(word=text.upper(given.word)[:20])


@node
def soft(given: Word) -> Word:
    return Word(word=text.lower(given.word)[:20])


flow = Flow("words", version="1.0.0")
louder = flow.trigger(http.post("/loud", accepts=Word, deadline=seconds(1)), name="louder")
flow.connect(louder, loud)
flow.connect(loud, flow.respond(name="louded"))
softer = flow.trigger(http.post("/soft", accepts=Word, deadline=seconds(1)), name="softer")
flow.connect(softer, soft)
flow.connect(soft, flow.respond(name="softened"))
flow.rate_limit(qps=50, burst=20)
"""


class Shared(Laboratory):
    """Outlives the commands that use it, so that its processes start once."""

    def close(self) -> None:
        """Stay open."""


@pytest.fixture(scope="module")
def laboratory():
    shared = Shared()
    yield shared
    Laboratory.close(shared)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, laboratory):
    monkeypatch.setattr(certify, "Laboratory", lambda: laboratory)
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    return tmp_path


def said(capsys, *arguments, code=0):
    found = run(["certify", *arguments])
    caught = capsys.readouterr()
    assert found == code, caught.err
    return caught


def test_a_flow_is_certified_kept_recorded_and_only_its_change_is_run_again(capsys, place):
    first = said(capsys, "flow.py", "--record", "--json", "--html", "report.html", "--sarif", "report.sarif")
    whole = json.loads(first.out)
    assert whole["passed"]
    assert [check["name"] for check in whole["certificate"]["checks"]] == [check.NAME for check in CHECKS]
    assert (place / "home" / "certificates" / f"{whole['digest']}.json").is_file()
    assert all(f"{check.NAME} " in first.err for check in CHECKS)
    assert whole["digest"] in (place / "report.html").read_text()
    assert_sarif(json.loads((place / "report.sarif").read_text()))

    recorded = [json.loads(line) for line in (place / "goldens.jsonl").read_text().splitlines()]
    assert {one["sample"]["route"] for one in recorded if one["kind"] == "route"} == {"POST /loud", "POST /soft"}
    assert {one["node"] for one in recorded if one["kind"] == "node"} == {"loud", "soft"}

    report = said(capsys, "flow.py", "--only", "goldens").out
    assert "0 came out otherwise, caches answered 100% of" in report
    assert report.splitlines()[-1].endswith("only a run of all checks can be published")

    (place / "flow.py").write_text(FLOW.replace("text.lower(given.word)", "text.trim(given.word)"), encoding="utf-8")
    found = said(capsys, ".", "--changed-since", whole["digest"][:10], "--json", code=1)
    changed = json.loads(found.out)["certificate"]
    checks = {check["name"]: check for check in changed["checks"]}
    parts = {part["name"]: part["carried"] for part in checks["valid_inputs"]["parts"]}
    assert parts == {"route:POST /loud": whole["digest"], "route:POST /soft": None}
    assert changed["source_digest"] != whole["certificate"]["source_digest"]
    assert [name for name, check in checks.items() if check["verdict"] == "failed"] == ["goldens"]
    failures = checks["goldens"]["failures"]
    assert "POST /soft answers otherwise than recorded" in failures
    assert any(failure.startswith("node soft makes something else of recorded example") for failure in failures)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["flow.py", "--only", "magic"], "there is no such check; there are host, policy"),
        (["flow.py", "--changed-since", "0123456789"], "no certificate is kept of it"),
        (["flow.py", "--changed-since", "x"], "no digest of a certificate"),
        (["flow.py", "--examples", "absent.yaml"], "no such file"),
        (["flow.py", "--examples", "flow.py"], "not YAML"),
        (["flow.py", "--env", "production"], "bindings.toml"),
        (["absent"], "absent"),
        ([], "Usage"),
    ],
)
def test_wrong_usage_is_one_line(capsys, arguments, why):
    caught = said(capsys, *arguments, code=2 if arguments else 0)
    assert why in caught.err + caught.out


def test_examples_are_held_against_and_a_flow_with_an_error_is_not_run(capsys, place):
    (place / "examples.yaml").write_text(
        "- request: {method: POST, path: /loud, json_body: {word: a}}\n  json_body: {word: B}\n"
    )
    caught = said(capsys, "flow.py", "--only", "examples", "--examples", "examples.yaml", "--format", "sarif", code=1)
    rules = [each["ruleId"] for each in json.loads(caught.out)["runs"][0]["results"]]
    assert rules[0] == "certify/examples"
    (place / "flow.py").write_text(FLOW.replace("qps=50", "qps=0"), encoding="utf-8")
    assert "DAG320" in said(capsys, "flow.py", code=1).err


def test_a_line_that_is_no_golden_is_said_with_its_number(capsys, place):
    (place / "goldens.jsonl").write_text('\n{"kind": "node"}\n')
    assert "goldens.jsonl:2: no golden" in said(capsys, "flow.py", code=2).err


def test_help_shows_options_and_examples(capsys):
    shown = said(capsys, "--help").out
    assert "--changed-since DIGEST" in shown
    assert "flows certify flow.py" in shown
    assert verbs.command.commands["path"].hidden


def test_interrupting_it_leaves_nothing(place):
    process = subprocess.Popen(
        [sys.executable, "-m", "flowlattice", "certify", "flow.py"],
        cwd=place,
        env={**os.environ, "FLOWS_HOME": str(place / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    process.stderr.readline()  # the first check is done
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    eventually(lambda: not _members(process.pid), "a process of it goes on")
    assert not (place / "home" / "certificates").exists()


def _members(group: int) -> list[str]:
    found = subprocess.run(["ps", "-o", "pid=", "-g", str(group)], capture_output=True, text=True, check=False)
    return found.stdout.split()
