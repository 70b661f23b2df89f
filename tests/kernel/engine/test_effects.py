"""Effects happen once: reserved, remembered, replayed; released when nothing happened, in doubt when nobody knows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.capabilities import HttpResponse
from flowlattice.engine.backends import NotSent
from flowlattice.keys import idempotency_key
from tests.support.flows import flow_of, running, until, web

CONTACT = """
class In(Record, data="pii"):
    name: str
    message: Annotated[str, field(min_length=1)]
    note: str = ""

class Sent(Record, data="public"):
    status: str
    at: date = date(2026, 1, 31)

@node(idempotency=by("name", "message", ttl=minutes(10)), timeout=seconds(5))
async def send(req: In, postmark: HttpWrite, seen: DedupeStore) -> Sent:
    answer = await postmark.post("https://api.postmarkapp.com/email", json={"from": req.name, "text": req.message})
    if req.note == "raise after":
        raise ValueError("after the effect")
    if req.note == "invalid":
        require(False, "note", "is no note")
    return Sent(status=f"received {answer.status}")

flow = Flow("contact", version="1.0.0")
hook = flow.trigger(http.post("/contact", accepts=In, deadline=ms(400)))
flow.connect(hook, send)
flow.connect(send, flow.respond())
flow.egress("postmark", "api.postmarkapp.com")
"""


class Scripted(LocalBindings):
    """Doubles whose http backend answers from a script."""

    def __init__(self, *script: Callable[[], object]) -> None:
        super().__init__()
        self.script = list(script)
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    def http(self, binding):
        return self

    async def send(self, method, url, *, params, json, form, headers, hosts):
        self.requests.append((method, url, dict(headers)))
        outcome = self.script.pop(0)() if self.script else 200
        if asyncio.iscoroutine(outcome):
            outcome = await outcome
        assert isinstance(outcome, int)
        return HttpResponse(status=outcome)


def fails(error: Exception) -> Callable[[], int]:
    def fail() -> int:
        raise error

    return fail


def key_of(name: str, message: str) -> str:
    return idempotency_key("contact", "send", "", {"name": name, "message": message}).hex()


INES = {"name": "Ines", "message": "Do you deliver?"}


@running
async def test_a_duplicate_gets_the_first_answer_and_no_second_effect(tmp_path):
    bindings = Scripted(lambda: 201)
    async with web(tmp_path, CONTACT, bindings=bindings) as client:
        first = await client("POST", "/contact", json=INES)
        second = await client("POST", "/contact", json={**INES, "note": "another click"})
        other = await client("POST", "/contact", json={**INES, "message": "And on Monday?"})
    assert json.loads(first.body) == {"status": "received 201", "at": "2026-01-31"}
    assert second.body == first.body
    assert json.loads(other.body)["status"] == "received 200"
    assert len(bindings.requests) == 2
    assert [(call.capability, call.method, call.target, call.key) for call in client.log.calls] == [
        ("http.write", "post", "api.postmarkapp.com", key_of("Ines", "Do you deliver?")),
        ("http.write", "post", "api.postmarkapp.com", key_of("Ines", "And on Monday?")),
    ]
    assert bindings.requests[0][2] == {"Idempotency-Key": key_of("Ines", "Do you deliver?")}


@running
async def test_the_key_is_the_same_however_the_text_is_spelled(tmp_path):
    bindings = Scripted()
    async with web(tmp_path, CONTACT, bindings=bindings) as client:
        await client("POST", "/contact", json={"name": "Zo\u00eb", "message": "x"})
        await client("POST", "/contact", json={"name": "Zoe\u0308", "message": "x"})
    assert len(bindings.requests) == 1


@running
async def test_duplicates_at_the_same_time_wait_for_the_first(tmp_path):
    go = asyncio.Event()

    async def slow() -> int:
        await go.wait()
        return 202

    bindings = Scripted(slow)
    async with web(tmp_path, CONTACT, bindings=bindings) as client:
        clicks = [asyncio.create_task(client("POST", "/contact", json=INES)) for _ in range(5)]
        await until(lambda: len(bindings.requests) == 1)
        go.set()
        answers = await asyncio.gather(*clicks)
    assert {answer.body for answer in answers} == {b'{"status":"received 202","at":"2026-01-31"}'}
    assert len(bindings.requests) == 1


@running
async def test_a_duplicate_that_waits_too_long_is_told_to_come_back(tmp_path):
    go = asyncio.Event()

    async def slow() -> int:
        await go.wait()
        return 202

    bindings = Scripted(slow)
    async with web(tmp_path, CONTACT, bindings=bindings) as client:
        first, second = await asyncio.gather(*(client("POST", "/contact", json=INES) for _ in range(2)))
        assert {first.status, second.status} <= {503, 504}
        assert all(answer.headers.get("retry-after") == "1" for answer in (first, second) if answer.status == 503)
        go.set()
        await until(lambda: not client.runtime.kept)
        third = await client("POST", "/contact", json=INES)
    assert json.loads(third.body)["status"] == "received 202", "an effect that has begun is finished and remembered"
    assert len(bindings.requests) == 1


@running
async def test_an_effect_whose_client_left_is_finished_and_remembered(tmp_path):
    go = asyncio.Event()

    async def slow() -> int:
        await go.wait()
        return 203

    bindings = Scripted(slow)
    async with web(tmp_path, CONTACT, bindings=bindings) as client:
        assert await client.driver.leave("POST", "/contact", body=json.dumps(INES).encode(), after=0.02) is None
        assert len(bindings.requests) == 1
        go.set()
        again = await client("POST", "/contact", json=INES)
    assert json.loads(again.body)["status"] == "received 203"
    assert len(bindings.requests) == 1


@pytest.mark.parametrize(
    ("outcome", "note", "status"),
    [
        (fails(NotSent("shop", "transient", "no connection")), "", 503),
        (lambda: 400, "raise after", 500),
        (lambda: 429, "raise after", 500),
    ],
    ids=["not sent", "refused", "turned away"],
)
def test_what_certainly_did_not_happen_may_be_tried_again(tmp_path, outcome, note, status):
    async def scenario():
        bindings = Scripted(outcome)
        async with web(tmp_path, CONTACT, bindings=bindings) as client:
            failed = await client("POST", "/contact", json={**INES, "note": note})
            again = await client("POST", "/contact", json=INES)
        assert (failed.status, again.status) == (status, 200)
        assert len(bindings.requests) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("outcome", "note"),
    [(fails(OSError("connection reset")), ""), (lambda: 200, "raise after"), (lambda: 500, "raise after")],
    ids=["broken off", "failed after it", "the other side failed"],
)
def test_what_may_have_happened_is_in_doubt_and_not_repeated(tmp_path, outcome, note):
    async def scenario():
        bindings = Scripted(outcome)
        async with web(tmp_path, CONTACT, bindings=bindings) as client:
            failed = await client("POST", "/contact", json={**INES, "note": note})
            again = await client("POST", "/contact", json=INES)
        assert failed.status == 500
        assert again.status == 409
        assert json.loads(again.body)["error"] == "in_doubt"
        assert len(bindings.requests) == 1

    asyncio.run(scenario())


@running
async def test_input_found_invalid_before_the_effect_frees_the_key(tmp_path):
    source = CONTACT.replace(
        "    answer = await", "    require(req.note != 'early', 'note', 'is early')\n    answer = await"
    )
    async with web(tmp_path, source, bindings=Scripted()) as client:
        refused = await client("POST", "/contact", json={**INES, "note": "early"})
        fine = await client("POST", "/contact", json=INES)
    assert (refused.status, fine.status) == (422, 200)


@running
async def test_invalid_input_reserves_nothing(tmp_path):
    bindings = Scripted()
    async with web(tmp_path, CONTACT, bindings=bindings) as client:
        answer = await client("POST", "/contact", json={"name": "Ines", "message": ""})
    assert answer.status == 422
    assert bindings.requests == []


TWICE = """
class In(Record, data="public"):
    id: int

@node(idempotency=by("id"))
async def both(req: In, ledger: HttpWrite) -> In:
    await ledger.post("https://one.example/a", json={"id": req.id})
    await ledger.put("https://one.example/b", json={"id": req.id})
    await ledger.delete("https://one.example/c")
    return req

flow = Flow("twice", version="1.0.0")
hook = flow.trigger(http.post("/twice", accepts=In))
flow.connect(hook, both)
flow.connect(both, flow.respond())
flow.egress("ledger", "one.example")
"""


@running
async def test_each_effect_of_a_node_has_a_key_of_its_own(tmp_path):
    bindings = Scripted()
    async with web(tmp_path, TWICE, bindings=bindings) as client:
        await client("POST", "/twice", json={"id": 1})
        await client("POST", "/twice", json={"id": 1})
    key = idempotency_key("twice", "both", "", {"id": 1}).hex()
    keys = [headers["Idempotency-Key"] for _, _, headers in bindings.requests]
    assert keys == [key, f"{key}-2", f"{key}-3"] * 2, "without a dedupe store the other side decides"
    assert [call.method for call in client.log.calls[:3]] == ["post", "put", "delete"]


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/email",
        "https://api.postmarkapp.com.evil.example/",
        "https://api.postmarkapp.com@evil.example/",
        "https://api.postmarkapp.com:8443/",
        "http://2130706433/",
        "file:///etc/passwd",
        "/email",
        "https://[bad/",
    ],
)
def test_a_host_that_is_not_declared_is_not_reached(tmp_path, url):
    async def scenario():
        bindings = Scripted()
        source = CONTACT.replace("https://api.postmarkapp.com/email", url)
        async with web(tmp_path, source, bindings=bindings) as client:
            answer = await client("POST", "/contact", json=INES)
        assert answer.status == 500
        assert bindings.requests == []
        assert client.log.calls == []

    asyncio.run(scenario())


def test_a_ttl_is_never_under_five_minutes(tmp_path):
    from flowlattice.engine.effects import SHORTEST_TTL, KeyOf, Once

    node = next(n for n in flow_of(tmp_path, CONTACT.replace("minutes(10)", "ms(5)")).ir.nodes if n.name == "send")
    assert node.idempotency is not None
    assert node.idempotency.ttl_ms == 5
    key_of = KeyOf("f", "send", node.idempotency)
    assert Once("send", key_of, node.idempotency, LocalBindings().dedupe("seen"), str).ttl == SHORTEST_TTL


def test_a_value_that_cannot_be_part_of_a_key_is_invalid_input(tmp_path):
    async def scenario():
        async with web(tmp_path, TWICE, bindings=Scripted()) as client:
            return await client("POST", "/twice", json={"id": 2**70})

    answer = asyncio.run(scenario())
    assert answer.status == 422
    assert json.loads(answer.body)["fields"][0]["field"] == "id"


def test_a_store_that_fails_is_500_and_no_traceback(tmp_path, caplog):
    class Broken(Scripted):
        def dedupe(self, binding):
            store = super().dedupe(binding)
            self._opened().close()
            return store

    async def scenario():
        async with web(tmp_path, CONTACT, bindings=Broken()) as client:
            return await client("POST", "/contact", json=INES)

    answer = asyncio.run(scenario())
    assert answer.status == 500
    assert json.loads(answer.body)["error"] == "internal"
    assert "ProgrammingError" in caplog.text
