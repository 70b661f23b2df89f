"""`flows eval` with a model over real HTTP: recorded, replayed from its record, and shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.agents.evals.conftest import write_suite
from tests.support.planned import BRIEF, drafted
from tests.support.scripted_model import answering, scripted_model, status

SUITE = {
    "double": f"""
        id: double
        family: simple
        brief: |
          {BRIEF}
        expect: {{outcome: deployed, trigger: {{path: /double}}}}
        probes: [{{request: {{path: "/double?n=4"}}, response: {{status: 200, json: {{doubled: 8}}}}}}]
        """
}


def evaluate(folder: Path, *arguments: str, env: dict[str, str]) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "flowlattice", "eval", "suite", *arguments, "--json"],
        cwd=folder,
        env={**os.environ, **env, "FLOWS_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_what_a_model_said_is_recorded_and_replayed(tmp_path):
    write_suite(tmp_path / "suite", SUITE)
    with scripted_model(answering(lambda _: json.dumps(drafted()))) as server:
        env = server.environment()
        asked = evaluate(
            tmp_path, "--model", "openai:m", "--price", "1/2", "--out", "asked", "--html", "a.html", env=env
        )
        calls = len(server.requests)
    (sample,) = asked["samples"]
    assert sample["passed"], sample
    assert sample["calls"] == calls > 0
    assert sample["prompt_tokens"] > 0
    assert sample["usd"] > 0
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "It doubles." in page
    assert BRIEF in page
    kept = {file: file.read_text(encoding="utf-8") for file in (tmp_path / "asked").rglob("*.json*")}
    assert not [file for file, text in kept.items() if env["OPENAI_API_KEY"] in text]
    replayed = evaluate(tmp_path, "--model", "replay:asked/records", "--out", "replayed", env={})
    (again,) = replayed["samples"]
    assert (again["passed"], again["stale"]) == (True, [])
    assert (again["calls"], again["prompt_tokens"], again["usd"]) == (calls, sample["prompt_tokens"], sample["usd"])
    record = Path("records") / "double.jsonl"
    assert (tmp_path / "asked" / record).read_bytes() == (tmp_path / "replayed" / record).read_bytes()


def test_a_model_that_cannot_be_asked_is_an_error_and_no_failure(tmp_path):
    write_suite(tmp_path / "suite", SUITE)
    with scripted_model(status(401)) as server:
        found = evaluate(tmp_path, "--model", "openai:m", "--out", "out", env=server.environment())
    (sample,) = found["samples"]
    assert (sample["status"], sample["category"]) == ("error", "engine")
    assert "OPENAI_API_KEY" in sample["why"]
