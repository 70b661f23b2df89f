"""Runs that wait: deadlines, timeouts, clients that go away, threads; in process, where they can be watched."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.support.flows import ask, running, until, web
from tests.support.modules import flow_module

WATCHED = """
import threading

class In(Record, data="public"):
    v: str = ""

SEEN = []
FREE = threading.Event()

@node
def in_thread(req: In, ctx: Context) -> In:
    SEEN.append(("started", ctx.run_id, ctx.attempt, ctx.is_cancelled()))
    while not ctx.is_cancelled() and not FREE.is_set():
        FREE.wait(0.002)
    SEEN.append(("cancelled", ctx.is_cancelled()))
    return req

@node
async def in_task(req: In, ctx: Context) -> In:
    SEEN.append(("started", ctx.run_id, ctx.attempt, ctx.is_cancelled()))
    try:
        await asyncio.Event().wait()
    finally:
        SEEN.append(("cancelled", ctx.is_cancelled()))
    return req

@node
def after(req: In) -> In:
    SEEN.append(("after",))
    return req

flow = Flow("watched", version="1.0.0")
done = flow.respond()
threaded = flow.trigger(http.post("/thread", accepts=In DEADLINE))
flow.connect(threaded, in_thread)
flow.connect(in_thread, after)
flow.connect(after, done)
tasked = flow.trigger(http.post("/task", accepts=In DEADLINE))
flow.connect(tasked, in_task)
flow.connect(in_task, done)
"""


@pytest.mark.parametrize("path", ["/thread", "/task"])
@running
async def test_a_client_that_leaves_cancels_the_run(tmp_path, path):
    async with web(tmp_path, WATCHED.replace("DEADLINE", "")) as client:
        leaving = asyncio.create_task(client.driver.leave("POST", path, body=b"{}", after=0.02))
        await until(lambda: len(flow_module(tmp_path).SEEN) >= 1)
        seen = flow_module(tmp_path).SEEN
        assert seen[0][0] == "started"
        assert seen[0][2:] == (1, False)
        assert await leaving is None, "nobody is answered"
        await until(lambda: ("cancelled", True) in seen)
        assert ("after",) not in seen, "what comes after is not run"
        metrics = (await client("GET", "/metrics")).body.decode()
        assert f'method="POST",route="{path}",status="499"}} 1.0' in metrics
        assert 'flows_in_flight{flow="watched"} 0.0' in metrics


@pytest.mark.parametrize("path", ["/thread", "/task"])
@running
async def test_a_run_past_its_deadline_is_504_and_cancelled(tmp_path, path):
    async with web(tmp_path, WATCHED.replace("DEADLINE", ", deadline=ms(30)")) as client:
        answer = await client("POST", path, json={})
        assert answer.status == 504
        document = json.loads(answer.body)
        assert document["error"] == "deadline_exceeded"
        assert document["run"] == flow_module(tmp_path).SEEN[0][1]
        await until(lambda: ("cancelled", True) in flow_module(tmp_path).SEEN)


def test_a_plain_run_past_its_deadline_is_504_too(tmp_path):
    source = """
    class In(Record, data="public"):
        n: int

    @node
    def count(req: In) -> In:
        for _ in range(req.n):
            pass
        return req

    flow = Flow("counting", version="1.0.0")
    hook = flow.trigger(http.post("/c", accepts=In, deadline=ms(20)))
    flow.connect(hook, count)
    flow.connect(count, flow.respond())
    """
    late, fine = ask(
        tmp_path,
        source,
        {"method": "POST", "target": "/c", "json": {"n": 30_000_000}},
        {"method": "POST", "target": "/c", "json": {"n": 1}},
    )
    assert (late.status, fine.status) == (504, 200)


TIMEOUTS = """
import threading

class In(Record, data="public"):
    v: str = ""

GAVE_UP = []

@node(timeout=ms(20))
async def slow_task(req: In, ctx: Context) -> In:
    try:
        await asyncio.Event().wait()
    finally:
        GAVE_UP.append("task")
    return req

@node(timeout=ms(20))
def slow_thread(req: In, ctx: Context) -> In:
    while not ctx.is_cancelled():
        threading.Event().wait(0.002)
    GAVE_UP.append("thread")
    return req

@node
async def slow_edge(req: In) -> In:
    await asyncio.Event().wait()
    return req

@node
def quick(req: In) -> In:
    return req

@node(timeout=seconds(60))
async def fails(req: In) -> In:
    raise TimeoutError("its own")

flow = Flow("timeouts", version="1.0.0")
done = flow.respond()
ways = [("/task", slow_task), ("/thread", slow_thread), ("/edge", slow_edge), ("/quick", quick), ("/own", fails)]
for path, target in ways:
    flow.connect(flow.trigger(http.post(path, accepts=In)), target, timeout=ms(20) if path == "/edge" else seconds(60))
    flow.connect(target, done)
"""


def test_timeouts_of_nodes_and_edges_are_504(tmp_path):
    paths = ["/task", "/thread", "/edge", "/quick", "/own"]
    answers = ask(tmp_path, TIMEOUTS, *({"method": "POST", "target": path, "json": {}} for path in paths))
    assert [answer.status for answer in answers] == [504, 504, 504, 200, 500], "a TimeoutError of its own is a failure"
    assert flow_module(tmp_path).GAVE_UP == ["task", "thread"]


FAN = """
class In(Record, data="public"):
    v: str = ""

ORDER = []
GO = asyncio.Event()

@node
async def left(req: In) -> In:
    ORDER.append("left")
    GO.set()
    return req

@node
async def right(req: In) -> In:
    await GO.wait()
    ORDER.append("right")
    return req

@node
async def fails(req: In) -> In:
    await GO.wait()
    raise ValueError("no")

@node
async def waits(req: In) -> In:
    try:
        await asyncio.Event().wait()
    finally:
        ORDER.append("given up")
    return req

flow = Flow("fan", version="1.0.0")
apart = flow.trigger(http.post("/apart", accepts=In))
flow.connect(apart, right)
flow.connect(apart, left)
flow.connect(right, flow.respond(status=201))
flow.connect(left, flow.respond(status=202))
failing = flow.trigger(http.post("/failing", accepts=In))
flow.connect(failing, waits)
flow.connect(failing, fails)
flow.connect(waits, flow.respond())
flow.connect(fails, flow.respond())
"""


def test_branches_that_stay_apart_run_at_the_same_time(tmp_path):
    [answer] = ask(tmp_path, FAN, {"method": "POST", "target": "/apart", "json": {}})
    assert flow_module(tmp_path).ORDER == ["left", "right"], "right waits for left, which is connected after it"
    assert answer.status == 202, "the last respond in the order of the edges answers"


def test_a_branch_that_fails_takes_the_others_with_it(tmp_path):
    source = FAN.replace("GO = asyncio.Event()", "GO = asyncio.Event(); GO.set()")
    [answer] = ask(tmp_path, source, {"method": "POST", "target": "/failing", "json": {}})
    assert answer.status == 500
    assert flow_module(tmp_path).ORDER == ["given up"]


MEETING = """
class In(Record, data="public"):
    v: str = ""

ORDER = []

@node
async def slow(req: In) -> In:
    for _ in range(5):
        await asyncio.sleep(0)
    return In(v="slow")

@node
async def fast(req: In) -> In:
    return In(v="fast")

@node
async def record(req: In) -> In:
    ORDER.append(f"{req.v} begins")
    await asyncio.sleep(0)
    ORDER.append(f"{req.v} ends")
    return req

flow = Flow("meeting", version="1.0.0")
hook = flow.trigger(http.post("/m", accepts=In))
both = Merge()
flow.connect(hook, slow)
flow.connect(hook, fast)
flow.connect(slow, both)
flow.connect(fast, both)
flow.connect(both, record)
flow.connect(record, flow.respond())
"""


def test_branches_that_meet_again_arrive_one_after_the_other_in_the_order_of_the_edges(tmp_path):
    [answer] = ask(tmp_path, MEETING, {"method": "POST", "target": "/m", "json": {}})
    assert flow_module(tmp_path).ORDER == ["slow begins", "slow ends", "fast begins", "fast ends"]
    assert json.loads(answer.body) == {"v": "fast"}


@running
async def test_a_thread_that_never_comes_back_does_not_hold_up_others(tmp_path):
    async with web(tmp_path, WATCHED.replace("DEADLINE", ", deadline=ms(500)")) as client:
        answers = await asyncio.gather(*(client("POST", "/thread", json={}) for _ in range(80)))
        assert {answer.status for answer in answers} == {504}
        flow_module(tmp_path).FREE.set()
        answer = await client("POST", "/thread", json={})
        assert answer.status == 200


@running
async def test_the_next_request_waits_for_nothing_of_the_one_before(tmp_path):
    async with web(tmp_path, WATCHED.replace("DEADLINE", "")) as client:
        await client.driver.leave("POST", "/task", body=b"{}", after=0.01)
        flow_module(tmp_path).FREE.set()
        answer = await client("POST", "/thread", json={"v": "x"})
        assert json.loads(answer.body) == {"v": "x"}
