"""Answers that go out while the run is under way: the client sets the pace, and its going away ends everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.bindings.doubles import AiDouble
from flowlattice.engine.backends import AiBackend, AiPiece, AiRequest
from flowlattice.hosts.inprocess import Patience
from flowlattice.hosts.web import WebApp, streaming
from tests.support.flows import ask, running, runtime_of, until, web
from tests.support.modules import flow_module
from tests.support.sockets import Socket
from tests.support.streams import HURRIED, PAGE, PLAIN, get, settled


def test_each_item_is_an_event(tmp_path):
    one, none, head = ask(tmp_path, PLAIN, get("/notes"), get("/notes?count=0"), {**get("/notes"), "method": "HEAD"})
    assert one.body.decode() == 'data: {"n":0}\n\ndata: {"n":1}\n\ndata: {"n":2}\n\n'
    assert one.headers == {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    assert (none.status, none.body, none.headers) == (200, b"", one.headers)
    assert (head.status, head.body, head.headers) == (200, b"", one.headers)
    assert flow_module(tmp_path).SEEN == [0, 1, 2, "over", "closed", "over", "closed", 0, "closed"]


@running
async def test_an_item_goes_out_before_the_next_is_made(tmp_path):
    app, socket = WebApp([runtime_of(tmp_path, PLAIN)]), Socket()
    work = asyncio.create_task(socket.request(app, "/notes?waits_at=2"))
    await until(lambda: len(socket.sent) == 3)
    assert flow_module(tmp_path).SEEN == [0, 1]
    assert 'flows_streams{flow="streams"} 1.0' in await socket.metrics(app)
    flow_module(tmp_path).GO.set()
    await work
    assert [message.get("more_body") for message in socket.sent] == [None, True, True, True, False]
    assert 'flows_streams{flow="streams"} 0.0' in await socket.metrics(app)


@running
async def test_a_client_that_takes_nothing_makes_the_node_wait(tmp_path):
    app, socket = WebApp([runtime_of(tmp_path, PLAIN)]), Socket(takes=4)
    work = asyncio.create_task(socket.request(app, "/notes?count=1000"))
    await until(lambda: len(socket.sent) == 4)
    await settled()
    assert flow_module(tmp_path).SEEN == [0, 1, 2, 3], "the head and three items are out, the fourth waits"
    socket.take()
    await work
    assert [*range(1000), "over", "closed"] == flow_module(tmp_path).SEEN


@pytest.mark.parametrize(
    ("query", "takes", "seen"),
    [
        ("waits_at=2", None, [0, 1, "cancelled", "closed"]),
        ("count=1000", 3, [0, 1, 2, "closed"]),
        ("waits_at=0", None, ["cancelled", "closed"]),
    ],
)
@running
async def test_a_client_that_goes_away_ends_the_node_where_it_is(tmp_path, query, takes, seen):
    app, socket = WebApp([runtime_of(tmp_path, PLAIN)]), Socket(takes=takes)
    before = len(asyncio.all_tasks())
    work = asyncio.create_task(socket.request(app, f"/notes?{query}"))
    await until(lambda: [n for n in seen if isinstance(n, int)] == flow_module(tmp_path).SEEN)
    await settled()
    socket.gone.set()
    await work
    assert seen == flow_module(tmp_path).SEEN
    assert len(asyncio.all_tasks()) == before
    shown = await socket.metrics(app)
    assert 'status="499"} 1.0' in shown
    assert 'flows_streams{flow="streams"} 0.0' in shown
    assert 'flows_in_flight{flow="streams"} 0.0' in shown


def test_a_failure_is_a_status_before_the_first_item_and_an_event_after_it(tmp_path, caplog):
    before, after, refused = ask(
        tmp_path, PLAIN, get("/notes?fails_at=0"), get("/notes?fails_at=1"), get("/notes?count=x")
    )
    assert (before.status, json.loads(before.body)["error"]) == (500, "internal")
    assert refused.status == 422
    first, last = after.body.decode().strip().split("\n\n")
    assert (after.status, first) == (200, 'data: {"n":0}')
    name, data = last.split("\n")
    told = json.loads(data.removeprefix("data: "))
    assert (name, told["error"]) == ("event: error", "internal")
    assert f"node notes failed in run {told['run']}: ValueError at flow.py" in caplog.text
    assert "secret" not in after.body.decode() + caplog.text


def test_a_page_that_fails_is_not_completed(tmp_path):
    whole, empty, broken = ask(tmp_path, PAGE, get("/notes"), get("/notes?count=0"), get("/notes?fails_at=1"))
    assert whole.body == b"<p>0</p><p>1</p><p>2</p>"
    assert (whole.headers["content-type"], whole.headers["content-language"]) == ("text/html; charset=utf-8", "en")
    assert (empty.status, empty.body) == (200, b"")
    assert (whole.complete, empty.complete, broken.complete) == (True, True, False)
    assert broken.body == b"<p>0</p>"


@pytest.mark.parametrize("source", [HURRIED, PLAIN.replace("@node\n", "@node(timeout=ms(150))\n")])
def test_the_deadline_or_the_timeout_of_the_node_bounds_all_of_it(tmp_path, source):
    before, after = ask(tmp_path, source, get("/notes?waits_at=0"), get("/notes?waits_at=1"))
    assert (before.status, json.loads(before.body)["error"]) == (504, "deadline_exceeded")
    assert after.status == 200
    assert after.body.decode().startswith('data: {"n":0}\n\nevent: error\ndata: {"error":"deadline_exceeded","run":"')
    assert flow_module(tmp_path).SEEN == ["cancelled", "closed", 0, "cancelled", "closed"]


@running
async def test_comments_keep_a_silent_stream_alive(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.01)
    app, socket = WebApp([runtime_of(tmp_path, PLAIN)]), Socket()
    work = asyncio.create_task(socket.request(app, "/notes?count=1&waits_at=0"))
    await until(lambda: len(socket.sent) > 3)
    assert socket.sent[0]["status"] == 200, "an answer that can only be this one begins with a comment"
    assert {message["body"] for message in socket.sent[1:]} == {b":\n\n"}
    flow_module(tmp_path).GO.set()
    await work
    assert b"".join(message["body"] for message in socket.sent[1:]).endswith(b':\n\ndata: {"n":0}\n\n')


@running
async def test_a_page_has_no_heartbeats(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.005)
    app, socket = WebApp([runtime_of(tmp_path, PAGE)]), Socket()
    work = asyncio.create_task(socket.request(app, "/notes?count=2&waits_at=1"))
    await until(lambda: len(socket.sent) == 2)
    beats = asyncio.create_task(asyncio.sleep(0.03))
    await beats
    flow_module(tmp_path).GO.set()
    await work
    assert [message["body"] for message in socket.sent[1:]] == [b"<p>0</p>", b"<p>1</p>", b""]


@running
async def test_a_client_that_never_takes_anything_is_given_up(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.005)
    monkeypatch.setattr(streaming, "STALLED_S", 0.02)
    app, socket = WebApp([runtime_of(tmp_path, PLAIN)]), Socket(takes=2)
    await socket.request(app, "/notes?count=10")
    assert flow_module(tmp_path).SEEN == [0, 1, "closed"]
    assert 'status="499"} 1.0' in await socket.metrics(app)
    assert "its client took nothing" in caplog.text


@running
async def test_who_has_heard_enough_of_an_endless_stream_leaves(tmp_path):
    endless = PLAIN.replace("range(req.count)", "__import__('itertools').count()")
    async with web(tmp_path, endless) as client:
        answer = await client.driver.request("GET", "/notes", patience=Patience(pieces=5, seconds=60))
        assert answer.body.decode().count("data: ") == 5
        assert flow_module(tmp_path).SEEN[-1] == "closed"
        answer = await client.driver.request("GET", "/notes?waits_at=2", patience=Patience(pieces=5, seconds=0.01))
        assert (answer.body.decode().count("data: "), answer.complete) == (2, False)


ASKING = """
from collections.abc import AsyncIterator
from flowlattice import AiRead

class In(Record, data="public"):
    text: str

class Piece(Record, data="public"):
    text: str

@node
async def tell(req: In, ai: AiRead) -> AsyncIterator[Piece]:
    async for piece in ai.stream(req.text):
        yield Piece(text=piece)

@node
async def first(req: In, ai: AiRead) -> Piece:
    async for piece in ai.stream(req.text):
        return Piece(text=piece)
    return Piece(text="")

flow = Flow("asking", version="1.0.0")
flow.connect(flow.trigger(http.get("/tell", accepts=In)), tell)
flow.connect(tell, flow.respond(body="events", stream=True))
flow.connect(flow.trigger(http.get("/first", accepts=In)), first)
flow.connect(first, flow.respond())
"""


class Talking(AiDouble):
    """A model that never stops by itself."""

    def __init__(self) -> None:
        self.closed = 0

    async def answer(self, request: AiRequest) -> AsyncGenerator[AiPiece, None]:
        try:
            while True:
                yield AiPiece(text=request.messages[0].text)
        finally:
            self.closed += 1


class Bound(LocalBindings):
    def __init__(self, model: Talking) -> None:
        super().__init__()
        self.model = model

    def ai(self, binding: str) -> AiBackend:
        return self.model


@pytest.mark.parametrize("path", ["/tell", "/first"])
@running
async def test_what_a_capability_streams_is_closed_with_the_node(tmp_path, path):
    model = Talking()
    bindings = Bound(model)
    app, socket = (
        WebApp([runtime_of(tmp_path, ASKING, bindings=bindings)]),
        Socket(takes=4 if path == "/tell" else None),
    )
    work = asyncio.create_task(socket.request(app, f"{path}?text=x"))
    if path == "/tell":
        await until(lambda: len(socket.sent) == 4)
        await settled()
        socket.gone.set()
    await work
    assert model.closed == 1


@pytest.mark.parametrize("source", [PLAIN, PAGE])
@running
async def test_what_the_server_cuts_off_at_its_end_is_told(tmp_path, source):
    app, socket = WebApp([runtime_of(tmp_path, source)]), Socket()
    work = asyncio.create_task(socket.request(app, "/notes?waits_at=1"))
    await until(lambda: len(socket.sent) == 2)
    app.draining = True
    work.cancel()
    await work
    assert flow_module(tmp_path).SEEN == [0, "cancelled", "closed"]
    last = socket.sent[-1]
    if source == PLAIN:
        assert last["body"].startswith(b'event: error\ndata: {"error":"shutting_down"')
        assert not last["more_body"]
    else:
        assert last["more_body"], "a page that is cut off does not look complete"


@pytest.mark.parametrize(("marks", "is_sent_away"), [(', event_id="n"', True), ("", False)])
@running
async def test_a_reader_who_comes_back_with_an_id_is_sent_away_at_the_end(tmp_path, marks, is_sent_away):
    source = PLAIN.replace('body="events", stream=True', f'body="events", stream=True{marks}')
    app, socket = WebApp([runtime_of(tmp_path, source)]), Socket()
    work = asyncio.create_task(socket.request(app, "/notes?waits_at=1"))
    await until(lambda: len(socket.sent) == 2)
    app.draining = True
    app.send_readers_away()
    if not is_sent_away:
        flow_module(tmp_path).GO.set()
    await work
    assert not socket.sent[-1]["more_body"]
    assert socket.sent[-1]["body"].startswith(b"event: error\n") is is_sent_away


STUBBORN = PLAIN.replace(
    """        SEEN.append("cancelled")
        raise
""",
    """        SEEN.append("cancelled")
        yield Note(n=99)
        SEEN.append("goes on")
""",
)


@pytest.mark.parametrize("deadline", ["", ", deadline=ms(50)"])
@running
async def test_a_node_that_goes_on_when_it_is_cancelled_is_not_asked_again(tmp_path, deadline):
    source = STUBBORN.replace('respond="explicit"', f'respond="explicit"{deadline}')
    app, socket = WebApp([runtime_of(tmp_path, source)]), Socket()
    work = asyncio.create_task(socket.request(app, "/notes?waits_at=1"))
    await until(lambda: flow_module(tmp_path).SEEN == [0])
    await settled()
    if not deadline:
        socket.gone.set()
    await work
    assert flow_module(tmp_path).SEEN == [0, "cancelled", "closed"]
    assert b"99" not in b"".join(message.get("body", b"") for message in socket.sent)
