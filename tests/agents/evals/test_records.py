"""The whole loop as a capable model drove it: recorded briefs are authored from their records, served and probed.

Of the long suites every third brief is, so that the tests stay short; `make evals` replays them all. A record that was
made for another text of a prompt is stale: that is reported here, and fails nothing by itself.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flowlattice.resources import data_folder

EVALS = data_folder("flowlattice_agents", "evals")
RECORDS = EVALS / "records"
SUITES = ("simple", "web", "edit", "unclear", "unsafe", "own")
LONG = 10  # briefs; of a suite that has more, every third is replayed


def recorded(suite: str) -> list[str]:
    return sorted(brief.stem for brief in (EVALS / suite).glob("*.yaml"))


def replayed(suite: str) -> list[str]:
    briefs = recorded(suite)
    return briefs[::3] if len(briefs) > LONG else briefs


@pytest.mark.parametrize("suite", SUITES)
def test_every_brief_has_a_record(suite: str) -> None:
    briefs = recorded(suite)
    assert briefs
    assert [brief for brief in briefs if not (RECORDS / f"{brief}.jsonl").is_file()] == []


@pytest.mark.parametrize("suite", SUITES)
def test_what_was_recorded_is_right_again(suite: str, tmp_path: Path, capsys, record_property) -> None:
    only = "|".join(f"^{re.escape(brief)}$" for brief in replayed(suite))
    replay = ["--only", only, "--jobs", "2", "--model", f"replay:{RECORDS}"]
    done = subprocess.run(
        [sys.executable, "-m", "flowlattice", "eval", suite, "--json", *replay],
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
    assert {sample["id"] for sample in samples} == set(replayed(suite))
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
