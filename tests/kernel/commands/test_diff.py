"""`flows diff`: what changes in meaning between two flow files."""

import json

from flowlattice.cli import run
from tests.support.flows import ECHO, write_flow


def test_the_meaning_of_a_change(tmp_path, capsys):
    old = write_flow(tmp_path / "old", ECHO)
    new = write_flow(tmp_path / "new", ECHO + "flow.rate_limit(qps=5, burst=5)\n")
    assert run(["diff", str(old), str(new)]) == 0
    assert capsys.readouterr().out.startswith("safer    takes at most 5 requests a second, was any number\n")
    assert run(["diff", str(new), str(old), "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert changes[0]["weight"] == "riskier"
    assert changes[0]["before"] == 5


def test_flows_that_promise_the_same(tmp_path, capsys):
    old = write_flow(tmp_path / "old", ECHO)
    new = write_flow(tmp_path / "new", f"{ECHO}# Words alone.\n")
    assert run(["diff", str(old), str(new)]) == 0
    assert capsys.readouterr().out == "the two promise the same\n"


def test_another_body_shows_although_it_promises_the_same(tmp_path, capsys):
    old = write_flow(tmp_path / "old", ECHO)
    new = write_flow(tmp_path / "new", ECHO.replace("lower", "upper"))
    assert run(["diff", str(old), str(new)]) == 0
    assert "its code is not as it was" in capsys.readouterr().out


def test_a_flow_that_cannot_be_built_is_a_problem(tmp_path, capsys):
    old = write_flow(tmp_path / "old", ECHO)
    new = write_flow(tmp_path / "new", "flow = Flow(")
    assert run(["diff", str(old), str(new)]) == 1
    assert "LOAD" in capsys.readouterr().err
