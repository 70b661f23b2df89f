"""The flow that checking is measured on is what it is said to be, and the report says what was measured."""

import json

from flowlattice.bench import check as bench
from flowlattice.bench.big_flow import FILES, NODES, write_big_flow
from flowlattice.check import check
from flowlattice.cli import run
from flowlattice.ir.build import build
from flowlattice.ir.digest import source_files


def test_it_has_so_many_nodes_in_so_many_files(tmp_path):
    file = write_big_flow(tmp_path / "big")
    flow = build(file).ir
    assert flow is not None
    assert len(flow.nodes) == NODES
    assert len(source_files(file)) == FILES
    assert {(node.effects, node.determinism) for node in flow.nodes} == {("pure", "strict")}
    assert [found for found in check(flow) if found.severity == "error"] == []


def test_it_is_the_same_each_time(tmp_path):
    texts = [source_files(write_big_flow(tmp_path / name)) for name in "ab"]
    assert texts[0] == texts[1]


def took(seconds):
    return bench.Took(wall_s=seconds, cpu_s=seconds / 2)


def result(*colds):
    rounds = tuple({"import": took(0.2), "cold": took(cold), "unchanged": took(0.1)} for cold in colds)
    return bench.CheckBench(machine="m", nodes=NODES, files=FILES, examples=(), rounds=rounds)


def test_the_result_is_the_median_of_the_rounds():
    found = result(1.0, 9.0, 1.2)
    assert found.median("cold") == bench.Took(wall_s=1.2, cpu_s=0.6)
    assert round(found.ratio("cold"), 6) == 6
    assert found.within
    assert not result(1.0, 9.0, 1.6).within


def test_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["bench", "check", "--rounds", "1"]) in {0, 1}
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"flow      {NODES} nodes in {FILES} files, 1 rounds"
    assert [line[:34].strip() for line in lines[3:-1]] == [
        "python -c pass",
        "from flowlattice import Flow",
        "checked anew",
        "checked again, unchanged",
        "checked again, one file changed",
    ]
    assert lines[-1].endswith("within the bounds")


def test_the_examples_are_measured_where_they_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine" / "one"
    folder.mkdir(parents=True)
    (folder / "flow.py").write_text("from flowlattice import Flow\n")
    assert run(["bench", "check", "--rounds", "1", "--examples", "mine", "--json"]) in {0, 1}
    found = json.loads(capsys.readouterr().out)
    assert found["examples"] == ["one"]
    assert set(found["rounds"][0]) == {"start", "import", "cold", "unchanged", "changed", "examples"}
