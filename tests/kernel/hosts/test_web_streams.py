"""Answers that go out while the run is under way: the client sets the pace, and its going away ends everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.bindings.doubles import AiDouble
from flowlattice.engine import MemoryCallLog
from flowlattice.engine.backends import AiBackend, AiPiece, AiRequest
from flowlattice.hosts.dev import run_lines
from flowlattice.hosts.inprocess import Patience, Response
from flowlattice.hosts.web import WebApp, streaming
from tests.support.flows import ask, running, runtime_of, until, web
from tests.support.modules import flow_module
from tests.support.sockets import Socket

STREAM = """
from collections.abc import AsyncIterator

class In(Record, data="public"):
    count: int = 3
    fails_at: int = -1
    waits_at: int = -1

class Note(Record, data="public"):
    n: int

SEEN = []
GO = asyncio.Event()

@node
async def notes(req: In) -> AsyncIterator[Note]:
    try:
        for n in range(req.count):
            if n == req.waits_at:
                await GO.wait()
            if n == req.fails_at:
                raise ValueError("secret")
            SEEN.append(n)
            yield Note(n=n)
        SEEN.append("over")
    except asyncio.CancelledError:
        SEEN.append("cancelled")
        raise
    finally:
        SEEN.append("closed")
"""
EVENTS = (
    STREAM
    + """
flow = Flow("streams", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In, respond="explicit" DEADLINE))
flow.connect(hook, notes)
flow.connect(notes, flow.respond(body="events", stream=True))
"""
)
PLAIN = EVENTS.replace(" DEADLINE", "")
HURRIED = EVENTS.replace(" DEADLINE", ", deadline=ms(150)")
PAGE = (
    STREAM
    + """
def line(note: Note) -> str:
    return f"<p>{note.n}</p>"

flow = Flow("pages", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In))
lines = Map(line)
flow.connect(hook, notes)
flow.connect(notes, lines)
flow.connect(lines, flow.respond(body="html", stream=True, headers={"Content-Language": "en"}))
"""
)


def get(target: str, **more) -> dict:
    return {"method": "GET", "target": target, **more}


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


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


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


def test_the_deadline_bounds_all_of_it(tmp_path):
    before, after = ask(tmp_path, HURRIED, get("/notes?waits_at=0"), get("/notes?waits_at=1"))
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


AFTER = STREAM.replace(
    "class Note(",
    """
class Named(Record, data="public"):
    name: Annotated[str | None, field(alias="the-id")]
    kind: Literal["even", "odd"]
    n: int

class Note(""",
) + (
    """
SUNK = []

@node
def twice(note: Note) -> Note:
    return Note(n=note.n * 2)

@node
def plus_one(note: Note) -> Note:
    return Note(n=note.n + 1)

@node
def named(note: Note) -> Named:
    return Named.model_validate({"the-id": f"v{note.n}" if note.n else None, "kind": parity(note), "n": note.n})

def is_small(note: Note) -> bool:
    return note.n < 4

def parity(note: Note) -> Literal["even", "odd"]:
    return "odd" if note.n % 2 else "even"

@node(effects=Effects.EFFECTFUL)
async def sink(note: Note, ctx: Context) -> None:
    await asyncio.sleep(0)
    SUNK.append(note.n)

@node
async def each_twice(note: Note) -> AsyncIterator[Note]:
    yield note
    yield note

flow = Flow("after", version="1.0.0")
def route(path):
    return flow.trigger(http.get(path, accepts=In), name=path.strip("/"))

"""
)


def after(tmp_path, wiring: str, target: str = "/x?count=6") -> Response:
    """The answer of a route whose stream is followed by some nodes."""
    source = AFTER + 'hook = route("/x")\nout = flow.respond(body="events", stream=True)\n'
    [answer] = ask(tmp_path, source + wiring, get(target))
    return answer


WAYS = {
    "fused nodes": ("notes > twice > plus_one > out", [1, 3, 5, 7, 9, 11]),
    "a filter": ("gate = Filter(is_small)\nnotes > gate > out", [0, 1, 2, 3]),
    "another stream": ("notes > each_twice > out", [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
    "a switch and a merge": (
        "kinds = Switch(parity, cases=['odd', 'even'])\nboth = Merge()\nnotes > kinds\n"
        "kinds.case('odd') > twice > both\nkinds.case('even') > both > out",
        [0, 2, 2, 6, 4, 10],
    ),
    "a switch one case of which leads nowhere": (
        "kinds = Switch(parity, cases=['odd'])\nnotes > kinds\nkinds.case('odd') > out",
        [1, 3, 5],
    ),
    "two branches, one of which is awaited": ("notes > twice > out\nnotes > sink", [0, 2, 4, 6, 8, 10]),
    "two branches that meet": (
        "both = Merge()\nnotes > both > out\nnotes > twice > both",
        [0, 0, 1, 2, 2, 4, 3, 6, 4, 8, 5, 10],
    ),
}


def wired(ways: str) -> str:
    """`a > b > c` as connections; other lines as they are."""
    lines = []
    for line in ways.split("\n"):
        parts = line.split(" > ")
        pairs = pairwise(parts)
        lines += [line] if len(parts) == 1 else [f"flow.connect({one}, {other})" for one, other in pairs]
    return "\n".join(["flow.connect(hook, notes)", *lines])


@pytest.mark.parametrize("way", WAYS)
def test_what_follows_a_stream_happens_item_by_item(tmp_path, way):
    ways, numbers = WAYS[way]
    answer = after(tmp_path, wired(ways))
    assert (answer.status, answer.complete) == (200, True)
    events = answer.body.decode().split("\n\n")[:-1]
    assert [json.loads(event.removeprefix("data: "))["n"] for event in events] == numbers
    assert ([0, 1, 2, 3, 4, 5] if "sink" in ways else []) == flow_module(tmp_path).SUNK


def test_all_that_follows_an_item_is_done_before_the_next_is_made(tmp_path):
    source = AFTER.replace("SUNK.append(note.n)", 'SEEN.append(f"sunk {note.n}")')
    after_source = source + 'hook = route("/x")\nout = flow.respond(body="events", stream=True)\n'
    ask(tmp_path, after_source + wired("notes > out\nnotes > sink"), get("/x?count=2"))
    assert flow_module(tmp_path).SEEN == [0, "sunk 0", 1, "sunk 1", "over", "closed"]


def test_an_item_that_a_later_node_fails_on_closes_the_stream(tmp_path):
    wiring = "@node\ndef broken(note: Note) -> Note:\n    return Note(n=1 // (2 - note.n))\n\n" + wired(
        "notes > broken > out"
    )
    answer = after(tmp_path, wiring)
    assert answer.body.decode().startswith('data: {"n":0}\n\ndata: {"n":1}\n\nevent: error\ndata: {"error":"internal"')
    assert flow_module(tmp_path).SEEN == [0, 1, 2, "closed"]


def test_events_have_ids_and_names(tmp_path):
    wiring = 'told = flow.respond(body="events", stream=True, event_id="name", event="kind")\n' + wired(
        "notes > named > told"
    )
    answer = after(tmp_path, wiring, "/x?count=2")
    assert answer.body.decode() == (
        'event: even\ndata: {"the-id":null,"kind":"even","n":0}\n\n'
        'id: v1\nevent: odd\ndata: {"the-id":"v1","kind":"odd","n":1}\n\n'
    )


def test_an_id_is_one_line(tmp_path):
    wiring = 'told = flow.respond(body="events", stream=True, event_id="name")\n' + wired("notes > named > told")
    answer = after(tmp_path, wiring, "/x?count=1")
    assert answer.status == 200
    broken = AFTER.replace('f"v{note.n}"', '"a\\ndata: b"')
    source = broken + 'hook = route("/x")\nout = flow.respond(body="events", stream=True)\n'
    [failed] = ask(tmp_path / "broken", source + wiring, get("/x?count=2"))
    assert b"event: error" in failed.body
    assert b"data: b" not in failed.body


@running
async def test_in_a_dev_run_a_stream_is_the_list_of_its_items(tmp_path):
    log = MemoryCallLog()
    runtime = runtime_of(tmp_path, PLAIN, log=log, profile="dev")
    report = await run_lines(runtime, runtime.triggers[0], [b'{"count": 2}', b'{"fails_at": 1}'], log)
    assert report.outputs == [{"n": 0}, {"n": 1}, {"n": 0}]
    assert [(error.line, error.node) for error in report.errors] == [(2, "notes")]


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


ONE_OF_MANY = (
    STREAM
    + """
@node
def refused(req: In) -> str:
    return "no"

@node
async def later(req: In) -> In:
    await GO.wait()
    SEEN.append("later")
    return req

def is_there(req: In) -> bool:
    return req.count > 0

flow = Flow("either", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In, respond="explicit"))
gate = If(is_there)
flow.connect(hook, gate)
flow.connect(gate.true, notes)
flow.connect(notes, flow.respond(body="events", stream=True, name="events"))
flow.connect(gate.false, refused)
flow.connect(refused, flow.respond(status=404, body="text", name="nothing"))
flow.connect(gate.false, later)
"""
)


@running
async def test_one_respond_may_stream_and_another_not(tmp_path):
    async with web(tmp_path, ONE_OF_MANY) as client:
        streamed, other = await client("GET", "/notes?count=1"), await client("GET", "/notes?count=0")
        assert streamed.body == b'data: {"n":0}\n\n'
        assert (other.status, other.body) == (404, b"no"), "answered at once, though the run goes on"
        assert flow_module(tmp_path).SEEN == [0, "over", "closed"]
        flow_module(tmp_path).GO.set()
        await until(lambda: "later" in flow_module(tmp_path).SEEN)


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
