"""A node that fails is attempted again where the flow says so, within its run's time, and never at an effect's cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.capabilities import HttpResponse
from flowlattice.engine import MemoryCallLog
from flowlattice.engine.attempts import Retries
from flowlattice.engine.backends import AiPiece, NotSent
from flowlattice.errors import BudgetExceeded, CallFailed, FailureKind
from flowlattice.hosts.dev import run_lines
from tests.support.flows import ask, running, runtime_of, web
from tests.support.modules import flow_module

HEAD = """
from collections.abc import AsyncIterator
from flowlattice import AiRead, DeadLetter, Exponential, Halt, Retry

class In(Record, data="public"):
    v: str = "a"
    fails: int = 0

class Out(Record, data="public"):
    v: str
    attempt: int = 0

TRIED = []

"""
FLOW = """
flow = Flow("tries", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=ms(DEADLINE)))
flow.connect(hook, act)
flow.connect(act, flow.respond())
flow.on_error(act, Retry(max=2, backoff=Exponential(ms(1)) THEN))
flow.egress("shop", "shop.example.com")
"""
READS = """
@node
async def act(req: In, context: Context, shop: HttpRead) -> Out:
    answer = await shop.get("https://shop.example.com/")
    if not answer.ok:
        raise RuntimeError(f"{answer.status}")
    return Out(v=req.v, attempt=context.attempt)
"""
COUNTS = """
@node(effects=Effects.EFFECTFUL)
async def act(req: In, context: Context) -> Out:
    TRIED.append(context.attempt)
    if len(TRIED) <= req.fails:
        raise ValueError("secret")
    return Out(v=req.v, attempt=context.attempt)
"""
PAYS = """
@node(idempotency=by("v") HONOURED)
async def act(req: In, context: Context, shop: HttpWrite SEEN) -> Out:
    answer = await shop.post("https://shop.example.com/")
    if not answer.ok:
        raise RuntimeError(f"{answer.status}")
    return Out(v=req.v, attempt=context.attempt)
"""


def source(node: str, *, then: str = "", deadline: int = 20_000) -> str:
    return HEAD + node + FLOW.replace("THEN", then).replace("DEADLINE", str(deadline))


class Shop(LocalBindings):
    """Doubles whose http backend does what a script says: answers a status, or raises; 200 when it is over."""

    def __init__(self, *script: int | Exception, retry_after: str | None = None) -> None:
        super().__init__()
        self.script = list(script)
        self.keys: list[str | None] = []
        self._headers = {} if retry_after is None else {"retry-after": retry_after}

    def http(self, binding):
        return self

    async def send(self, method, url, *, params, json, form, headers, hosts):
        self.keys.append(headers.get("Idempotency-Key"))
        outcome = self.script.pop(0) if self.script else 200
        if isinstance(outcome, Exception):
            raise outcome
        return HttpResponse(status=outcome, headers=self._headers if outcome != 200 else {})


async def posted(folder, text, bindings, record=None):
    async with web(folder, text, bindings=bindings) as client:
        answer = await client("POST", "/go", json=record or {})
        return answer.status, json.loads(answer.body or b"null"), [call.attempt for call in client.log.calls]


@running
async def test_a_failure_is_followed_by_attempts_that_are_numbered_in_the_run_log(tmp_path):
    status, body, attempts = await posted(tmp_path, source(READS), Shop(500, 500))
    assert (status, body, attempts) == (200, {"v": "a", "attempt": 3}, [1, 2, 3])


@running
async def test_attempts_end(tmp_path):
    shop = Shop(500, 500, 500, 500)
    status, body, attempts = await posted(tmp_path, source(READS), shop)
    assert (status, body["error"], attempts, len(shop.script)) == (500, "internal", [1, 2, 3], 1)


@running
async def test_nobody_is_asked_sooner_than_he_says(tmp_path):
    status, _, attempts = await posted(tmp_path, source(READS), Shop(429, retry_after="30"))
    assert (status, attempts) == (500, [1])  # 30 s is after the deadline


@running
async def test_who_asks_for_no_wait_is_asked_again(tmp_path):
    status, _, attempts = await posted(tmp_path, source(READS), Shop(503, retry_after="0"))
    assert (status, attempts) == (200, [1, 2])


@running
async def test_no_attempt_begins_that_the_deadline_would_end(tmp_path):
    text = source(READS, deadline=5_000).replace("Exponential(ms(1))", "Exponential(seconds(5))")
    status, _, attempts = await posted(tmp_path, text, Shop(500))
    assert (status, attempts) == (500, [1])


@pytest.mark.parametrize("node", [COUNTS, COUNTS.replace("async ", "")], ids=["task", "thread"])
def test_nodes_of_all_kinds_are_attempted_again(tmp_path, node):
    text = source(node)
    answers = ask(tmp_path, text, {"method": "POST", "target": "/go", "json": {"fails": 2}})
    assert json.loads(answers[0].body) == {"v": "a", "attempt": 3}


def test_a_node_that_is_called_in_place_is_attempted_again_and_what_follows_is_not(tmp_path):
    node = """
@node(vouch=["TRIED.append", "len"])
def act(req: In) -> In:
    TRIED.append(1)
    if len(TRIED) <= req.fails:
        raise ValueError("secret")
    return req

@node
def after(req: In) -> Out:
    if req.v == "bad":
        raise ValueError("secret")
    return Out(v=req.v)
"""
    ways = "flow.connect(act, after)\nflow.connect(after, flow.respond())"
    text = source(node).replace("flow.connect(act, flow.respond())", ways)
    fine, bad = ask(
        tmp_path,
        text,
        {"method": "POST", "target": "/go", "json": {"fails": 2}},
        {"method": "POST", "target": "/go", "json": {"v": "bad"}},
    )
    assert (fine.status, bad.status) == (200, 500)
    assert len(flow_module(tmp_path).TRIED) == 4


# Effects.


def pays(*, honoured: bool = False, remembered: bool = True) -> str:
    node = PAYS.replace("HONOURED", ", honours_key=True" if honoured else "")
    return source(node.replace("SEEN", ", seen: DedupeStore" if remembered else ""))


@running
async def test_an_effect_that_certainly_did_not_happen_is_attempted_again_under_its_key(tmp_path):
    shop = Shop(NotSent("shop", "transient", "no connection"), 429)
    status, _, attempts = await posted(tmp_path, pays(), shop)
    assert (status, attempts) == (200, [2, 3])
    assert shop.keys[0] is not None
    assert len(set(shop.keys)) == 1


@running
async def test_an_effect_that_may_have_happened_is_not_repeated_and_in_doubt(tmp_path):
    shop = Shop(OSError("reset"))
    async with web(tmp_path, pays(), bindings=shop) as client:
        first, second = [await client("POST", "/go", json={}) for _ in range(2)]
    assert (first.status, second.status, len(shop.keys)) == (500, 409, 1)


@running
async def test_an_effect_in_doubt_is_asked_for_again_of_whoever_honours_the_key(tmp_path):
    shop = Shop(OSError("reset"), *[NotSent("shop", "transient", "no")] * 2)
    async with web(tmp_path, pays(honoured=True), bindings=shop) as client:
        answers = [await client("POST", "/go", json={}) for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 200, 200]
    assert len(shop.keys) == 4
    assert len(set(shop.keys)) == 1


@running
async def test_whoever_honours_the_key_may_be_asked_again(tmp_path):
    shop = Shop(OSError("reset"), 503)
    async with web(tmp_path, pays(honoured=True), bindings=shop) as client:
        answers = [await client("POST", "/go", json={}) for _ in range(2)]
    assert [json.loads(answer.body) for answer in answers] == [{"v": "a", "attempt": 3}] * 2
    assert len(shop.keys) == 3
    assert len(set(shop.keys)) == 1


@running
async def test_without_a_store_of_keys_delivery_is_at_least_once(tmp_path):
    shop = Shop(OSError("reset"))
    status, _, attempts = await posted(tmp_path, pays(remembered=False), shop)
    assert (status, attempts) == (200, [1, 2])


# Language models.


class Model(LocalBindings):
    """Doubles whose language model does what a script says."""

    def __init__(self, *script: Callable[[], object]) -> None:
        super().__init__()
        self.script = list(script)
        self.asked = 0
        self._double = super().ai("ai")

    def ai(self, binding):
        return self

    def __getattr__(self, name: str) -> object:
        return getattr(self._double, name)

    async def answer(self, request):
        self.asked += 1
        if self.script:
            self.script.pop(0)()
        yield AiPiece(text="hello", finish="stop")


def fails(kind: FailureKind, seconds: float | None = None) -> Callable[[], None]:
    wait = None if seconds is None else timedelta(seconds=seconds)

    def fail() -> None:
        raise CallFailed("ai", kind, "no", retry_after=wait)

    return fail


def exceeds() -> None:
    raise BudgetExceeded("of the day", (1, 1), (0, 0))


ASKS = """
@node(idempotency=by("v"))
async def act(req: In, ai: AiRead) -> Out:
    return Out(v=await ai.complete(req.v))
"""


@pytest.mark.parametrize(
    ("script", "status", "asked"),
    [
        ([fails("transient"), fails("rate_limited", 0.001)], 200, 3),
        ([fails("rate_limited", 30)], 503, 1),
        ([fails("auth")], 500, 1),
        ([fails("permanent")], 500, 1),
        ([exceeds], 429, 1),
    ],
)
def test_failures_that_may_pass_are_attempted_again_and_others_are_not(tmp_path, script, status, asked):
    model = Model(*script)

    async def post() -> int:
        async with web(tmp_path, source(ASKS), bindings=model) as client:
            return (await client("POST", "/go", json={})).status

    assert (asyncio.run(post()), model.asked) == (status, asked)


# Streams.

STREAMS = """
@node(effects=Effects.EFFECTFUL)
async def act(req: In) -> AsyncIterator[Out]:
    TRIED.append(req.v)
    if req.v == "middle":
        yield Out(v="one")
    if len(TRIED) <= req.fails:
        raise ValueError("secret")
    yield Out(v=req.v, attempt=len(TRIED))
"""
STREAMED = "flow.respond(body='events', stream=True)"


def test_a_stream_is_attempted_again_until_its_first_item(tmp_path):
    text = source(STREAMS).replace("flow.respond()", STREAMED)
    fine, middle = ask(
        tmp_path,
        text,
        {"method": "POST", "target": "/go", "json": {"fails": 2}},
        {"method": "POST", "target": "/go", "json": {"v": "middle", "fails": 9}},
    )
    assert fine.body.decode() == 'data: {"v":"a","attempt":3}\n\n'
    assert middle.body.decode().startswith('data: {"v":"one","attempt":0}\n\nevent: error\n')
    assert flow_module(tmp_path).TRIED == ["a", "a", "a", "middle"]


# After the last attempt.

ASIDE = """
@node
def explain(req: In) -> Out:
    return Out(v=f"{req.v} was put aside")
"""
SIDE = """
flow.connect(act.side("failed"), explain)
flow.connect(explain, flow.respond(name="aside", status=202))
"""


@pytest.mark.parametrize("kind", ["async", "stream"])
def test_a_record_that_fails_for_good_goes_to_the_dead_letters_as_it_came(tmp_path, kind):
    node = STREAMS if kind == "stream" else COUNTS
    text = source(node + ASIDE, then=', then=DeadLetter("failed")') + SIDE
    if kind == "stream":
        text = text.replace("flow.respond()", STREAMED)
    (answer,) = ask(tmp_path, text, {"method": "POST", "target": "/go", "json": {"fails": 9}})
    assert (answer.status, json.loads(answer.body)) == (202, {"v": "a was put aside", "attempt": 0})
    assert len(flow_module(tmp_path).TRIED) == 3


@running
async def test_dead_letters_that_lead_nowhere_are_in_the_report_of_a_dev_run(tmp_path):
    node = COUNTS
    log = MemoryCallLog()
    runtime = runtime_of(tmp_path, source(node, then=', then=DeadLetter("failed")'), log=log, profile="dev")
    report = await run_lines(runtime, runtime.triggers[0], [b'{"fails": 3}', b'{"v": "b"}'], log)
    assert report.status == "completed"
    assert report.side_outputs == {"rejected": [], "failed": [{"v": "a", "fails": 3}]}
    assert report.outputs == [{"v": "b", "attempt": 1}]


def test_a_run_that_halts_fails(tmp_path):
    text = source(COUNTS, then=", then=Halt()")
    (answer,) = ask(tmp_path, text, {"method": "POST", "target": "/go", "json": {"fails": 9}})
    assert (answer.status, len(flow_module(tmp_path).TRIED)) == (500, 3)


def test_invalid_input_is_neither_attempted_again_nor_put_aside(tmp_path):
    node = """
@node
async def act(req: In) -> Out:
    TRIED.append(req.v)
    require(False, "v", "is bad")
    return Out(v=req.v)
"""
    text = source(node + ASIDE, then=', then=DeadLetter("failed")') + SIDE
    (answer,) = ask(tmp_path, text, {"method": "POST", "target": "/go", "json": {}})
    assert (answer.status, flow_module(tmp_path).TRIED) == (422, ["a"])


def test_waits_grow_and_are_a_little_longer_than_said():
    retries = Retries(5, backoff_s=0.2, factor=3.0)
    for number, exact in ((1, 0.2), (2, 0.6), (3, 1.8), (9, 60.0)):
        assert all(1.05 * exact <= retries.backoff(number) <= 1.1 * exact for _ in range(50))


# Limits of one node.

LIMITED = """
flow.rate_limit(act, qps=QPS, burst=1)
"""


@running
async def test_records_that_come_too_early_wait_their_turn(tmp_path):
    text = source(COUNTS) + LIMITED.replace("QPS", "500")
    async with web(tmp_path, text) as client:
        answers = await asyncio.gather(*(client("POST", "/go", json={"v": str(n)}) for n in range(5)))
    assert [answer.status for answer in answers] == [200] * 5


@running
async def test_a_record_that_would_not_get_in_in_time_is_refused_at_once(tmp_path):
    text = source(COUNTS, deadline=5_000) + LIMITED.replace("QPS", "0.1")
    async with web(tmp_path, text) as client:
        first, second = [await client("POST", "/go", json={}) for _ in range(2)]
    assert (first.status, second.status, second.headers["retry-after"]) == (200, 503, "10")
    assert json.loads(second.body)["error"] == "saturated"
    assert flow_module(tmp_path).TRIED == [1]
