"""The whole loop as a capable model drove it: every recorded brief is authored from its record, served and probed.

A record that was made for another text of a prompt is stale: that is reported here, and fails nothing by itself.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowlattice.resources import data_folder

EVALS = data_folder("flowlattice_agents", "evals")
RECORDS = EVALS / "records"
SUITES = ("simple", "web", "edit", "unclear", "unsafe", "own")


def recorded(suite: str) -> list[str]:
    return sorted(brief.stem for brief in (EVALS / suite).glob("*.yaml"))


@pytest.mark.parametrize("suite", SUITES)
def test_every_brief_has_a_record(suite: str) -> None:
    briefs = recorded(suite)
    assert briefs
    assert [brief for brief in briefs if not (RECORDS / f"{brief}.jsonl").is_file()] == []


@pytest.mark.parametrize("suite", SUITES)
def test_what_was_recorded_is_right_again(suite: str, tmp_path: Path, capsys, record_property) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flowlattice", "eval", suite, "--json", "--jobs", "2", "--model", f"replay:{RECORDS}"],
        cwd=tmp_path,
        env={**os.environ, "FLOWS_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.stdout, done.stderr
    samples = json.loads(done.stdout.splitlines()[-1])["samples"]
    stale = {sample["id"]: sample["stale"] for sample in samples if sample["stale"]}
    record_property("stale", stale)
    if stale:
        with capsys.disabled():
            sys.stdout.write(f"\nstale records, to be recorded again: {stale}\n")
    assert {sample["id"] for sample in samples} == set(recorded(suite))
    wrong = {sample["id"]: sample["why"] for sample in samples if not sample["passed"] and not sample["stale"]}
    assert wrong == {}


def test_records_hold_no_secrets_and_no_places() -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in RECORDS.glob("*.jsonl")}
    assert len(texts) > 70
    for name, text in texts.items():
        assert "Bearer" not in text, name
        assert "127.0.0.1" not in text, name
        for line in text.splitlines():
            assert {"authorization", "headers", "at", "time"}.isdisjoint(json.loads(line)), name
