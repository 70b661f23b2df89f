"""Sum each customer's traffic in windows of five minutes, from log files into the warehouse, exactly once."""

from flowlattice import (
    Aggregate,
    Batch,
    BlobReadByHash,
    Buffer,
    Cache,
    DbWrite,
    DeadLetter,
    DedupeStore,
    Flow,
    ForEach,
    ObjectRef,
    Profile,
    QueuePublish,
    Window,
    blob,
    by,
    days,
    minutes,
    node,
    seconds,
)

from .records import AggRow, Line, Log, LogFile, Traffic


@node(cache=Cache(by("digest"), tier="local", ttl=days(7)))
async def fetch(ref: ObjectRef, logs: BlobReadByHash) -> LogFile:
    lines = (await logs.get(ref.digest)).splitlines()
    return LogFile(source=ref.digest, lines=[line.decode(errors="backslashreplace") for line in lines])


def lines_of(file: LogFile) -> list[Line]:
    return [Line(source=file.source, number=at, text=text) for at, text in enumerate(file.lines, 1) if text]


@node
def parse(line: Line) -> Log:
    said = Traffic.model_validate_json(line.text)
    return Log(source=line.source, number=line.number, ts=said.ts, customer_id=said.customer_id, bytes=said.bytes)


@node(idempotency=by("source", "number"))
async def keep_unreadable(line: Line, unreadable: QueuePublish) -> Line:
    await unreadable.publish("unreadable_lines", line)
    return line


@node(idempotency=by("source", "number"))
async def keep_late(log: Log, late: QueuePublish) -> Log:
    await late.publish("late_events", log)
    return log


@node(
    idempotency=by("customer_id", "window_start", "window_end", "bytes", ttl=days(7)),
    batch=Batch(1000, within=seconds(5)),
)
async def write_warehouse(row: AggRow, warehouse: DbWrite, seen: DedupeStore) -> AggRow:
    await warehouse.upsert("traffic", row, key=("customer_id", "window_start"))
    return row


flow = Flow("etl_logs", version="1.0.0", profile=Profile.QUEUE, summary="Traffic of each customer, by five minutes")
src = flow.trigger(blob.listing("s3://bucket/logs/2025/*"), name="logs")
lines = ForEach(lines_of)
win = Window.tumbling(Log, event_time="ts", size=minutes(5), allowed_lateness=minutes(2))
agg = Aggregate.by_key(Log, "customer_id", into=AggRow).sum("bytes")
flow.connect(src, fetch)
flow.connect(fetch, lines)
flow.connect(lines, parse)
flow.connect(parse, win)
flow.connect(win, agg)
flow.connect(agg, write_warehouse, delivery="exactly_once", buffer=Buffer(max_items=1000))
flow.partition_by(write_warehouse, "customer_id")
flow.connect(win.late_events, keep_late)
flow.on_error(parse, DeadLetter("unreadable"))
flow.connect(parse.side("unreadable"), keep_unreadable)
flow.slo(records_per_second=334)
