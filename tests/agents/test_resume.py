"""A run that is killed (SIGKILL) goes on where it was: nothing happens twice, no edit is lost.

Real processes are killed, each at another step of the graph; the last steps also in their middle.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowlattice.deployments import Deployments
from flowlattice_agents.workspace import Workspace
from tests.support.runs import events

BRIEF = "POST /echo takes {v: string}, trims and lower-cases v and returns {v}. Reject bodies without v."
FLOWS = [sys.executable, "-m", "flowlattice"]
PATIENCE_S = 120

# Kill when this has been said: (agent, kind, what the text begins with). A step's own name with kind `step` means that
# it is done, so that the kill meets the step after it.
MOMENTS = [
    ("pm", "started", "reads"),
    ("pm", "step", ""),
    ("builder", "note", "renders"),
    ("build", "step", ""),
    ("compile", "step", ""),
    ("policy", "step", ""),
    ("test", "started", "runs"),
    ("test", "note", "valid_inputs"),
    ("test", "step", ""),
    ("optimizer", "step", ""),
    ("deploy", "note", "approved"),
    ("review", "step", ""),
    ("deploy", "note", "serves"),
    ("deploy", "finished", "is live"),
]


def killed_at(moment: tuple[str, str, str], home: Path, out: Path) -> None:
    agent, kind, text = moment
    author = subprocess.Popen(
        [*FLOWS, "author", BRIEF, "--yes", "--out", str(out)],
        env={**os.environ, "FLOWS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE_S
    while not any(e["agent"] == agent and e["kind"] == kind and e["text"].startswith(text) for e in events(home)):
        assert author.poll() is None or list(events(home)), author.stderr.read() if author.stderr else ""
        assert time.monotonic() < deadline, f"never came to {moment}"
        if author.poll() is not None:
            break
        time.sleep(0.002)
    os.kill(author.pid, signal.SIGKILL)
    author.communicate()


@pytest.mark.parametrize("moment", MOMENTS, ids=["-".join(filter(None, m)).replace(" ", "-") for m in MOMENTS])
def test_a_killed_run_goes_on_without_repeating_or_losing_anything(
    moment: tuple[str, str, str], tmp_path: Path
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    killed_at(moment, home, out)
    (run,) = [folder.name for folder in (home / "runs").iterdir()]
    resumed = subprocess.run(
        [*FLOWS, "resume", run, "--yes", "--json"],
        env={**os.environ, "FLOWS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stderr
    result = json.loads(resumed.stdout.splitlines()[-1])
    assert result["outcome"] == "deployed"
    workspace = Workspace(home / "runs" / run / "workspace")
    assert [edit.reason for edit in workspace.log()] == ["Render echo 1.0.0"]
    assert (out / "flow.py").read_text() == workspace.files()["flow.py"]
    assert len(Deployments(home).history("echo")) == 1
    assert "Traceback" not in resumed.stderr


def test_ctrl_c_says_how_to_go_on_and_leaves_nothing_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    author = subprocess.Popen(
        [*FLOWS, "author", BRIEF, "--yes", "--out", str(tmp_path / "out")],
        env={**os.environ, "FLOWS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE_S
    while not any(e["agent"] == "test" and e["kind"] == "note" for e in events(home)):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    author.send_signal(signal.SIGINT)
    _, said = author.communicate(timeout=PATIENCE_S)
    assert author.returncode == 130
    assert "go on with: flows resume" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_two_processes_never_drive_one_run(tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {**os.environ, "FLOWS_HOME": str(home)}
    first = subprocess.run(
        [*FLOWS, "author", BRIEF, "--json"], env=env, cwd=tmp_path, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    run = json.loads(first.stdout.splitlines()[-1])["run"]
    import fcntl

    with (home / "runs" / run / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.run(
            [*FLOWS, "resume", run, "--yes"], env=env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert second.returncode == 1
    assert "being driven by another process" in second.stderr
