"""What the rules find in windows, joins, aggregates and triggers that are no routes."""

import pytest

from flowlattice.check import check
from flowlattice.check.schedules import schedule_problem

HEAD = """
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from flowlattice import *

class Log(Record, data="internal"):
    key: Annotated[str, field(alias="customer-id")]
    ts: datetime
    second: int
    day: date
    size: int
    load: float
    cost: Decimal
    note: str
    maybe: int | None
    flag: bool

class Order(Record, data="internal"):
    key: str
    number: int

class Total(Record, data="internal"):
    key: Annotated[str, field(alias="customer-id")]
    window_start: datetime
    window_end: int
    size: int

class Joined(Record, data="internal"):
    key: str

def pair(log: Log, order: Order) -> Joined:
    return Joined(key=order.key)

def steps(names: list[str], log: Log) -> list[str]:
    return [*names, log.key]

def of_orders(names: list[str], order: Order) -> list[str]:
    return [*names, order.key]

def parts(log: Log) -> list[Order]:
    return [Order(key=log.key, number=log.size)]

@node
def of_log(log: Log) -> str:
    return log.key

@node
def of_order(order: Order) -> str:
    return order.key

@node
def of_total(total: Total) -> str:
    return total.key

@node
def to_order(order: Order) -> Order:
    return order

@node
def of_either(one: Log | Order) -> str:
    return one.key

@node
def to_log(log: Log) -> Log:
    return log

def to_raw(raw: Raw) -> Raw:
    return raw

@node
def of_tick(tick: Tick) -> str:
    return tick.at.isoformat()

@node
def of_object(ref: ObjectRef) -> str:
    return ref.key

flow = Flow("tested", version="1.0.0", profile=Profile.QUEUE)
logs = flow.trigger(kafka("logs", accepts=Log), name="logs")
orders = flow.trigger(queue("orders", accepts=Order), name="orders")
five = Window.tumbling(Log, event_time="ts", size=minutes(5))
flow.connect(orders, of_order)
"""

WINDOW = "flow.connect(logs, five)\n"
KNOWN = {"CTRL901", "CAP101"}


@pytest.fixture
def problems(flow_of):
    """What is found, as the code and the message."""

    def look(lines):
        return [f"{d.code} {d.message}" for d in check(flow_of(lines, HEAD)) if d.code not in KNOWN]

    return look


def result(functions, field):
    """An aggregate behind a window, into a record with the key and a field."""
    return (
        "class Result(Record, data='public'):\n"
        f"    key: Annotated[str, field(alias='customer-id')]\n    {field}\n"
        f"total = Aggregate.by_key(Log, 'key', into=Result){functions}\n"
        f"{WINDOW}flow.connect(five, total)\n"
    )


RIGHT = {
    "a window and an aggregate": WINDOW + "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\n"
    "flow.connect(five, total)\nflow.connect(total, of_total)\nflow.connect(five.late_events, of_log)\n",
    "seconds as event time": "w = Window.session(Log, event_time='second', gap=minutes(5))\n"
    "flow.connect(logs, w)\nflow.connect(w, of_log)\n",
    "windows of what came late, and of what a node made": WINDOW
    + "six = Window.tumbling(Log, event_time='ts', size=minutes(6), name='six')\n"
    "ten = Window.tumbling(Log, event_time='ts', size=minutes(10), name='ten')\n"
    "flow.connect(five.late_events, six)\nflow.connect(five, to_log)\nflow.connect(to_log, ten)\n"
    "flow.connect(six, of_log)\nflow.connect(ten, of_log)\n",
    "a topic in two groups, a queue of its name": "t = flow.trigger(kafka('logs', accepts=Log, group='b'), name='t')\n"
    "q = flow.trigger(queue('logs', accepts=Log), name='q')\n"
    "flow.connect(logs, of_log)\nflow.connect(t, of_log)\nflow.connect(q, of_log)\n",
    "a filter and a merge after the window": WINDOW + "f, m = Filter(lambda log: log.flag), Merge()\n"
    "flow.connect(five, f)\nflow.connect(f, m)\n"
    "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\nflow.connect(m, total)\n",
    "a join": "j = Join(pair, on=[('note', 'key'), ('size', 'number')], within=minutes(1))\n"
    "flow.connect(logs, j.left)\nflow.connect(orders, j.right)\nflow.connect(j.unmatched, of_either)\n",
    "what is rejected": "flow.connect(logs, of_log)\nflow.connect(logs.rejected, Map(to_raw))\n",
    "a fold": result(".fold('names', [], steps)", "names: list[str]"),
    "a mean of floats": result(".avg('load', as_='mean')", "mean: float"),
    "a mean of whole numbers": result(".avg('size', as_='mean')", "mean: float"),
    "a mean of decimals": result(".avg('cost', as_='mean')", "mean: Decimal"),
    "the last note": result(".max('note')", "note: str"),
    "the first time": result(".min('ts', as_='first')", "first: datetime"),
    "the first day": result(".min('day')", "day: date"),
    "a count as a float": result(".count()", "count: float"),
    "a field with a default": result("", "extra: int = 3"),
}


@pytest.mark.parametrize("lines", RIGHT.values(), ids=RIGHT)
def test_nothing_is_found(problems, lines):
    assert problems(lines) == []


WRONG = {
    # DAG201
    "an event time that is no field": (
        "w = Window.tumbling(Log, event_time='tss', size=minutes(1))\nflow.connect(logs, w)\n",
        "DAG201 the event time of window is tss, no field of Log; did you mean 'ts'?",
    ),
    "a text as event time": (
        "w = Window.tumbling(Log, event_time='note', size=minutes(1))\nflow.connect(logs, w)\n",
        "DAG201 the event time of window, note, is neither a datetime nor whole seconds",
    ),
    "a day as event time": (
        "w = Window.tumbling(Log, event_time='day', size=minutes(1))\nflow.connect(logs, w)\n",
        "DAG201 the event time of window, day, is neither a datetime nor whole seconds",
    ),
    "a distinct by no field": (
        "d = Distinct(Log, by=['key', 'sizes'], within=minutes(1))\nflow.connect(logs, d)\n",
        "DAG201 distinct tells records apart by sizes, no field of Log; did you mean 'size'?",
    ),
    "a join by what one side lacks": (
        "j = Join(pair, on='note', within=minutes(1))\nflow.connect(logs, j.left)\nflow.connect(orders, j.right)\n",
        "DAG201 pair joins by note, no field of Order",
    ),
    "a join of a text with a number": (
        "j = Join(pair, on=('note', 'number'), within=minutes(1))\n"
        "flow.connect(logs, j.left)\nflow.connect(orders, j.right)\n",
        "DAG201 pair joins Log.note with Order.number, which is of another type",
    ),
    "a join by nothing": (
        "j = Join(pair, on=[], within=minutes(1))\nflow.connect(logs, j.left)\nflow.connect(orders, j.right)\n",
        "DAG201 pair joins by no field",
    ),
    "a join's sides swapped": (
        "j = Zip(pair)\nflow.connect(orders, j.left)\nflow.connect(logs, j.right)\n",
        "DAG201 logs gives Log, but pair takes Order on its right side",
        "DAG201 orders gives Order, but pair takes Log on its left side",
    ),
    "a zip with one side": (
        "j = Zip(pair)\nflow.connect(logs, j.left)\n",
        "DAG201 nothing comes in on the right side of pair",
    ),
    "a zip without its sides": (
        "j = Zip(pair)\nflow.connect(logs, j)\nflow.connect(orders, j)\n",
        "DAG201 logs goes into neither side of pair: connect it to its .left or its .right",
        "DAG201 orders goes into neither side of pair: connect it to its .left or its .right",
    ),
    "the items of a record into what takes another": (
        "each = ForEach(parts)\nflow.connect(logs, each)\nflow.connect(each, of_log)\n",
        "DAG201 parts gives Order, but of_log takes Log",
    ),
    "what came late into what takes another": (
        WINDOW + "flow.connect(five.late_events, of_total)\n",
        "DAG201 window gives Log, but of_total takes Total",
    ),
    "a key that is no field": (
        WINDOW + "total = Aggregate.by_key(Log, 'keys', into=Total).sum('size')\nflow.connect(five, total)\n",
        "DAG201 aggregate groups by keys, no field of Log",
        "DAG201 nothing of aggregate gives customer-id of Total",
    ),
    "a sum of text": (
        result(".sum('note')", "note: str"),
        "DAG201 aggregate takes the sum of note, which is no number",
    ),
    "a sum of truth": (
        result(".sum('flag')", "flag: bool"),
        "DAG201 aggregate takes the sum of flag, which is no number",
    ),
    "a sum of what may be missing": (
        result(".sum('maybe')", "maybe: int"),
        "DAG201 aggregate takes the sum of maybe, which is no number",
    ),
    "the largest of truth": (
        result(".max('flag')", "flag: bool"),
        "DAG201 aggregate takes the max of flag, which has no order",
    ),
    "a sum of no field": (
        result(".sum('sise', as_='size')", "size: int"),
        "DAG201 aggregate takes the sum of sise, no field of Log; did you mean 'size'?",
    ),
    "a sum of floats into a whole number": (
        result(".sum('load')", "load: int"),
        "DAG201 aggregate gives Log.load, but Result.load is of another type",
    ),
    "a mean as a whole number": (
        result(".avg('size')", "size: int"),
        "DAG201 aggregate puts a mean into Result.size, which is no float",
    ),
    "a mean of decimals as a float": (
        result(".avg('cost')", "cost: float"),
        "DAG201 aggregate puts a mean into Result.cost, which is no Decimal",
    ),
    "a count as text": (
        result(".count()", "count: str"),
        "DAG201 aggregate counts into Result.count, which is no number",
    ),
    "a fold of another type": (
        result(".fold('names', [], steps)", "names: list[int]"),
        "DAG201 aggregate folds to list[str], but Result.names is of another type",
    ),
    "a fold of other records": (
        result(".fold('names', [], of_orders)", "names: list[str]"),
        "DAG201 aggregate folds Log, but of_orders takes Order",
    ),
    "a result without the field": (
        result(".count(as_='events')", "extra: int = 1"),
        "DAG201 aggregate gives events, no field of Result",
    ),
    "a field that nothing gives": (
        result(".sum('size')", "size: int\n    more: int"),
        "DAG201 nothing of aggregate gives more of Result",
    ),
    "a field that is given twice": (
        result(".sum('size').max('size')", "size: int"),
        "DAG201 aggregate gives size twice",
    ),
    "an end of the window as text": (
        result(".sum('size')", "size: int\n    window_end: str"),
        "DAG201 Result.window_end is neither a datetime nor whole seconds",
    ),
    # DAG001
    "items of a lambda": (
        "each = ForEach(lambda log: [log])\nflow.connect(logs, each)\n",
        "DAG001 a lambda has no types",
    ),
    "items that are none": (
        "def split(log: Log) -> Log:\n    return log\neach = ForEach(split)\nflow.connect(logs, each)\n",
        "DAG001 what split returns, Log, is no list of items of a type with a schema",
    ),
    "a side without a type": (
        "def both(log: Log, order) -> Joined:\n    return Joined(key='')\nz = Zip(both)\n"
        "flow.connect(logs, z.left)\nflow.connect(orders, z.right)\n",
        "DAG001 the right side of both has no type",
    ),
    "a side that is missing": (
        "def both(log: Log) -> Joined:\n    return Joined(key='')\nz = Zip(both)\n"
        "flow.connect(logs, z.left)\nflow.connect(orders, z.right)\n",
        "DAG001 the right side of both has no type",
    ),
    # WIN001
    "an aggregate without a window": (
        "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\nflow.connect(logs, total)\n",
        "WIN001 what aggregate takes from logs is in no window",
    ),
    "a node between the window and the aggregate": (
        WINDOW + "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\n"
        "flow.connect(five, to_log)\nflow.connect(to_log, total)\n",
        "WIN001 what aggregate takes from to_log is in no window",
    ),
    "an aggregate of what came late": (
        WINDOW + "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\n"
        "flow.connect(five.late_events, total)\n",
        "WIN001 what aggregate takes from window is in no window",
    ),
    "one way without a window": (
        WINDOW + "m = Merge()\nflow.connect(five, m)\nflow.connect(logs, m)\n"
        "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\nflow.connect(m, total)\n",
        "WIN001 what aggregate takes from logs is in no window",
    ),
    "a window behind a window": (
        WINDOW + "six = Window.tumbling(Log, event_time='ts', size=minutes(6), name='six')\n"
        "total = Aggregate.by_key(Log, 'key', into=Total).sum('size')\n"
        "flow.connect(five, six)\nflow.connect(six, total)\n",
        "WIN001 six takes what window holds, with no aggregate in between",
    ),
    "a window behind what hands a window's records on": (
        WINDOW + "six = Window.tumbling(Log, event_time='ts', size=minutes(6), name='six')\n"
        "f, m = Filter(lambda log: log.flag), Merge()\n"
        "flow.connect(five, f)\nflow.connect(f, m)\nflow.connect(logs, m)\nflow.connect(m, six)\n"
        "flow.connect(six, of_log)\n",
        "WIN001 six takes what window holds, with no aggregate in between",
    ),
    # DAG103
    "two consumers of a topic in the flow's group": (
        "again = flow.trigger(kafka('logs', accepts=Log, group='tested'), name='again')\n"
        "flow.connect(logs, of_log)\nflow.connect(again, to_log)\n",
        "DAG103 the topic logs in the group tested is already read by logs (line 80); each record goes to one of them",
    ),
    "two consumers of a queue": (
        "again = flow.trigger(queue('orders', accepts=Order), name='again')\n"
        "flow.connect(logs, of_log)\nflow.connect(again, to_order)\n",
        "DAG103 the queue orders is already read by orders (line 81); each record goes to one of them",
    ),
    # DAG101, DAG107
    "only what is rejected is used": (
        "flow.connect(logs.rejected, Map(to_raw))\n",
        "DAG101 the trigger logs is connected to nothing",
    ),
    "an hour that is none": (
        "flow.connect(logs, of_log)\nt = flow.trigger(cron('0 24 * * *'), name='t')\nflow.connect(t, of_tick)\n",
        "DAG107 the schedule '0 24 * * *' has '24' for the hour: it goes from 0 to 23",
    ),
    "a schedule during another flow's checkpoint": (
        "other = Flow('other', version='1.0.0').hitl('review', on=logs, view=Order)\n"
        "t = flow.trigger(cron('0 9 * * *', during=other), name='t')\nflow.connect(t, to_order)\n"
        "flow.connect(logs, of_log)\n",
        "DAG107 review is no checkpoint of this flow",
    ),
    "a topic with a space": (
        "t = flow.trigger(kafka('click s', accepts=Log), name='t')\nflow.connect(logs, of_log)\n"
        "flow.connect(t, to_log)\n",
        "DAG107 no topic is called 'click s'",
    ),
    "a group without a name": (
        "t = flow.trigger(kafka('clicks', accepts=Log, group=''), name='t')\nflow.connect(logs, of_log)\n"
        "flow.connect(t, to_log)\n",
        "DAG107 no consumer group is called ''",
    ),
    "a pattern inside a prefix": (
        "t = flow.trigger(blob.listing('s3://b/*/2025/*'), name='t')\nflow.connect(logs, of_log)\n"
        "flow.connect(t, of_object)\n",
        "DAG107 nothing is listed at 's3://b/*/2025/'",
    ),
    "a prefix without a bucket": (
        "t = flow.trigger(blob.listing('logs/'), name='t')\nflow.connect(logs, of_log)\nflow.connect(t, of_object)\n",
        "DAG107 nothing is listed at 'logs/'",
    ),
    # CTRL101, CTRL102, DAG005
    "windows of no length": (
        "w = Window.sliding(Log, event_time='ts', size=ms(0), slide=ms(-1), allowed_lateness=ms(-5), idle=ms(0))\n"
        "flow.connect(logs, w)\n",
        "CTRL101 the allowed lateness of window is -5 ms",
        "CTRL101 the size of window is 0 ms",
        "CTRL101 the slide of window is -1 ms",
        "CTRL101 the time until a partition is idle of window is 0 ms",
    ),
    "a session without a gap": (
        "w = Window.session(Log, event_time='ts', gap=ms(0))\nflow.connect(logs, w)\n",
        "CTRL101 the gap of window is 0 ms",
    ),
    "a key that is forgotten at once": (
        "d = Distinct(Log, by='key', within=ms(0))\nflow.connect(logs, d)\n",
        "CTRL101 the time that records are kept of distinct is 0 ms",
    ),
    "deliveries that never are": (
        "t = flow.trigger(queue('q', accepts=Log, visibility_timeout=ms(0), max_deliveries=0, idle=ms(-1)), name='t')\n"
        "flow.connect(logs, of_log)\nflow.connect(t, to_log)\n",
        "CTRL101 the time until a partition is idle of t is -1 ms",
        "CTRL101 the visibility timeout of t is 0 ms",
        "CTRL102 t delivers a record at most 0 times",
    ),
    "nothing at a time": (
        "each = ForEach(parts, concurrency=0)\nflow.connect(logs, each)\nflow.connect(each, of_order)\n",
        "DAG005 the concurrency of parts, 0, is not between 1 and 100,000",
    ),
    # EFFECT201, DET301: what splits, pairs and folds is a pure function
    "a split that reads the clock": (
        "def now(log: Log) -> list[datetime]:\n    return [datetime.now()]\n"
        "each = ForEach(now)\nflow.connect(logs, each)\n",
        "DET301 now is declared strict but is nondeterministic: it reads the clock (datetime.now())",
        "EFFECT201 now is declared pure but is read_only: it reads the clock (datetime.now())",
    ),
    "a fold that reads the clock": (
        "def last(before: datetime, log: Log) -> datetime:\n    return datetime.now()\n"
        + result(".fold('last', datetime(2025, 1, 1), last)", "last: datetime"),
        "DET301 aggregate is declared stable but is nondeterministic: it reads the clock (datetime.now())",
        "EFFECT201 aggregate is declared pure but is read_only: it reads the clock (datetime.now())",
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_found(problems, case):
    lines, *expected = case
    assert sorted(problems(lines)) == expected


def test_a_key_is_followed_through_splitting_joining_and_grouping(problems):
    lines = """
@node
def stamp(log: Log, clock: Clock) -> Log:
    return log.model_copy(update={"ts": clock.now()})

class Row(Record, data="public"):
    key: str
    start: datetime

def row(total: Total, order: Order) -> Row:
    return Row(key=order.key, start=total.window_start)

def rows(row: Row) -> list[Row]:
    return [row for _ in range(2)]

@node(idempotency=by("key", "start"))
async def store(row: Row, rows: KvWrite) -> str:
    return row.key

total = Aggregate.by_key(Log, "key", into=Total).sum("size")
joined = Join(row, on=("key", "key"), within=minutes(1))
each = ForEach(rows)
flow.connect(logs, stamp)
flow.connect(stamp, five)
flow.connect(five, total)
flow.connect(total, joined.left)
flow.connect(orders, joined.right)
flow.connect(joined, each)
flow.connect(each, store)
"""
    assert problems(lines) == ["IDEM025 the key field start of store differs on every attempt: stamp makes it anew"]
    stable = lines.replace('update={"ts": clock.now()}', 'update={"load": float(clock.now().hour)}')
    assert problems(stable) == []


def test_a_rejected_record_needs_no_answer(found_in):
    lines = "flow.connect(hook, same)\nflow.connect(same, flow.respond())\n"
    lines += "@node\ndef keep(raw: Raw) -> Raw:\n    return raw\nflow.connect(hook.rejected, keep)\n"
    assert found_in(lines, ignore=("CTRL901",)) == []


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *", "0 9 * * 1,3", "*/15 0-6 1 JAN-jun mon-FRI", "0 0 29 2 *", "5/10 * * * 7", "0 0 31 2 1",
        "0  12\t1,15 * *",
    ],
)  # fmt: skip
def test_schedules_that_can_be(schedule):
    assert schedule_problem(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("", "has 0 fields"),
        ("* * * *", "has 4 fields"),
        ("0 0 9 * * *", "has 6 fields"),
        ("60 * * * *", "it goes from 0 to 59"),
        ("0 0 0 * *", "it goes from 1 to 31"),
        ("0 0 * 13 *", "it goes from 1 to 12"),
        ("0 0 * * 8", "it goes from 0 to 7"),
        ("0 5-1 * * *", "'5-1' goes backwards"),
        ("*/0 * * * *", "'*/0' has no step"),
        ("*/x * * * *", "'*/x' has no step"),
        ("1, * * * *", "'' is none"),
        ("0 9 * * monday", "'monday' is none"),
        ("@daily", "has 1 fields"),
        ("-5 * * * *", "'-5' is none"),
        ("٣ * * * *", "'٣' is none"),
        ("0 0 31 2,4 *", "names a date that never comes"),
        ("0 0 30 feb *", "names a date that never comes"),
    ],
)
def test_schedules_that_cannot_be(schedule, problem):
    assert problem in (schedule_problem(schedule) or "")
