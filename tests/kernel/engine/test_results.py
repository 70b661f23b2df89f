"""Results of nodes are kept where the node says so: looked up by its fields, for as long as it says."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.engine import results
from flowlattice.engine.results import MemoryResults
from flowlattice.engine.runnable import NotRunYet
from tests.support.flows import running, runtime_of, web
from tests.support.modules import flow_module

CACHED = """
from flowlattice import Cache, Vars, hours

class In(Record, data="public"):
    v: str
    other: int = 0

class Out(Record, data="public"):
    v: str
    made: int

class Limits(Vars):
    most: int = 5

def number_of() -> int:
    return 0

@node(cache=Cache(by("v") TIER))
KIND(req: In) -> Out:
    number = number_of()
    if req.v == "bad":
        raise ValueError(req.v)
    return Out(v=req.v, made=number)

@node
def after(out: Out) -> Out:
    return out

flow = Flow("cached", version="VERSION")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(20)))
flow.connect(hook, act)
flow.connect(act, after)
flow.connect(after, flow.respond())
flow.vars(Limits(most=MOST))
"""


def source(*, kind: str = "async def act", tier: str = "", version: str = "1.0.0", most: int = 5) -> str:
    text = CACHED.replace("KIND", kind).replace("TIER", tier).replace("VERSION", version)
    return text.replace("MOST", str(most))


async def made(folder, text, *records, bindings=None, first=1):
    """The number of the call that made each answer; the first call here has the number `first`."""
    async with web(folder, text, bindings=bindings) as client:
        numbers = count(first)
        flow_module(folder).number_of = lambda: next(numbers)
        answers = [await client("POST", "/go", json=record) for record in records]
    return [json.loads(answer.body).get("made") for answer in answers]


RECORDS = ({"v": "a"}, {"v": "b"}, {"v": "a", "other": 9}, {"v": "bad"}, {"v": "bad"}, {"v": "b"})


@pytest.mark.parametrize(
    "text",
    [source(), source(tier=', tier="local"'), source(kind="def act"), source(kind="def act", tier=', tier="local"')],
    ids=["memory", "local", "in place", "thread"],
)
@running
async def test_a_result_stands_for_all_with_its_fields_and_a_failure_for_none(tmp_path, text):
    assert await made(tmp_path, text, *RECORDS) == [1, 2, 1, None, None, 2]


@running
async def test_local_results_outlive_the_process_but_not_their_version(tmp_path):
    state, tier = tmp_path / "state", ', tier="local", ttl=hours(1), invalidate=("version", "most")'
    found = []
    for number, (version, most) in enumerate((("1.0.0", 5), ("1.0.0", 5), ("1.0.1", 5), ("1.0.1", 6))):
        text, first = source(tier=tier, version=version, most=most), 10 * number
        found += await made(tmp_path / str(number), text, {"v": "a"}, bindings=LocalBindings(state), first=first)
    assert found == [0, 0, 20, 30]


def test_memory_lets_go_of_what_is_old_or_was_not_used():
    now = [0.0]
    store = MemoryResults(lambda: now[0])
    store.keep("a", "1", timedelta(seconds=5))
    store.keep("b", "2", None)
    now[0] = 4.9
    assert store.look_up("a") == "1"
    now[0] = 5.0
    assert (store.look_up("a"), store.look_up("b")) == (None, "2")


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(results, "MOST_IN_MEMORY", 2)
    store = MemoryResults()
    for key in ("a", "b"):
        store.keep(key, key, None)
    store.look_up("a")
    store.keep("c", "c", None)
    assert [store.look_up(key) for key in ("a", "b", "c")] == ["a", None, "c"]


def test_what_others_would_have_to_see_is_not_run_yet(tmp_path):
    with pytest.raises(NotRunYet, match=r"shared caches \(of act\)"):
        runtime_of(tmp_path, source(tier=', tier="shared"'))
