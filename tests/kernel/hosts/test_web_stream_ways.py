"""What stands behind a streaming node: other nodes, branches, responds that stream and responds that do not."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from flowlattice.engine import MemoryCallLog
from flowlattice.engine.runnable import NotRunYet
from flowlattice.hosts.dev import run_lines
from flowlattice.hosts.inprocess import Response
from tests.support.flows import ask, running, runtime_of, until, web
from tests.support.modules import flow_module
from tests.support.streams import PLAIN, STREAM, get

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


GIVEN = (
    STREAM.replace("@node\nasync def notes", "async def notes")
    + """
@node
def handed_on(req: In) -> AsyncIterator[Note]:
    return notes(req)

@node
async def handed_on_later(req: In) -> AsyncIterator[Note]:
    await asyncio.sleep(0)
    return notes(req)

flow = Flow("given", version="1.0.0")
flow.connect(flow.trigger(http.get("/now", accepts=In)), handed_on)
flow.connect(flow.trigger(http.get("/later", accepts=In)), handed_on_later)
flow.connect(handed_on, flow.respond(body="events", stream=True))
flow.connect(handed_on_later, flow.respond(body="events", stream=True))
"""
)


def test_a_node_may_hand_on_a_stream(tmp_path):
    for answer in ask(tmp_path, GIVEN, get("/now?count=2"), get("/later?count=2")):
        assert (answer.status, answer.body.decode()) == (200, 'data: {"n":0}\n\ndata: {"n":1}\n\n')
    assert flow_module(tmp_path).SEEN == [0, 1, "over", "closed"] * 2


SIDE_BY_SIDE = (
    STREAM
    + """
def line(note: Note) -> str:
    return str(note.n)

flow = Flow("beside", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In))
OTHER = Map(line, name="other")
flow.connect(hook, notes)
LINES
flow.connect(OTHER, flow.respond(body=BODY, stream=True, name="second"))
"""
)


@pytest.mark.parametrize("first", ["events", "other"])
@pytest.mark.parametrize("body", ["events", "text"])
def test_two_responds_take_turns_where_they_are_alike(tmp_path, first, body):
    lines = [
        "flow.connect(notes, flow.respond(body='events', stream=True, name='first'))",
        "flow.connect(notes, OTHER)",
    ]
    ordered = lines if first == "events" else lines[::-1]
    source = SIDE_BY_SIDE.replace("LINES", "\n".join(ordered)).replace("BODY", repr(body))
    [answer] = ask(tmp_path, source, get("/notes?count=2"))
    events = answer.body.decode()
    if body == "events":
        assert sorted(events.split("\n\n")[:-1]) == ["data: 0", "data: 1", 'data: {"n":0}', 'data: {"n":1}']
    elif first == "events":
        assert events.startswith('data: {"n":0}\n\nevent: error\ndata: {"error":"internal"')
    else:
        assert (events, answer.complete) == ("0", False)


def test_a_stream_is_not_remembered_by_key(tmp_path):
    source = PLAIN.replace("@node\n", "@node(idempotency=by('count'))\n").replace(
        "(req: In)", "(req: In, seen: DedupeStore)"
    )
    with pytest.raises(NotRunYet, match=r"streams that are remembered by key \(notes\)"):
        runtime_of(tmp_path, source)
