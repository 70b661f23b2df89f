"""The dev host: lines in; outputs, rejected lines, calls and errors out."""

from __future__ import annotations

import asyncio

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.engine import MemoryCallLog
from flowlattice.errors import UsageError
from flowlattice.hosts.dev import choose_trigger, run_lines
from tests.support.flows import ECHO, runtime_of

ENDS = """
class In(Record, data="public"):
    v: int
    day: date = date(2026, 1, 31)

@node
def last(req: In) -> In:
    if req.v == 13:
        raise ValueError("unlucky")
    require(req.v < 100, "v", "must be under 100")
    return In(v=req.v * 2)

@node
async def sent(req: In, crm: HttpWrite, table: KvWrite) -> In:
    await crm.post("https://crm.example/x", json={"v": req.v})
    await table.set("v", str(req.v))
    return req

flow = Flow("ends", version="1.0.0")
hook = flow.trigger(http.post("/ends", accepts=In), name="numbers")
even = Filter(lambda r: r.v % 2 == 1, name="odd")
flow.connect(hook, even)
flow.connect(even, last)
other = flow.trigger(http.get("/other", accepts=In), name="others")
flow.connect(other, sent)
flow.connect(sent, flow.respond(body="empty", status=202))
flow.egress("crm", "crm.example")
"""


def dev_run(folder, source, lines, trigger=None):
    log = MemoryCallLog()
    running = runtime_of(folder, source, bindings=LocalBindings(), log=log, profile="dev")
    return asyncio.run(run_lines(running, choose_trigger(running, trigger), lines, log))


def test_outputs_are_what_reaches_the_ends_and_rejected_lines_stay_as_they_are(tmp_path):
    lines = [b'{"v": 1}\n', b'{"v": 2}', b"", b"   \n", b'{"w": [1]}', b"nonsense \xff", b'{"v": 101}', b'{"v": 3}']
    report = dev_run(tmp_path, ENDS, lines, "numbers")
    assert report.status == "completed"
    assert report.outputs == [{"v": 2, "day": "2026-01-31"}, {"v": 6, "day": "2026-01-31"}]
    assert report.side_outputs == {"rejected": [{"w": [1]}, "nonsense �", {"v": 101}]}
    assert report.calls == []
    assert report.errors == []


def test_a_line_that_the_flow_fails_on_is_an_error_and_the_rest_goes_on(tmp_path):
    report = dev_run(tmp_path, ENDS, [b'{"v": 13}', b'{"v": 5}'], "numbers")
    assert report.status == "failed"
    assert [(error.line, error.node, error.error) for error in report.errors] == [(1, "last", "ValueError: unlucky")]
    assert [record["v"] for record in report.outputs] == [10]


def test_calls_are_listed_one_for_each_effect(tmp_path):
    report = dev_run(tmp_path, ENDS, [b'{"v": 1}', b'{"v": 2}'], "others")
    assert [(c.node, c.capability, c.method, c.target, c.attempt) for c in report.calls] == [
        ("sent", "http.write", "post", "crm.example", 1),
        ("sent", "kv.write", "set", "table", 1),
    ] * 2
    assert [record["v"] for record in report.outputs] == [1, 2], "a respond's output is what reached it"


def test_the_trigger_has_to_be_clear(tmp_path):
    running = runtime_of(tmp_path, ENDS, profile="dev")
    with pytest.raises(UsageError, match="--trigger is needed, one of: numbers, others"):
        choose_trigger(running, None)
    with pytest.raises(UsageError, match="no trigger x; there is numbers, others"):
        choose_trigger(running, "x")
    assert choose_trigger(runtime_of(tmp_path / "echo", ECHO), None).plan.path == "/echo"


def test_rate_limits_are_for_callers_and_not_for_dev_runs(tmp_path):
    report = dev_run(tmp_path, ECHO + "flow.rate_limit(qps=0.1, burst=1)", [b'{"v": "A"}'] * 5)
    assert len(report.outputs) == 5


def test_a_line_is_the_whole_body_where_that_is_the_only_field(tmp_path):
    source = """
class In(Record, data="public"):
    numbers: Annotated[list[int], field(body=True)]

flow = Flow("whole", version="1.0.0")
flow.connect(flow.trigger(http.post("/whole", accepts=In)), flow.respond())
"""
    log = MemoryCallLog()
    running = runtime_of(tmp_path, source, log=log)
    lines = [b"[1, 2]", b'{"numbers": [1]}', b"[1"]
    report = asyncio.run(run_lines(running, choose_trigger(running, None), lines, log))
    assert report.outputs == [{"numbers": [1, 2]}]
    assert report.side_outputs == {"rejected": [{"numbers": [1]}, "[1"]}
