"""`flows bench web|sse|llm`: one small round of each, from the command to the report; its numbers are not looked at."""

import json

from flowlattice.bench.spenders import WORST
from flowlattice.cli import run as flows


def measured(capsys, *arguments):
    """The sections of a report by title, once its command has run a single round."""
    assert flows(["bench", *arguments, "--rounds", "1", "--json"]) in {0, 1}
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert len(captured.err.splitlines()) == len(report["sections"])
    return report, {section["title"]: section["rounds"][0] for section in report["sections"]}


def test_web(capsys, tmp_path):
    page = tmp_path / "web.html"
    report, found = measured(capsys, "web", "--seconds", "0.2", "--rate", "100", "--html", str(page))
    assert set(report["arms"]) == {"flow", "starlette", "fastapi"}
    load, nodes = found.values()
    assert set(load) == {"flow", "starlette", "fastapi"}
    assert all(arm["failed"] == 0 and arm["cpu_us"] > 0 for arm in load.values())
    assert nodes["flow"]["tasks"] == 0
    assert page.read_text(encoding="utf-8").count("<polyline") == 3


def test_sse(capsys):
    _, found = measured(capsys, "sse", "--seconds", "0.3", "--streams", "4", "--idle", "10")
    _, streams = found.values()
    assert set(streams) == {"flow", "sse-starlette"}
    assert all(arm["cpu_us"] > 0 and arm["delivered"] > 0 for arm in streams.values())


def test_llm(capsys):
    arguments = ("--calls", "1", "--rate", "20", "--processes", "3", "--budgets", "1")
    _, found = measured(capsys, "llm", *arguments)
    calls, money = found.values()
    assert set(calls) == {"flow", "openai-sdk"}
    assert all(arm["failed"] == 0 for arm in calls.values())
    assert (money["flow"]["overspent"], money["flow"]["held"]) == (0, 0)
    assert money["flow"]["unused"] < WORST
