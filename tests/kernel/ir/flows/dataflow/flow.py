"""Every trigger, and everything that splits, pairs and groups records, for the golden IR."""

from datetime import datetime
from typing import Annotated

from flowlattice import (
    Aggregate,
    Distinct,
    Flow,
    ForEach,
    Join,
    Map,
    ObjectRef,
    Profile,
    Raw,
    Record,
    Tick,
    Window,
    Zip,
    blob,
    cron,
    field,
    hours,
    kafka,
    minutes,
    node,
    queue,
    seconds,
)


class Log(Record, data="internal"):
    """One line of a log."""

    customer: Annotated[str, field(alias="customer-id")]
    at: Annotated[datetime, field(alias="time")]
    size: int
    load: float


class Order(Record, data="internal"):
    """What a customer ordered."""

    number: str
    buyer: str


class Traffic(Record, data="internal"):
    """What a customer sent in a window."""

    customer: Annotated[str, field(alias="customer-id")]
    window_start: Annotated[datetime, field(alias="from")]
    window_end: datetime
    size: int
    events: int
    load: float
    largest: list[int]


class Bill(Record, data="internal"):
    """Traffic, and the order that it belongs to if there is one."""

    customer: str
    size: int
    number: str


def lines_of(ref: ObjectRef) -> list[Log]:
    """The lines of an object."""
    return [Log(customer=ref.bucket, at=datetime(2025, 1, 1), size=ref.size, load=0.5) for _ in range(3)]


def keep_largest(largest: list[int], log: Log) -> list[int]:
    """The three largest so far."""
    return sorted([*largest, log.size])[-3:]


def bill(traffic: Traffic, order: Order | None) -> Bill:
    """A bill, with the order's number if there is one."""
    return Bill(customer=traffic.customer, size=traffic.size, number="" if order is None else order.number)


def confirm(bill: Bill, tick: Tick) -> Bill:
    """A bill at its time."""
    return Bill(customer=bill.customer, size=bill.size, number=tick.at.isoformat())


def reason(raw: Raw) -> str:
    """Why it was rejected."""
    return raw.reason


@node
def reread(log: Log) -> Log:
    """A late line, as it is."""
    return log


flow = Flow("dataflow", version="1.0.0", profile=Profile.QUEUE, summary="Everything that moves.")
objects = flow.trigger(blob.listing("s3://bucket/logs/2025/*"), name="objects")
logs = flow.trigger(
    kafka("logs", accepts=Log, group="billing", visibility_timeout=seconds(10), max_deliveries=3, idle=minutes(1)),
    name="logs",
)
orders = flow.trigger(queue("orders", accepts=Order), name="orders")
ticks = flow.trigger(cron("0 9 * * 1,3"), name="ticks")

lines = ForEach(lines_of, concurrency=4)
once = Distinct(Log, by=["customer", "at"], within=hours(1))
five = Window.sliding(
    Log, event_time="at", size=minutes(5), slide=minutes(1), allowed_lateness=minutes(2), idle=minutes(1)
)
largest: list[int] = []
traffic = (
    Aggregate.by_key(Log, "customer", into=Traffic)
    .sum("size")
    .count(as_="events")
    .avg("load")
    .fold("largest", largest, keep_largest)
)
bills = Join(bill, on=("customer", "buyer"), within=minutes(10), kind="left")
confirmed = Zip(confirm)

flow.connect(objects, lines)
flow.connect(lines, once)
flow.connect(logs, once)
flow.connect(logs.rejected, Map(reason))
flow.connect(once, five)
flow.connect(five, traffic)
flow.connect(five.late_events, reread)
flow.connect(traffic, bills.left)
flow.connect(orders, bills.right)
flow.connect(bills, confirmed.left)
flow.connect(ticks, confirmed.right)
