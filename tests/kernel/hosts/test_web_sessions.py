"""Sessions: a cookie of the host's own, an id that nobody could have planted, and nothing of it in answers."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.check import check
from flowlattice.ir.lower import lower
from flowlattice.record import field
from tests.support.flows import flow_of, running, web

SHOP = """
from collections.abc import AsyncIterator
from flowlattice import SessionRead, SessionStore, days

class Visit(Record, data="public"):
    session: Annotated[str, field(session=True)]
    item: str = ""

class Basket(Record, data="public"):
    items: str = ""

@node
async def look(visit: Visit, baskets: SessionRead) -> Basket:
    return Basket(items=(await baskets.read(visit.session)).get("items", ""))

@node(idempotency=by("session", "item"))
async def add(visit: Visit, baskets: SessionStore) -> Basket:
    held = await baskets.read(visit.session)
    await baskets.write(visit.session, {"items": held.get("items", "") + visit.item}, ttl=days(1))
    again = await baskets.read(visit.session)
    return Basket(items=again["items"])

@node(idempotency=by("session"))
async def leave(visit: Visit, baskets: SessionStore) -> Visit:
    await baskets.end(visit.session)
    if visit.item:
        await baskets.write(visit.session, {"items": visit.item})
    return visit

@node
async def pieces(visit: Visit, baskets: SessionStore) -> AsyncIterator[Basket]:
    await baskets.write(visit.session, {"items": visit.item})
    yield Basket(items=visit.item)

flow = Flow("shop", version="1.0.0")
for name, route, step in [
    ("see", http.get("/basket", accepts=Visit), look),
    ("put", http.post("/basket", accepts=Visit), add),
    ("form", http.post("/form", accepts=Visit, body="form"), add),
    ("out", http.post("/leave", accepts=Visit), leave),
]:
    flow.connect(flow.trigger(route, name=name), step)
for step in (look, add, leave):
    flow.connect(step, flow.respond(name=f"{step.name}_done"))
flow.connect(flow.trigger(http.get("/pieces", accepts=Visit), name="stream"), pieces)
flow.connect(pieces, flow.respond(body="events", stream=True, name="streamed"))
"""
COOKIE = re.compile(
    r"__Host-shop-session=(?P<id>[A-Za-z0-9_-]{43}); Max-Age=86400; Path=/; Secure; HttpOnly; SameSite=Lax"
)


class Visitor:
    """A browser, as far as its one cookie goes."""

    def __init__(self, client, cookie: str | None = None) -> None:
        self.client = client
        self.id = cookie

    async def __call__(self, method: str, target: str, **sent):
        kept = {} if self.id is None else {"cookie": f"theme=dark; __Host-shop-session={self.id}"}
        answer = await self.client(method, target, headers={**kept, **sent.pop("headers", {})}, **sent)
        told = answer.headers.get("set-cookie")
        if told is not None:
            self.id = told.partition(";")[0].partition("=")[2] or None
        return answer


@running
async def test_a_visitor_is_known_again_and_nobody_else_is(tmp_path):
    async with web(tmp_path, SHOP) as client:
        ada, bob = Visitor(client), Visitor(client)
        seen = await ada("GET", "/basket")
        assert (seen.body, seen.headers.get("set-cookie")) == (b'{"items":""}', None)
        first = await ada("POST", "/basket", json={"item": "a"})
        assert COOKIE.fullmatch(first.headers["set-cookie"])
        known = ada.id
        form = await ada("POST", "/form", body=b"item=b", headers={"content-type": "application/x-www-form-urlencoded"})
        assert form.body == b'{"items":"ab"}'
        assert ada.id == known
        assert (await bob("POST", "/basket", json={"item": "z"})).body == b'{"items":"z"}'
        assert (await ada("GET", "/basket")).body == b'{"items":"ab"}'
        assert ada.id != bob.id
        assert seen.headers["cache-control"] == first.headers["cache-control"] == "no-store"


@running
async def test_an_id_that_somebody_planted_is_not_taken_over(tmp_path):
    planted = "p" * 43
    async with web(tmp_path, SHOP) as client:
        ada = Visitor(client, planted)
        assert (await ada("POST", "/basket", json={"item": "a"})).body == b'{"items":"a"}'
        assert ada.id != planted
        assert (await ada("GET", "/basket")).body == b'{"items":"a"}'
        assert (await Visitor(client, planted)("GET", "/basket")).body == b'{"items":""}'


@running
async def test_a_session_that_ends_is_gone_and_what_follows_has_another_id(tmp_path):
    async with web(tmp_path, SHOP) as client:
        ada = Visitor(client)
        await ada("POST", "/basket", json={"item": "a"})
        old = ada.id
        await ada("POST", "/leave", json={"item": "anew"})
        assert ada.id not in {None, old}
        assert (await ada("GET", "/basket")).body == b'{"items":"anew"}'
        assert (await Visitor(client, old)("GET", "/basket")).body == b'{"items":""}'
        left = await ada("POST", "/leave", json={})
        assert left.headers["set-cookie"].startswith("__Host-shop-session=; Max-Age=0; Path=/")
        assert ada.id is None


TWICE = f"{'a' * 43}; __Host-shop-session={'b' * 43}"


@pytest.mark.parametrize("id_", ["short", "x" * 44, "ä" * 43, "a" * 42 + "%", TWICE])
@running
async def test_what_is_no_id_is_none(tmp_path, id_):
    async with web(tmp_path, SHOP) as client:
        answer = await Visitor(client, id_)("POST", "/basket", json={"item": "a"})
        assert answer.body == b'{"items":"a"}'
        assert COOKIE.fullmatch(answer.headers["set-cookie"])


@running
async def test_nothing_but_the_cookie_says_who_it_is(tmp_path):
    async with web(tmp_path, SHOP) as client:
        ada = Visitor(client)
        await ada("POST", "/basket", json={"item": "a"})
        claim = await client("POST", "/basket", json={"item": "z", "session": ada.id})
        asked = await client("GET", f"/basket?session={ada.id}")
        form = await client(
            "POST",
            "/form",
            body=f"session={ada.id}&item=z".encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    assert [claim.body, asked.body, form.body] == [b'{"items":"z"}', b'{"items":""}', b'{"items":"z"}']


@running
async def test_the_id_is_in_no_answer_and_a_stream_sets_it_at_its_start(tmp_path):
    async with web(tmp_path, SHOP) as client:
        ada = Visitor(client)
        left = await ada("POST", "/leave", json={"item": "a"})
        assert json.loads(left.body) == {"item": "a"}
        bob = Visitor(client)
        streamed = await bob("GET", "/pieces?item=s")
        assert streamed.body == b'data: {"items":"s"}\n\n'
        assert (await bob("GET", "/basket")).body == b'{"items":"s"}'
        described = json.loads((await client("GET", "/flows/shop/openapi.json")).body)
    assert described["paths"]["/basket"]["get"]["parameters"][0]["in"] == "cookie"
    assert set(described["components"]["schemas"]["Visit"]["properties"]) == {"item"}


@running
async def test_a_session_outlives_the_server(tmp_path):
    async with web(tmp_path, SHOP, bindings=LocalBindings(tmp_path / "state")) as client:
        ada = Visitor(client)
        await ada("POST", "/basket", json={"item": "a"})
    async with web(tmp_path, SHOP, bindings=LocalBindings(tmp_path / "state")) as client:
        assert (await Visitor(client, ada.id)("GET", "/basket")).body == b'{"items":"a"}'


ONCE = """
from flowlattice import SessionStore

class Visit(Record, data="public"):
    session: Annotated[str, field(session=True, min_length=40, max_length=50)]
    item: str = ""

class Basket(Record, data="public"):
    items: str = ""

@node(idempotency=by("item"))
async def order(visit: Visit, orders: KvWrite, seen: DedupeStore) -> Visit:
    await orders.set(visit.item, "ordered")
    return visit

@node(idempotency=by("session", "item"))
async def thank(visit: Visit, baskets: SessionStore) -> Basket:
    before = (await baskets.read(visit.session)).get("items", "")
    await baskets.write(visit.session, {"items": before + visit.item})
    return Basket(items=before)

flow = Flow("shop", version="1.0.0")
flow.connect(flow.trigger(http.post("/order", accepts=Visit)), order)
flow.connect(order, thank)
flow.connect(thank, flow.respond())
"""


@running
async def test_who_repeats_what_somebody_else_did_does_not_get_into_their_session(tmp_path):
    async with web(tmp_path, ONCE, bindings=LocalBindings(tmp_path / "state")) as client:
        ada, bob = Visitor(client), Visitor(client)
        first = await ada("POST", "/order", json={"item": "a"})
        second = await bob("POST", "/order", json={"item": "a"})
        assert (first.body, second.body) == (b'{"items":""}', b'{"items":""}')
        assert None is not ada.id != bob.id is not None
        assert [call.method for call in client.log.calls if call.node == "order"] == ["set"]
    ids = [name.encode() for name in (ada.id, bob.id) if name]
    with sqlite3.connect(tmp_path / "state" / "state.sqlite") as kept:
        [(result,)] = kept.execute("SELECT result FROM effects").fetchall()
    kept.close()
    assert not any(name in result for name in ids)


@running
async def test_a_node_reaches_no_session_but_the_visitors(tmp_path):
    source = SHOP.replace("baskets.read(visit.session)).get", "baskets.read(visit.item or visit.session)).get")
    async with web(tmp_path, source) as client:
        ada, bob = Visitor(client), Visitor(client)
        await ada("POST", "/basket", json={"item": "a"})
        assert (await bob("GET", "/basket")).status == 200
        assert (await bob("GET", f"/basket?item={ada.id}")).status == 500


def test_the_field_is_a_secret_text(tmp_path):
    visit = json.loads(json.dumps(lower(flow_of(tmp_path, SHOP).program).schemas["Visit"]))
    assert visit["properties"]["session"] == {
        "title": "Session",
        "type": "string",
        "x-data-class": "secret",
        "x-in": "session",
    }
    number = SHOP.replace("session: Annotated[str", "session: Annotated[int")
    found = [problem.message for problem in check(lower(flow_of(tmp_path, number).program))]
    assert any("field session cannot be the id of a session: that is text" in message for message in found)
    with pytest.raises(ValueError, match="neither a header nor the body"):
        field(session=True, body=True)
