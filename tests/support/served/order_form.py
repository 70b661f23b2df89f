"""A shop's forms: every kind of field that a form, a path, a query and a header can have, and answers of many kinds."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Literal

from flowlattice import (
    DedupeStore,
    Filter,
    Flow,
    KvWrite,
    Profile,
    Record,
    SessionStore,
    by,
    days,
    field,
    http,
    node,
    require,
    seconds,
)

Size = Literal["small", "medium", "large"]


class OrderForm(Record, data="pii"):
    """An order as a customer fills it in; a gift goes out on its day."""

    shop: Annotated[str, field(pattern=r"^[a-z]{2,20}$", data="public", reason="must be 2 to 20 small letters")]
    name: Annotated[str, field(min_length=1, max_length=80)]
    size: Annotated[Size, field(data="public")]
    count: Annotated[int, field(ge=1, le=100, data="public")] = 1
    weight: Annotated[float | None, field(gt=0, le=1000, data="public")] = None
    gift: Annotated[bool, field(data="public")] = False
    day: Annotated[date | None, field(data="public")] = None
    toppings: Annotated[list[str], field(max_length=5, data="public")] = []  # noqa: RUF012 - every record gets its own
    lucky: Annotated[list[int], field(data="public")] = []  # noqa: RUF012 - every record gets its own
    request: Annotated[str | None, field(header="X-Request-Id", pattern=r"^[a-z0-9]{1,36}$", data="public")] = None


class Line(Record, data="public"):
    article: Annotated[str, field(pattern=r"^[A-Z]{3}-[0-9]{4}$")]
    cents: Annotated[int, field(ge=0)]
    parts: list["Line"] = []  # noqa: RUF012 - every record gets its own


class Basket(Record, data="public"):
    lines: Annotated[list[Line], field(min_length=1, max_length=3)]
    note: str | None = None


class Taken(Record, data="public"):
    """What became of an order."""

    count: int
    size: Size
    extras: list[str]
    location: Annotated[str, field(header="X-Location")]


class Search(Record, data="public"):
    q: Annotated[str, field(max_length=40)]
    page: Annotated[int, field(ge=1)] = 1
    sizes: list[Size] = []  # noqa: RUF012 - every record gets its own
    exact: bool = False


class Bulk(Record, data="public"):
    numbers: Annotated[list[int], field(body=True)]


class Visit(Record, data="public"):
    session: Annotated[str, field(session=True)]


class Item(Record, data="public"):
    id: Annotated[int, field(ge=0, le=10**9)]


class Found(Record, data="public"):
    n: int
    hit: str


@node(idempotency=by("shop", "name", "size", "count"))
async def take(form: OrderForm, notes: KvWrite, seen: DedupeStore) -> Taken:
    require(form.count < 100 or form.size != "large", "count", "must be below 100 for large ones")
    await notes.set(form.name, form.size)
    extras = [*form.toppings, *map(str, form.lucky), *(["gift"] if form.gift else [])]
    return Taken(count=form.count, size=form.size, extras=extras, location=f"/shops/{form.shop}/orders")


def is_short(basket: Basket) -> bool:
    return len(basket.lines) < 3


@node(idempotency=by("session"))
async def page(visit: Visit, visits: SessionStore) -> str:
    seen = int((await visits.read(visit.session)).get("seen", "0")) + 1
    await visits.write(visit.session, {"seen": str(seen)}, ttl=days(1))
    return f"<!doctype html><title>Order</title><p>Visit {seen}<form method=post><input name=name></form>"


@node
def longest(basket: Basket) -> Line:
    return max(basket.lines, key=lambda line: len(line.parts))


@node(idempotency=by("note"))
async def note_down(basket: Basket, notes: KvWrite) -> None:
    await notes.set("last", str(len(basket.lines)))


@node
def total(bulk: Bulk) -> int:
    return sum(bulk.numbers)


@node
async def find(search: Search) -> AsyncIterator[Found]:
    for number in range(search.page):
        if number == 3:
            return
        found = Found(n=number, hit=search.q)
        yield found.model_copy(update={"hit": found.hit.strip()})


flow = Flow("order_form", version="2.1.0", profile=Profile.WEB, summary="Orders by form, <fast> & typed")
flow.connect(flow.trigger(http.get("/order", accepts=Visit), name="order_page"), page)
flow.connect(page, flow.respond(body="html", name="form"))
order = flow.trigger(
    http.post(
        "/shops/{shop}/orders",
        accepts=OrderForm,
        body="form",
        deadline=seconds(10),
        max_body_bytes=20_000,
        invalid=[http.invalid(400, {"wrong": "$fields", "why": "$reason"}, problem="missing")],
        origins=["https://pay.example.com"],
    ),
    name="order",
)
flow.connect(order, take)
flow.connect(take, flow.respond(status=201, headers={"Cache-Control": "no-store"}, name="taken"))
basket = flow.trigger(http.put("/baskets", accepts=Basket), name="basket")
short = Filter(is_short)
flow.connect(basket, short)
flow.connect(short, longest)
flow.connect(longest, flow.respond(name="longest_line"))
bulk = flow.trigger(http.post("/bulk", accepts=Bulk), name="bulk")
flow.connect(bulk, total)
flow.connect(total, flow.respond(name="sum"))
search = flow.trigger(http.get("/search", accepts=Search, deadline=seconds(10)), name="search")
flow.connect(search, find)
flow.connect(find, flow.respond(body="events", stream=True, event_id="n", name="hits"))
forget = flow.trigger(http.delete("/items/{id}", accepts=Item), name="forget")
flow.connect(forget, flow.respond(status=204, body="empty", name="forgotten"))
later = flow.trigger(http.post("/later", accepts=Basket, respond="immediate"), name="later")
flow.connect(later, note_down)
flow.rate_limit(qps=100_000, burst=100_000)
