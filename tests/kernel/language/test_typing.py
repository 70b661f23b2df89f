"""The authoring API is typed: mypy accepts what is right and rejects what the checker and the host would reject."""

import re
import subprocess
import sys

import pytest

from tests.support import typed_controls
from tests.support.docblocks import ROOT

RIGHT = '''
"""Everything that must type-check."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, assert_type

from flowlattice import (
    Aggregate, AiRead, Buffer, Clock, Context, Distinct, Effects, Filter, Flow, ForEach, HttpRead, HttpWrite, If, Join,
    KvWrite, Map, Merge, ObjectRef, Raw, Record, Switch, Tick, Window, Zip, blob, by, cron, field, hours, http, kafka,
    minutes, ms, node, queue,
)
from flowlattice.language.joins import LeftJoin
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Branch
from flowlattice.language.triggers import TriggerNode


class A(Record, data="public"):
    v: str


class B(Record, data="public"):
    n: int


class C(A, data="public"):
    w: str


@node
def plain(a: A) -> B:
    return B(n=len(a.v))


@node
async def waits(a: A, api: HttpRead, clock: Clock, ctx: Context) -> B:
    answer = await api.get("https://a.example", params={"v": a.v})
    return B(n=answer.status + clock.now().year + ctx.attempt)


@node
async def streams(a: A) -> AsyncIterator[B]:
    yield B(n=1)


@node
async def stream_texts(a: A) -> AsyncIterator[str]:
    yield a.v


@node(effects=Effects.EFFECTFUL, idempotency=by("v"), timeout=ms(5))
async def writes(a: A, api: HttpWrite, entries: KvWrite) -> B:
    await entries.set(a.v, "1", ttl=ms(5))
    return B(n=(await api.post("https://a.example", json={"v": a.v})).status)


@node
async def asks(a: A, ai: AiRead) -> B:
    return assert_type(await ai.extract("Count.", into=B, data=a, repairs=2), B)


@node
async def answers(a: A, ai: AiRead) -> AsyncIterator[A]:
    async for piece in ai.stream("Shorten.", data={"text": a.v, "more": [1, None]}):
        yield A(v=assert_type(piece, str))


@node
def several(a: A) -> list[B]:
    return [B(n=1)]


class Page(Record, data="public"):
    body: Annotated[str, field(body=True)]
    tag: Annotated[str, field(header="ETag")]


@node
def page(a: A) -> Page:
    return Page(body=a.v, tag=a.v)


def kind(b: B) -> str:
    return str(b.n)


def is_large(b: B) -> bool:
    return b.n > 1


def to_a(b: B) -> A:
    return A(v=str(b.n))


class Event(Record, data="public"):
    key: str
    at: datetime
    amount: int


class Total(Record, data="public"):
    key: str
    window_start: datetime
    amount: int
    names: list[str]


def parts(a: A) -> list[B]:
    return [B(n=1)]


def to_b(a: A) -> B:
    return B(n=len(a.v))


def pair(a: A, b: B) -> C:
    return C(v=a.v, w=str(b.n))


def pair_or_not(a: A, b: B | None) -> C:
    return C(v=a.v, w="" if b is None else str(b.n))


def add_name(names: list[str], event: Event) -> list[str]:
    return [*names, event.key]


@node
def of_raw(raw: Raw) -> A:
    return A(v=raw.reason)


@node
def of_tick(tick: Tick) -> A:
    return A(v=tick.at.isoformat())


@node
def of_object(ref: ObjectRef) -> A:
    return A(v=ref.key)


@node
def of_event(event: Event) -> A:
    return A(v=event.key)


@node
def of_total(total: Total) -> A:
    return A(v=total.key)


@node
def of_either(one: A | B) -> A:
    return A(v="")


@node
def of_b(b: B) -> A:
    return A(v=str(b.n))


assert_type(plain, Node[A, B])
assert_type(waits, Node[A, B])
assert_type(streams, Node[A, B])
assert_type(writes, Node[A, B])
assert_type(Map(to_a), Node[B, A])

flow = Flow("right", version="1.0.0")
hook = flow.trigger(http.post("/a", accepts=A))
assert_type(hook, TriggerNode[A])
flow.connect(hook, plain)
flow.connect(hook, waits, buffer=Buffer(max_items=3), timeout=ms(5))
flow.connect(flow.trigger(http.post("/c", accepts=C)), plain)
kinds = Switch(kind, cases=["1"])
large = If(is_large)
some = Filter(is_large)
both = Merge[B]()
flow.connect(plain, kinds)
flow.connect(kinds.case("1"), large)
flow.connect(kinds.default, some)
flow.connect(large.true, Map(to_a))
flow.connect(large.false, both)
flow.connect(some, both)
flow.connect(both, flow.respond())
flow.connect(several, flow.respond(headers={"Cache-Control": "no-store"}))
flow.connect(page, flow.respond(body="html"))
flow.connect(page, flow.respond(body="json"))
flow.connect(several, flow.respond(body="events"))
flow.connect(plain.named("again"), flow.respond(status=404, body="empty"))
flow.connect(streams, flow.respond(body="events", stream=True, event_id="v", event="v"))
flow.connect(stream_texts, flow.respond(body="html", stream=True))
flow.connect(streams, of_b)

ticks = flow.trigger(cron("0 9 * * 1,3"))
assert_type(ticks, TriggerNode[Tick])
flow.connect(ticks, of_tick)
review = flow.hitl("review", on=large.true, view=B, ttl=hours(1), on_timeout="reject")
flow.connect(review.rejected, Map(to_a))
reviews = flow.trigger(cron("0 9 * * 1,3", during=review))
assert_type(reviews, TriggerNode[B])
flow.connect(flow.trigger(cron("0 9 * * 1,3", during=flow.hitl("shown", on=hook, view=to_b))), of_b)
flow.connect(reviews, of_b)
topic = flow.trigger(kafka("events", accepts=Event, group="g", visibility_timeout=minutes(1), idle=minutes(1)))
flow.connect(topic.rejected, of_raw)
flow.connect(flow.trigger(queue("events", accepts=Event, max_deliveries=3)), of_event)
flow.connect(flow.trigger(blob.listing("s3://b/x/")), of_object)

split = ForEach(parts, concurrency=4)
assert_type(split, ForEach[A, B])
flow.connect(hook, split)
flow.connect(split, of_b)
joined = Join(pair, on="v", within=minutes(1))
assert_type(joined, Join[A, B, C])
assert_type(joined.unmatched, Branch[A | B])
left_joined = Join(pair_or_not, on=[("v", "n")], within=minutes(1), kind="left")
assert_type(left_joined, LeftJoin[A, B | None, C])
assert_type(left_joined.unmatched, Branch[B])
flow.connect(left_joined.unmatched, of_b)
zipped = Zip(pair)
assert_type(zipped, Zip[A, B, C])
for sides in (joined, zipped):
    flow.connect(hook, sides.left)
    flow.connect(plain, sides.right)
    flow.connect(sides, plain)
flow.connect(joined.unmatched, of_either)
flow.connect(hook, left_joined.left)
flow.connect(plain, left_joined.right)
flow.connect(left_joined, plain)
once = Distinct(Event, by=["key"], within=hours(1))
flow.connect(topic, once)
cut = Window.tumbling(Event, event_time="at", size=minutes(5), allowed_lateness=minutes(2))
assert_type(cut, Window[Event])
assert_type(Window.sliding(Event, event_time="at", size=minutes(5), slide=minutes(1)), Window[Event])
assert_type(Window.session(Event, event_time="at", gap=minutes(5)), Window[Event])
flow.connect(once, cut)
flow.connect(cut.late_events, of_event)
empty: list[str] = []
total = Aggregate.by_key(Event, "key", into=Total).sum("amount").count(as_="n").fold("names", empty, add_name)
assert_type(total, Aggregate[Event, Total])
flow.connect(cut, total)
flow.connect(total, of_total)
'''

HEAD = (
    RIGHT.partition("assert_type(plain")[0]
    + 'flow = Flow("f", version="1.0.0")\nhook = flow.trigger(http.post("/a", accepts=A))\n'
)

WRONG = {
    "a node that takes something else": "flow.connect(plain, plain)",
    "a trigger into another record": "flow.connect(flow.trigger(http.post('/b', accepts=B)), plain)",
    "the extended record is not the extending one": (
        "@node\ndef of_c(c: C) -> B:\n    return B(n=1)\nflow.connect(hook, of_c)"
    ),
    "a switch of another record": "flow.connect(hook, Switch(kind, cases=[]))",
    "a branch into another record": "flow.connect(If(is_large).true, plain)",
    "an if without a branch": "flow.connect(If(is_large), Map(to_a))",
    "a function that is no node": "flow.connect(hook, to_a)",
    "nothing comes out of a respond": "flow.connect(flow.respond(), plain)",
    "nothing goes into a trigger": "flow.connect(hook, hook)",
    "text from a record": "flow.connect(hook, flow.respond(body='text'))",
    "events from a record": "flow.connect(hook, flow.respond(body='events'))",
    "posting with what can only read": (
        "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.post('https://a.example')\n    return a"
    ),
    "reading with what can only write": (
        "@node\nasync def f(a: A, api: HttpWrite) -> A:\n    await api.get('https://a.example')\n    return a"
    ),
    "a bare number for a duration": "http.post('/x', accepts=A, deadline=250)",
    "an unknown way to respond": "http.post('/x', accepts=A, respond='later')",
    "something that is no record": "flow.trigger(http.post('/x', accepts=int))",
    "a claim by its name": "@node(effects='pure')\ndef f(a: A) -> A:\n    return a",
    "a key that is no text": "by(1)",
    "a predicate that gives text": "If(kind)",
    "a field that is not there": "@node\ndef f(a: A) -> B:\n    return B(m=1)",
    "changing a record": "@node\ndef f(a: A) -> A:\n    a.v = 'x'\n    return a",
    "a time into another record": "flow.connect(flow.trigger(cron('* * * * *')), plain)",
    "the view of a checkpoint into another record": (
        "flow.connect(flow.trigger(cron('* * * * *', during=flow.hitl('r', on=hook, view=B))), plain)"
    ),
    "a schedule during what is no checkpoint": "cron('* * * * *', during='review')",
    "a topic of something else": "flow.connect(flow.trigger(kafka('t', accepts=B)), plain)",
    "a topic of no record": "kafka('t', accepts=int)",
    "a queue of something else": "flow.connect(flow.trigger(queue('q', accepts=B)), plain)",
    "objects into another record": "flow.connect(flow.trigger(blob.listing('s3://b/')), plain)",
    "what was rejected into the record": "flow.connect(hook.rejected, plain)",
    "a stream's items into another record": "flow.connect(streams, plain)",
    "an answer of events in pieces of a page": "flow.respond(body='html', stream=True, event_id='v')",
    "a stream as one text": "flow.connect(streams, flow.respond(body='text', stream=True))",
    "the items of another record": "flow.connect(hook.rejected, ForEach(parts))",
    "items into another record": "flow.connect(ForEach(parts), plain)",
    "a split that gives one record": "ForEach(to_a)",
    "a join's sides swapped": "flow.connect(hook, Join(pair, on='v', within=minutes(1)).right)",
    "a join without a side": "flow.connect(hook, Join(pair, on='v', within=minutes(1)))",
    "a left join that always wants both": "Join(pair, on='v', within=minutes(1), kind='left')",
    "a join by a number": "Join(pair, on=1, within=minutes(1))",
    "a join for ever": "Join(pair, on='v')",
    "what found no partner as one of both": "flow.connect(Join(pair, on='v', within=minutes(1)).unmatched, plain)",
    "a zip's sides swapped": "flow.connect(plain, Zip(pair).left)",
    "what a zip makes into another record": "flow.connect(Zip(pair), of_b)",
    "a distinct of another record": "flow.connect(hook, Distinct(Event, by='key', within=hours(1)))",
    "distinct for a bare number": "Distinct(Event, by='key', within=60)",
    "a window of another record": "flow.connect(hook, Window.tumbling(Event, event_time='at', size=minutes(1)))",
    "a window into the aggregate of another record": (
        "flow.connect(Window.tumbling(A, event_time='v', size=minutes(1)), Aggregate.by_key(Event, 'key', into=Total))"
    ),
    "late events into another record": (
        "flow.connect(Window.tumbling(Event, event_time='at', size=minutes(1)).late_events, plain)"
    ),
    "a size without a unit": "Window.tumbling(Event, event_time='at', size=5)",
    "a session with a size": "Window.session(Event, event_time='at', size=minutes(1))",
    "totals into another record": "flow.connect(Aggregate.by_key(Event, 'key', into=Total).count(), plain)",
    "totals that are no record": "Aggregate.by_key(Event, 'key', into=int)",
    "a fold over another record": "Aggregate.by_key(A, 'v', into=Total).fold('names', [''], add_name)",
    "a fold that begins with something else": "Aggregate.by_key(Event, 'key', into=Total).fold('names', 0, add_name)",
}

WRONG |= typed_controls.WRONG


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """mypy's complaints about each case, by its name: all cases in one run, each a file."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "right.py").write_text(RIGHT + typed_controls.RIGHT)
    names = {f"wrong_{number}": name for number, name in enumerate(WRONG)}
    for file, name in names.items():
        (folder / f"{file}.py").write_text(HEAD + WRONG[name] + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), "--no-incremental",
         "--disable-error-code", "unused-coroutine", *(str(folder / f"{file}.py") for file in ["right", *names])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    found: dict[str, list[str]] = {name: [] for name in ["right", *WRONG]}
    for line in done.stdout.splitlines():
        match = re.match(r".*?(right|wrong_\d+)\.py:(\d+): error: (.*)", line)
        if match:
            found[names.get(match[1], match[1])].append(f"{match[2]}: {match[3]}")
    assert "checked" in done.stdout, done.stdout + done.stderr
    return found


def test_what_is_right_is_accepted(complaints):
    assert complaints["right"] == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_rejected_there(complaints, name):
    first = len(HEAD.splitlines()) + 1
    assert complaints[name]
    assert all(int(complaint.partition(":")[0]) >= first for complaint in complaints[name])
