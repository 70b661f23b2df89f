"""Uses everything that the language has, so that its IR is pinned."""

from typing import Literal

from flowlattice import (
    Buffer,
    Clock,
    Context,
    DedupeStore,
    Determinism,
    Effects,
    Filter,
    Flow,
    HttpRead,
    HttpWrite,
    If,
    KvWrite,
    Map,
    Merge,
    Profile,
    Switch,
    by,
    days,
    http,
    ms,
    node,
    seconds,
)
from flowlattice.operators import text

from .records import Order, Placed


def has_lines(order: Order) -> bool:
    return bool(order.lines)


def kind(order: Order) -> Literal["normal", "express"]:
    return "express" if order.class_ == "express" else "normal"


@node(effects=Effects.READ_ONLY, determinism=Determinism.NONDETERMINISTIC, timeout=seconds(2))
async def stamp(order: Order, clock: Clock, stock: HttpRead) -> Placed:
    """Say when the order came, and what is left.

    Only this line is no summary.
    """
    left = await stock.get(f"https://stock.example.com/items/{order.lines[0].sku}")
    return Placed(**order.model_dump(), note=f"{clock.now().isoformat()} {left.text}")


@node(idempotency=by("order_id", "class_", ttl=days(1)), retry_owner="connector")
async def charge(order: Order, payments: HttpWrite, seen: DedupeStore) -> Order:
    await payments.post("https://pay.example.com/charges", json={"order": order.order_id})
    return order


@node(idempotency=by("order_id"), vouch=[".describe"])
async def store(order: Order | Placed, orders: KvWrite, ctx: Context) -> str:
    await orders.set(order.order_id, ctx.run_id)
    return order.order_id


flow = Flow("everything", version="1.2.3-rc.1", profile=Profile.WEB, summary="Everything at once")
post = flow.trigger(
    http.post(
        "/orders",
        accepts=Order,
        deadline=ms(1500),
        max_body_bytes=4096,
        invalid=[http.invalid(400, {"error": "$reason"}, fields=["email"], problem="missing"), http.invalid(text="no")],
    ),
    name="post_order",
)
get = flow.trigger(http.get("/orders/{order_id}", accepts=Order, respond="immediate"))
some = Filter(has_lines)
kinds = Switch(kind, cases=["normal", "express"])
large = If[Order](lambda order: order.total > 1000, name="large")
both = Merge[Order | Placed](name="both")
flow.connect(post, some)
flow.connect(some, kinds)
flow.connect(kinds.case("normal"), large)
flow.connect(kinds.case("express"), stamp, buffer=Buffer(max_items=8), timeout=seconds(1))
flow.connect(large.true, charge)
flow.connect(large.false, both)
flow.connect(charge, both)
flow.connect(stamp, both)
flow.connect(both, store)
flow.connect(store, Map(text.trim))
flow.connect(store, flow.respond(status=201, body="text", name="stored"))
flow.connect(get, charge.named("charge_again"))
flow.egress("stock", "stock.example.com")
flow.egress("payments", "pay.example.com", "pay2.example.com:8443")
flow.rate_limit(qps=12.5, burst=20)
flow.max_in_flight(64)
flow.slo(percentile=99, latency=ms(800), at_qps=10)
