"""Every number that an author can write for an option is either taken or refused where it is written."""

import json

import pytest

from flowlattice.check import check
from flowlattice.ir.build import build
from flowlattice.ir.task import load_and_lower

FLOW = """
from datetime import datetime
from typing import Annotated
from flowlattice import *

X = {number}

class A(Record, data="public"):
    v: str = ""
    n: int = 0
    at: datetime

class Limits(Vars):
    most: float = 3
    count: int = 3

def parts(a: A) -> list[A]:
    return [a]

@node
def free(a: A) -> A:
    return a

@node
def same(a: A) -> A:
    return a

def gate(a: A, limits: Limits) -> bool:
    return a.n > limits.most

{before}
flow = Flow("tested", version="1.0.0", profile=Profile.DEV)
jobs = flow.trigger(queue("jobs", accepts=A))
flow.connect(jobs, same)
{after}
"""

F = "\n@node({0})  # here\ndef f(a: A) -> A:\n    return a\n"
P = "\n@node  # here\nasync def f(a: A, {0}) -> A:\n    return a\n"

# Options that take a number: what is written before the flow, and after it. The line that says `here` is to blame.
OPTIONS = {
    "rate": ("", "flow.rate_limit(same, qps=X, burst=1)  # here"),
    "burst": ("", "flow.rate_limit(same, qps=1, burst=X)  # here"),
    "the flow's rate": ("", "flow.rate_limit(qps=X, burst=X)  # here"),
    "in flight": ("", "flow.max_in_flight(X)  # here"),
    "shards": ("", "flow.partition_by(same, 'v', max_parallel_shards=X)  # here"),
    "weight": ("", "flow.partition_by(same, 'v', weights={'a': X})  # here"),
    "percentile": ("", "flow.slo(percentile=X, latency=ms(3))  # here"),
    "latency": ("", "flow.slo(percentile=9, latency=ms(X))  # here"),
    "rate of a promise": ("", "flow.slo(percentile=9, latency=ms(3), at_qps=X)  # here"),
    "records": ("", "flow.slo(records_per_second=X)  # here"),
    "retries": ("", "flow.on_error(same, Retry(max=X))  # here"),
    "retries of a switch": ("", "g = Filter(gate)\nflow.connect(same, g)\nflow.on_error(g, Retry(max=X))  # here"),
    "pause": ("", "flow.on_error(same, Retry(max=1, backoff=Exponential(ms(X))))  # here"),
    "factor": ("", "flow.on_error(same, Retry(max=1, backoff=Exponential(ms(3), factor=X)))  # here"),
    "items": ("", "flow.connect(same, free, buffer=Buffer(max_items=X))  # here"),
    "items said later": ("", "flow.connect(same, free)\nflow.edge(same, free, buffer=Buffer(max_items=X))  # here"),
    "items of no edge": ("", "flow.edge(same, free, buffer=Buffer(max_items=X))  # here"),
    "spill": ("", "flow.connect(same, free, buffer=Buffer(spill=Spill(max_bytes=X, blob='b')))  # here"),
    "spill's rate": ("", "flow.connect(same, free, buffer=Buffer(spill=Spill(bytes_per_second=X, blob='b')))  # here"),
    "spill in mebibytes": ("", "flow.connect(same, free, buffer=Buffer(spill=Spill(max_bytes=mib(X))))  # here"),
    "timeout of an edge": ("", "flow.connect(same, free, timeout=seconds(X))  # here"),
    "ttl": ("", "flow.hitl('c', on=same, view=A, ttl=hours(X), on_timeout='reject')  # here"),
    "concurrency": (F.format("concurrency=X"), "flow.connect(same, f)"),
    "batch": (F.format("batch=Batch(X)"), "flow.connect(same, f)"),
    "batch's wait": (F.format("batch=Batch(3, within=minutes(X))"), "flow.connect(same, f)"),
    "timeout": (F.format("timeout=days(X)"), "flow.connect(same, f)"),
    "cache": (F.format("cache=Cache(by('v'), ttl=seconds(X))"), "flow.connect(same, f)"),
    "key": (F.format("idempotency=by('v', ttl=seconds(X))"), "flow.connect(same, f)"),
    "visibility": ("", "b = flow.trigger(queue('b', accepts=A, visibility_timeout=ms(X)))  # here"),
    "deliveries": ("", "b = flow.trigger(queue('b', accepts=A, max_deliveries=X))  # here"),
    "deliveries of a topic": ("", "b = flow.trigger(kafka('b', accepts=A, max_deliveries=X))  # here"),
    "idle": ("", "b = flow.trigger(kafka('b', accepts=A, idle=ms(X)))  # here"),
    "body": ("", "b = flow.trigger(http.post('/b', accepts=A, max_body_bytes=X))  # here"),
    "deadline": ("", "b = flow.trigger(http.post('/b', accepts=A, deadline=ms(X)))  # here"),
    "status of invalid": ("", "b = flow.trigger(http.post('/b', accepts=A, invalid=[http.invalid(X)]))  # here"),
    "body of invalid": ("", "b = flow.trigger(http.post('/b', invalid=[http.invalid(400, {'a': X})]))  # here"),
    "status": ("", "flow.connect(same, flow.respond(status=X))  # here"),
    "parts": ("", "e = ForEach(parts, concurrency=X)  # here\nflow.connect(same, e)"),
    "window": ("", "w = Window.tumbling(A, event_time='at', size=ms(X))  # here\nflow.connect(same, w)"),
    "kept": ("", "d = Distinct(A, by='v', within=ms(X))  # here\nflow.connect(same, d)"),
    "seed": (P.format("ai: Annotated[AiRead, model('gpt-4o-2024-07-18', seed=X)]"), "flow.connect(same, f)"),
    "answer": (P.format("ai: Annotated[AiRead, model('gpt-4o-2024-07-18', max_tokens=X)]"), "flow.connect(same, f)"),
    "price": (
        P.format("ai: Annotated[AiRead, model('gpt-4o-2024-07-18', usd_per_million=(X, X))]"), "flow.connect(same, f)"
    ),
    "tokens": (P.format("b: Annotated[TokenBudget, per(call=tokens(X))]"), "flow.connect(same, f)"),
    "dollars": (P.format("b: Annotated[TokenBudget, per(day=usd(X))]"), "flow.connect(same, f)"),
    "memory": (
        P.format("py: Annotated[PluginPython, sandboxed('flow.py', memory=X)]"), "flow.connect(same, f)"
    ),
    "processor": (
        P.format("py: Annotated[PluginPython, sandboxed('flow.py', cpu=ms(X))]"), "flow.connect(same, f)"
    ),
    "variable": ("", "flow.vars(Limits(most=X))  # here\ng = Filter(gate)\nflow.connect(same, g)"),
    "whole variable": ("", "flow.vars(Limits(count=X))  # here\ng = Filter(gate)\nflow.connect(same, g)"),
}  # fmt: skip
NONE = ('float("nan")', 'float("inf")', '-float("inf")', "10**400", "-10**400", "10**5000")


def faults(tmp_path, option, number):
    """What is wrong with a flow that gives an option that number, and the line that does."""
    before, after = OPTIONS[option]
    text = FLOW.format(number=number, before=before, after=after)
    (tmp_path / "flow.py").write_text(text)
    answer = load_and_lower(str(tmp_path / "flow.py"), lambda _event: None)
    json.dumps(answer, allow_nan=False)
    built = build(tmp_path, trusted=True)
    found = built.diagnostics if built.ir is None else check(built.ir)
    here = next(number for number, line in enumerate(text.splitlines(), 1) if "# here" in line)
    return [(one.code, one.line - here, one.message) for one in found if one.severity == "error"]


@pytest.mark.parametrize("option", OPTIONS)
def test_a_number_that_is_none_is_refused_where_it_is_written(tmp_path, option):
    for number in NONE:
        found = faults(tmp_path, option, number)
        assert any(where in {0, 1} for _, where, _ in found), (number, found)
        assert all(code != "LOAD004" for code, _, _ in found)
        assert all("digits" not in message for _, _, message in found)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("number", ["2**64", "2.5", "True", "10**18", "1e308", "0"])
def test_any_other_number_is_taken_or_refused_where_it_is_written(tmp_path, option, number):
    found = faults(tmp_path, option, number)
    assert all(where in {0, 1} for code, where, _ in found if code.startswith("LOAD")), found
    assert all(code != "LOAD004" for code, _, _ in found)


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("rate", "DAG320"),
        ("burst", "DAG320"),
        ("percentile", "DAG320"),
        ("records", "DAG320"),
        ("in flight", "DAG005"),
        ("shards", "DAG005"),
        ("weight", "DAG005"),
        ("factor", "CTRL101"),
        ("status", "DAG106"),
    ],
)
def test_the_rule_of_the_option_finds_it_beside_all_other_faults(tmp_path, option, code):
    for number in NONE:
        assert code in [found for found, where, _ in faults(tmp_path, option, number) if where == 0], number


def test_a_record_may_have_numbers_that_json_has_not(tmp_path):
    record = "from math import inf\nfrom typing import Annotated\nfrom pydantic import Field\n" + FLOW.replace(
        "    at: datetime", "    at: datetime\n    top: Annotated[float, Field(le=inf)] = inf\n    big: int = 10**5000"
    )
    (tmp_path / "flow.py").write_text(record.format(number="1", before="", after=""))
    built = build(tmp_path, trusted=True)
    assert built.ir is not None, built.diagnostics
    fields = json.loads(built.ir.to_json())["schemas"]["A"]["properties"]
    assert fields["top"]["default"] == "inf"
    assert "maximum" not in fields["top"]
    assert fields["big"]["default"] == "1e5000"
