"""`flows eval` as a user meets it: a run offline, cut off and gone on with, scored again, compared."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.agents.evals.conftest import TINY, write_suite

FLOWS = [sys.executable, "-m", "flowlattice", "eval"]


@dataclass
class Ran:
    """A command that ran to its end."""

    code: int
    out: str
    err: str

    @property
    def samples(self) -> dict[str, dict]:
        return {row["id"]: row for row in json.loads(self.out)["samples"]}


def evaluate(folder: Path, *arguments: str) -> Ran:
    done = subprocess.run(
        [*FLOWS, *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "FLOWS_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[Path, Ran]:
    """A folder in which the tiny suite was measured into `out`."""
    folder = tmp_path_factory.mktemp("measured")
    write_suite(folder / "tiny", TINY)
    reports = ("--junit", "junit.xml", "--html", "report.html")
    return folder, evaluate(folder, "tiny", "--jobs", "2", "--out", "out", *reports)


def test_a_run_says_how_it_goes_and_what_came_of_it(measured):
    _, ran = measured
    assert ran.code == 1
    progress = ran.err.splitlines()
    assert len(progress) == 3
    assert progress[-1].startswith("3/3  2 pass, 0.0000 USD")
    assert "cook (six)" in ran.err
    assert "behaves: probe" in ran.err
    assert "suite tiny, model offline" in ran.out
    assert "2/3" in ran.out
    assert "behaves 1/2" in ran.out
    assert "what went wrong: probe 1" in ran.out


def test_reports_are_written(measured):
    folder, _ = measured
    root = Xml.parse(folder / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "agrees on echo" in page
    assert "+@node" in page
    assert "hey &lt;b&gt;" in page
    assert "<b>}" not in page


def test_what_was_measured_is_not_measured_again(measured):
    folder, _ = measured
    before = stamps(folder / "out")
    ran = evaluate(folder, "tiny", "--out", "out", "--json")
    assert (ran.code, ran.err) == (1, "")
    assert stamps(folder / "out") == before
    rows = ran.samples
    assert {name: row["passed"] for name, row in rows.items()} == {"cook": True, "echo": True, "shout": False}
    assert rows["shout"]["failed_at"] == "behaves"
    assert rows["shout"]["category"] == "probe"
    assert rows["shout"]["reached"] == ["understood", "compiles", "certifies"]
    assert not (folder / "out" / "work").exists()


def test_rescoring_runs_nothing_and_takes_new_expectations(measured, tmp_path):
    folder, _ = measured
    now = {
        **TINY,
        "shout": TINY["shout"].replace("hey <b>", "HEY <B>"),
        "cook": TINY["cook"].replace("refused", "deployed"),
    }
    write_suite(tmp_path / "tiny", now)
    copy(folder / "out", tmp_path / "out")
    again = evaluate(tmp_path, "--rescore", "out", "--json")
    assert {name: row["passed"] for name, row in again.samples.items()} == {"cook": True, "echo": True, "shout": False}
    ran = evaluate(tmp_path, str(tmp_path / "tiny"), "--rescore", "out", "--json")
    assert {name: row["passed"] for name, row in ran.samples.items()} == {"cook": False, "echo": True, "shout": True}
    assert ran.samples["shout"]["seconds"] == again.samples["shout"]["seconds"]
    compared = evaluate(tmp_path, "--compare", str(folder / "out"), "out")
    assert compared.code == 1
    assert "fell  cook  100% -> 0%" in compared.out
    assert "rose  shout  0% -> 100%" in compared.out
    assert "a real drop" in compared.out
    assert evaluate(tmp_path, "--compare", "out", "out", "--json").code == 0


def test_rescoring_says_when_a_probe_is_another_one(measured, tmp_path):
    folder, _ = measured
    write_suite(tmp_path / "tiny", {"shout": TINY["shout"].replace("v: Hey <b>", "v: Other")})
    copy(folder / "out", tmp_path / "out")
    ran = evaluate(tmp_path, "tiny", "--rescore", "out", "--json")
    assert (ran.samples["shout"]["status"], ran.samples["shout"]["category"]) == ("unscored", "changed")
    assert ran.code == 1


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    write_suite(tmp_path / "tiny", {"cook": TINY["cook"], "fry": TINY["cook"].replace("cook", "fry")})
    arguments = ["tiny", "--out", "out"]
    with running(tmp_path, *arguments) as process:
        until(lambda: len(stamps(tmp_path / "out")) == 1)
        process.kill()
        process.wait()
    before = stamps(tmp_path / "out")
    assert len(before) == 1
    ran = evaluate(tmp_path, *arguments, "--json")
    assert ran.code == 0
    assert set(ran.samples) == {"cook", "fry"}
    assert stamps(tmp_path / "out").items() > before.items()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_no_process_and_no_half_result(tmp_path, sign):
    write_suite(tmp_path / "tiny", TINY)
    with running(tmp_path, "tiny", "--out", "out", "--jobs", "2") as process:
        until(lambda: len(list((tmp_path / "out" / "work").glob("*/*-asked"))) == 2)
        process.send_signal(sign)
        assert process.wait(timeout=60) == 130
    assert stamps(tmp_path / "out") == {}
    assert not alive(str(tmp_path / "out"))
    said = (tmp_path / "said").read_text()
    assert f"go on with the same options and --out {tmp_path / 'out'}" in said
    assert "Traceback" not in said


def test_a_missing_record_is_unscored_and_nothing_scored_is_no_success(tmp_path):
    write_suite(tmp_path / "tiny", TINY)
    (tmp_path / "records").mkdir()
    ran = evaluate(tmp_path, "tiny", "--model", "replay:records", "--out", "out")
    assert ran.code == 1
    assert "nothing was scored" in ran.out
    assert "record 3" in ran.out
    assert "unscored: record" in ran.err


def test_results_are_kept_below_the_home_where_no_folder_is_named(tmp_path):
    write_suite(tmp_path / "tiny", {"cook": TINY["cook"]})
    ran = evaluate(tmp_path, "tiny", "--json")
    assert ran.code == 0
    folder = Path(json.loads(ran.out)["folder"])
    assert folder.parent == (tmp_path / "home" / "evals").resolve()
    assert evaluate(tmp_path, "--rescore", str(folder)).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a suite"),
        (("no-such-suite",), "no such file, folder or packaged suite"),
        (("web", "--only", "("), "no regular expression"),
        (("web", "--only", "nothing-like-this"), "no brief is left"),
        (("web", "--family", "wed"), "no family is named wed"),
        (("web", "--arm", "seven"), "names no arms"),
        (("web", "--budget-usd", "much"), "no amount of dollars"),
        (("web", "--budget-usd", "1e3"), "no amount of dollars"),
        (("web", "--model", "nosuch:1"), "there is no model 'nosuch:1'"),
        (("web", "--price", "abc"), "a price is IN/OUT"),
        (("web", "--timeout", "nan"), "no number of seconds"),
        (("web", "--timeout", "inf"), "--timeout"),
        (("web", "--epochs", "0"), "--epochs"),
        (("web", "--record", "kept", "--epochs", "2"), "one record a brief"),
        (("web", "--record", "kept", "--arm", "six,single"), "one record a brief"),
        (("web", "--junit", "taken/report.xml"), "taken is no folder"),
        (("web", "--html", "."), "--html .: is no file that could be written"),
        (("web", "--out", "taken"), "taken is no folder"),
        (("web", "--record", "taken"), "taken is no folder"),
        (("--rescore", "nowhere"), "holds no results"),
        (("--compare", "nowhere", "nowhere"), "holds no results"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, arguments, said):
    (tmp_path / "taken").write_text("a file")
    ran = evaluate(tmp_path, *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_reports_are_written_into_folders_that_are_not_there_yet(tmp_path):
    write_suite(tmp_path / "tiny", {"cook": TINY["cook"]})
    ran = evaluate(tmp_path, "tiny", "--json", "--junit", "new/junit.xml", "--html", "new/report.html")
    assert (ran.code, set(ran.samples)) == (0, {"cook"})
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["junit.xml", "report.html"]


def test_every_problem_of_a_suite_is_said(tmp_path):
    write_suite(tmp_path / "bad", {"a": "{id: a}", "b": "["})
    ran = evaluate(tmp_path, "bad")
    assert ran.code == 2
    for problem in ("a.yaml: family: ", "a.yaml: brief: ", "a.yaml: expect: ", "b.yaml: ", "4 problems stand above"):
        assert problem in ran.err


def stamps(folder: Path) -> dict[str, int]:
    """When each result was written."""
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("samples/*/[!.]*.json")}


def copy(source: Path, target: Path) -> None:
    for file in (source / "eval.json", *source.glob("samples/*/*.json")):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())


class running:  # noqa: N801 - reads as what it does
    """`flows eval` in the background for as long as a block."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder, self._arguments = folder, arguments

    def __enter__(self) -> subprocess.Popen[bytes]:
        env = {**os.environ, "FLOWS_HOME": str(self._folder / "home")}
        with (self._folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                [*FLOWS, *self._arguments],
                cwd=self._folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def until(condition) -> None:
    """Wait until something holds, and fail if it does not in time."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)


def alive(part: str) -> list[str]:
    """The command lines of the processes that have this in them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        found += [text] if part in text else []
    return found
