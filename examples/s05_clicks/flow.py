"""Store fifty thousand clicks a second, fairly among users, each once."""

from typing import Literal

from flowlattice import (
    Batch,
    Buffer,
    DbWrite,
    Flow,
    Profile,
    Spill,
    Switch,
    by,
    kafka,
    mib,
    ms,
    node,
)

from .records import Click, RawClick


@node
def parse_click(raw: RawClick) -> Click:
    page = raw.page.partition("?")[0]
    return Click(user_id=raw.user, event_id=raw.event, ts=raw.at, type=raw.kind, page=page)


def type_of(click: Click) -> Literal["view", "add", "buy"]:
    return click.type


@node(idempotency=by("user_id", "event_id", "ts"), batch=Batch(1000, within=ms(200)), concurrency=8)
async def click_sink(click: Click, clicks: DbWrite) -> Click:
    await clicks.upsert(f"clicks_{click.type}", click, key=("user_id", "event_id", "ts"))
    return click


flow = Flow("clicks", version="1.0.0", profile=Profile.QUEUE, summary="Clicks by type, each stored once")
ingest = flow.trigger(kafka("clicks", accepts=RawClick, group="clicks"), name="ingest")
route = Switch(type_of, cases=["view", "add", "buy"], name="route")
spill = Buffer(max_items=10_000, spill=Spill(max_bytes=mib(64), bytes_per_second=mib(50), blob="overflow"))
flow.connect(ingest, parse_click)
flow.connect(parse_click, route, buffer=spill)
flow.connect(route.case("view"), click_sink, buffer=spill)
flow.connect(route.case("add"), click_sink, buffer=spill)
flow.connect(route.case("buy"), click_sink, buffer=spill)
flow.partition_by(route, "user_id", max_parallel_shards=64, weights={"kiosk": 4})
flow.rate_limit(click_sink, qps=100_000, burst=200_000)
flow.slo(records_per_second=50_000)
