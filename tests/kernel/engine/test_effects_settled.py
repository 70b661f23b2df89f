"""What became of an effect is written at last, however the store fails meanwhile, and read by later versions."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.engine import effects
from tests.support.flows import running, until, web

ORDER = """
class In(Record, data="public"):
    item: str

class Taken(Record, data="public"):
    item: str

@node(idempotency=by("item"))
async def take(req: In, shop: HttpWrite, seen: DedupeStore) -> Taken:
    await shop.post("https://shop.example/orders", json={"item": req.item})
    if req.item == "raise after":
        raise ValueError("after the effect")
    return Taken(item=req.item)

flow = Flow("order", version="1.0.0")
flow.connect(flow.trigger(http.post("/order", accepts=In, deadline=seconds(20))), take)
flow.connect(take, flow.respond())
flow.egress("shop", "shop.example")
"""


class Failing:
    """A store of keys some of whose writes fail."""

    def __init__(self, store, fails):
        self._store = store
        self.fails = dict(fails)

    def __getattr__(self, name):
        work = getattr(self._store, name)

        async def run(*args, **kwargs):
            if self.fails.get(name, 0):
                self.fails[name] -= 1
                raise sqlite3.OperationalError("database is locked")
            return await work(*args, **kwargs)

        return run


class Unwritable(LocalBindings):
    """Doubles whose store of keys fails so often, by method."""

    def __init__(self, **fails):
        super().__init__()
        self.store = Failing(super().dedupe("seen"), fails)

    def dedupe(self, binding):
        return self.store


@running
async def test_a_result_that_cannot_be_written_at_once_is_written_later(tmp_path, caplog):
    async with web(tmp_path, ORDER, bindings=Unwritable(confirm=2)) as client:
        first = await client("POST", "/order", json={"item": "a"})
        second = await client("POST", "/order", json={"item": "a"})
        assert len(client.log.calls) == 1
    assert (first.status, second.status, second.body) == (200, 200, first.body)
    [key] = {record.args[0] for record in caplog.records if record.name == "flowlattice.engine"}
    assert len(bytes.fromhex(str(key))) == 32


@running
async def test_a_result_that_cannot_be_written_for_long_puts_its_key_in_doubt(tmp_path, monkeypatch):
    monkeypatch.setattr(effects, "LONGEST_CONFIRMING_S", 0.0)
    async with web(tmp_path, ORDER, bindings=Unwritable(confirm=9, doubt=1)) as client:
        answers = [await client("POST", "/order", json={"item": "a"}) for _ in range(2)]
        assert len(client.log.calls) == 1
    assert [(one.status, json.loads(one.body)["error"]) for one in answers] == [(409, "in_doubt")] * 2


@running
async def test_a_failure_is_told_at_once_and_its_doubt_written_later(tmp_path, caplog):
    async with web(tmp_path, ORDER, bindings=Unwritable(doubt=1)) as client:
        first = await client("POST", "/order", json={"item": "raise after"})
        await until(lambda: not client.runtime.kept)
        second = await client("POST", "/order", json={"item": "raise after"})
    assert (first.status, second.status) == (500, 409)
    assert "ValueError" in caplog.text, "what failed first is what the log says"


@pytest.mark.parametrize(("fields", "status"), [("item: str", 200), ("item: str\n    price: int", 409)])
@running
async def test_a_result_of_another_version_is_read_or_known_to_have_happened(tmp_path, fields, status):
    later = ORDER.replace("item: str\n\n@node", f"{fields}\n\n@node")
    async with web(tmp_path / "1", ORDER, bindings=LocalBindings(tmp_path)) as client:
        assert (await client("POST", "/order", json={"item": "a"})).status == 200
    async with web(tmp_path / "2", later, bindings=LocalBindings(tmp_path)) as client:
        answer = await client("POST", "/order", json={"item": "a"})
    assert answer.status == status
    assert json.loads(answer.body).get("error") in {None, "already_happened"}


class Late(Failing):
    """A store of keys that reserves when it is let, and whose releasing fails once."""

    def __init__(self, go):
        super().__init__(LocalBindings().dedupe("seen"), {"release": 1})
        self._go = go

    async def reserve(self, *args, **kwargs):
        await self._go.wait()
        return await self._store.reserve(*args, **kwargs)


class Waiting(LocalBindings):
    """Doubles with such a store."""

    def __init__(self, go):
        super().__init__()
        self._store = Late(go)

    def dedupe(self, binding):
        return self._store


@running
async def test_a_key_that_nobody_waits_for_any_more_is_free_though_the_store_fails_at_first(tmp_path):
    go = asyncio.Event()
    async with web(tmp_path, ORDER.replace("seconds(20)", "ms(50)"), bindings=Waiting(go)) as client:
        first = await client("POST", "/order", json={"item": "a"})
        go.set()
        await until(lambda: not client.runtime.kept)
        second = await client("POST", "/order", json={"item": "a"})
        assert len(client.log.calls) == 1
    assert (first.status, second.status) == (504, 200)
