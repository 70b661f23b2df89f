"""The ten stories as IR, as far as plans depend on them."""

from __future__ import annotations

from flowlattice.ir import model as ir
from tests.support.planned_ir import Drawn

HOUR_S = 3_600
KEY = ir.Idempotency(fields=("id",), ttl_ms=86_400_000)


def s01_echo() -> Drawn:
    """A request, a pure node, an answer."""
    flow = Drawn("echo_norm", "web").trigger("hook", "http", method="POST", path="/echo", deadline_ms=250, body="json")
    flow.node("normalize").node("respond", "respond").line("hook", "normalize", "respond")
    flow.surface("respond", "respond", status=200, body="json")
    return flow.surface("rate_limit", "hook", qps=1000, burst=2000)


def s02_site() -> Drawn:
    """Pages, a changelog that is streamed, a form that sends mail."""
    flow = Drawn("site", "web").trigger("home", "http", method="GET", path="/{slug}", deadline_ms=25_000)
    flow.trigger("changelog", "http", method="GET", path="/changelog")
    flow.trigger("contact", "http", method="POST", path="/contact", body="form")
    flow.node("route", "switch").surface("switch", "route", cases=["about", "default"])
    flow.node("about").node("missing").node("pages", "respond").node("none", "respond")
    flow.surface("respond", "none", status=404, body="text")
    flow.node("render", "node", "kv.read", effects="read_only", determinism="best_effort", stream=True)
    flow.node("events", "respond", stream=True).surface("respond", "events", body="events", stream=True)
    flow.effect("send", "mail.send", idempotency=KEY).node("thanks", "respond")
    flow.edge("home", "route").edge("route[about]", "about").edge("route[default]", "missing")
    flow.edge("about", "pages").edge("missing", "none")
    return flow.line("changelog", "render", "events").line("contact", "send", "thanks")


def s03_etl() -> Drawn:
    """Objects, windows by event time, an upsert once."""
    flow = Drawn("etl_logs", "queue").trigger("listing", "blob", prefix="s3://bucket/logs/2025/")
    flow.node("fetch", "node", "blob.read_by_hash logs", effects="read_only", is_async=True)
    flow.node("lines", "foreach").node("parse").node(
        "window", "window", determinism="stable", side_outputs=("late_events",)
    )
    flow.node("total", "aggregate", determinism="stable").node("late")
    flow.surface("window", "window", shape="tumbling", event_time="ts", size_ms=300_000, lateness_ms=120_000)
    flow.surface("aggregate", "total", keys=["customer_id"], functions=[{"op": "sum", "field": "bytes", "as": "bytes"}])
    retry = ir.Retry(owner="orchestrator", max=3, backoff_ms=500)
    batch = ir.Batch(size=1000, within_ms=200)
    flow.effect("upsert", "db.write warehouse", "dedupe seen", idempotency=KEY, retry=retry, batch=batch)
    flow.line("listing", "fetch", "lines", "parse", "window", "total")
    flow.edge("total", "upsert", delivery="exactly_once", partition_key="customer_id")
    flow.surface("partition", "upsert", fields=["customer_id"], max_parallel_shards=8)
    return flow.edge("window[late_events]", "late")


def s04_payments() -> Drawn:
    """A person approves; what was charged is refunded when shipping fails."""
    flow = Drawn("payments", "temporal")
    flow.trigger("invoice", "http", method="POST", path="/invoice", respond="immediate", body="json")
    flow.node("above_limit", "if")
    flow.effect("refund", "http.write stripe", "creds key", idempotency=KEY)
    flow.effect("charge", "http.write stripe", "creds key", "dedupe seen", idempotency=KEY, compensate="refund")
    flow.effect("ship", "http.write shop", idempotency=KEY)
    flow.edge("invoice", "above_limit").edge("above_limit[true]", "charge").edge("above_limit[false]", "charge")
    flow.edge("charge", "ship")
    flow.surface("error_handler", "charge", strategy="retry", max=5, backoff_ms=200, factor=2.0)
    more = {"view": "ApprovalCard", "ttl_s": 24 * HOUR_S, "approvers": "finance"}
    return flow.checkpoint("approve_high_value", "above_limit[true]", on_timeout="reject", **more)


def s05_clicks() -> Drawn:
    """Many records, hot keys, spilling."""
    flow = Drawn("clicks", "queue", slos=(ir.Slo(records_per_s=50_000),))
    flow.trigger("ingest", "kafka", topic="clicks", visibility_timeout_ms=60_000, max_deliveries=8, idle_ms=60_000)
    flow.node("parse").node("route", "switch").surface("switch", "route", cases=["view", "buy"])
    flow.effect("sink", "db.write store", "dedupe seen", idempotency=KEY)
    spill = ir.Buffer(on_full="spill", spill_bytes=64 << 20, spill_bytes_per_s=50 << 20, spill_blob="overflow")
    flow.edge("ingest", "parse").edge("parse", "route", partition_key="user_id")
    flow.edge("route[view]", "sink", buffer=spill).edge("route[buy]", "sink", buffer=spill)
    flow.surface("partition", "route", fields=["user_id"], max_parallel_shards=64, weights={"vip": 2})
    return flow.surface("rate_limit", "sink", qps=100_000, burst=200_000)


def s06_onboarding() -> Drawn:
    """Weeks of waiting, with reminders."""
    flow = Drawn("onboarding", "temporal", residency=("eu",))
    flow.trigger("start", "http", method="POST", path="/start", respond="immediate", body="json")
    flow.trigger("reminders", "cron", cron="0 9 * * 1,3", during="doc_review")
    flow.effect("capture", "blob.write documents", idempotency=KEY)
    flow.effect("open_account", "db.write accounts", idempotency=KEY).effect("remind", "mail.send", idempotency=KEY)
    flow.effect("regret", "mail.send", idempotency=KEY)
    flow.line("start", "capture", "open_account").edge("reminders", "remind")
    flow.edge("capture[doc_review.rejected]", "regret")
    more = {"view": "DocCard", "ttl_s": 14 * 24 * HOUR_S, "escalate_to": "compliance"}
    return flow.checkpoint("doc_review", "capture", on_timeout="escalate", **more)


def s07_clean() -> Drawn:
    """Rows through a sandboxed plugin."""
    flow = Drawn("ds_clean", "queue", artifacts=("plugins/clean.py@blake3:00",))
    flow.trigger("listing", "blob", prefix="s3://bucket/raw/")
    flow.node("read", "node", "blob.read_by_hash raw", effects="read_only", is_async=True).node("rows", "foreach")
    flow.node("clean", "plugin", "plugin.python py", is_async=True)
    flow.effect("write", "blob.write clean", idempotency=KEY)
    return flow.line("listing", "read", "rows", "clean", "write")


def s08_field() -> Drawn:
    """A device without a network."""
    flow = Drawn("field_pipeline", "wasm").trigger("readings", "queue", topic="readings")
    flow.node("plausible", "if").surface("if", "plausible", filter=True)
    flow.node("minute", "window", determinism="stable").node("mean", "aggregate", determinism="stable")
    flow.surface("window", "minute", shape="tumbling", event_time="tick", size_ms=60_000, lateness_ms=0)
    flow.surface("aggregate", "mean", keys=["id"], functions=[])
    cache = ir.Cache(fields=("tick", "id"), tier="local", ttl_ms=3_600_000)
    flow.node("remember", cache=cache, in_schema="Minute", out_schema="Minute")
    return flow.edge("readings", "plausible").edge("plausible[true]", "minute").line("minute", "mean", "remember")


def s09_summarize() -> Drawn:
    """A language model whose answer is streamed."""
    flow = Drawn("doc_summarize", "web")
    flow.trigger("hook", "http", method="POST", path="/sum", respond="explicit", deadline_ms=25_000, body="json")
    flow.node("prepare").node("answer", "respond", stream=True).surface("respond", "answer", body="events", stream=True)
    model = ir.Ai(model="m-2024-07-18", seed=42, stream=True, max_tokens=400)
    flow.node(
        "chat", "node", "ai.read ai", "budget budget", effects="read_only", determinism="stable", stream=True, ai=model
    )
    return flow.line("hook", "prepare", "chat", "answer")


def s10_outbox() -> Drawn:
    """Once into a table, once onto a topic."""
    flow = Drawn("order_eox", "queue").trigger("orders", "queue", topic="orders")
    flow.effect("upsert", "db.write orders", "dedupe seen", idempotency=KEY)
    flow.effect("project", "kafka.write events", idempotency=KEY)
    return flow.edge("orders", "upsert", delivery="exactly_once").edge("upsert", "project")


STORIES = {
    one.__name__: one
    for one in (
        s01_echo, s02_site, s03_etl, s04_payments, s05_clicks, s06_onboarding, s07_clean, s08_field, s09_summarize,
        s10_outbox,
    )
}  # fmt: skip
