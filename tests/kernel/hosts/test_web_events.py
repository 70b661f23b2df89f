"""Server-sent events: a finite list goes out event by event, and ends when the client or the deadline says so."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys

import pytest

from flowlattice.check import check
from flowlattice.hosts.web import WebApp
from flowlattice.ir.lower import lower
from tests.support.flows import ask, flow_of, running, runtime_of, until, write_flow
from tests.support.sockets import Socket

STREAM = """
class In(Record, data="public"):
    count: int = 3
    text: str | None = None

class Note(Record, data="public"):
    n: int
    said: Annotated[str, field(alias="what-is-said")]

def is_there(req: In) -> bool:
    return req.count >= 0

@node
def notes(req: In) -> list[Note]:
    return [Note(n=n, said="grüß\\ngott") for n in range(req.count)]

@node
def words(req: In) -> list[str]:
    return [req.text or ""]

@node
def missing(req: In) -> str:
    return "no such thing"

flow = Flow("stream", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In DEADLINE))
gate = If(is_there)
flow.connect(hook, gate)
flow.connect(gate.true, notes)
flow.connect(notes, flow.respond(body="events", name="stream"))
flow.connect(gate.false, missing)
flow.connect(missing, flow.respond(status=404, name="gone"))
texts = flow.trigger(http.get("/words", accepts=In))
flow.connect(texts, words)
flow.connect(words, flow.respond(body="events", name="told"))
""".replace(" DEADLINE", "")
HURRIED = STREAM.replace("accepts=In)", "accepts=In, deadline=ms(150))", 1)


def test_each_item_is_one_event_and_nothing_else_is_sent(tmp_path):
    [answer] = ask(tmp_path, STREAM, {"method": "GET", "target": "/notes?count=2"})
    event = 'data: {"n":%d,"what-is-said":"grüß\\ngott"}\n\n'
    assert answer.status == 200
    assert answer.body.decode() == event % 0 + event % 1
    assert answer.headers == {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }


def test_text_is_sent_as_it_is_line_by_line(tmp_path):
    answers = ask(
        tmp_path,
        STREAM,
        {"method": "GET", "target": "/words?text=a%0Ab%0D%0Ac%0Dd%E2%80%A8e"},
        {"method": "GET", "target": "/words?text=x%0A%0Adata:%20y"},
        {"method": "GET", "target": "/words"},
    )
    assert [answer.body.decode() for answer in answers] == [
        "data: a\ndata: b\ndata: c\ndata: d\u2028e\n\n",
        "data: x\ndata: \ndata: data: y\n\n",
        "data: \n\n",
    ]


def test_an_empty_list_head_and_another_case(tmp_path):
    empty, head, other = ask(
        tmp_path,
        STREAM,
        {"method": "GET", "target": "/notes?count=0"},
        {"method": "HEAD", "target": "/notes"},
        {"method": "GET", "target": "/notes?count=-1"},
    )
    assert (empty.status, empty.body) == (200, b"")
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", "text/event-stream")
    assert (other.status, json.loads(other.body)) == (404, "no such thing")


@running
async def test_a_client_that_goes_away_ends_the_stream(tmp_path):
    app = WebApp([runtime_of(tmp_path, STREAM)])
    socket = Socket()
    work = asyncio.create_task(socket.request(app, "/notes?count=100000"))
    await until(lambda: len(socket.sent) > 3)
    assert 'flows_in_flight{flow="stream"} 1.0' in await socket.metrics(app)
    socket.gone.set()
    await work
    assert 3 < len(socket.sent) < 100_000
    assert socket.sent[-1].get("more_body") is True
    shown = await socket.metrics(app)
    assert 'flows_requests_total{flow="stream",method="GET",route="/notes",status="499"} 1.0' in shown
    assert 'flows_in_flight{flow="stream"} 0.0' in shown


@running
async def test_the_deadline_cuts_a_stream_off_that_is_not_taken(tmp_path):
    app = WebApp([runtime_of(tmp_path, HURRIED)])
    socket = Socket(takes=3)
    await socket.request(app, "/notes?count=5")
    assert [message.get("more_body") for message in socket.sent] == [None, True, True]
    assert 'route="/notes",status="504"} 1.0' in await socket.metrics(app)


def test_events_over_a_socket(tmp_path):
    write_flow(tmp_path, STREAM)
    command = [
        sys.executable,
        "-m",
        "flowlattice",
        "serve",
        str(tmp_path / "flow.py"),
        "--no-check",
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(
        [*command, "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        client = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        client.request("GET", "/notes?count=20000")
        answer = client.getresponse()
        body = answer.read()
        assert answer.getheader("transfer-encoding") == "chunked"
        assert body.count(b"\n\n") == 20_000
        client.request("GET", "/notes?count=1")  # on the same connection: the stream was ended well
        assert client.getresponse().read().count(b"data: ") == 1
        client.close()
        server.stdin.close()
    assert server.returncode == 0


def test_the_ir_says_that_the_answer_streams(tmp_path):
    ir = lower(flow_of(tmp_path, STREAM).program)
    assert {node.name for node in ir.nodes if node.stream} == {"stream", "told"}
    assert check(ir) == ()


@pytest.mark.parametrize("returns", ["str", "Note", "dict[str, Note]"])
def test_events_are_made_from_a_list(tmp_path, returns):
    [problem] = check(lower(flow_of(tmp_path, STREAM.replace("-> list[Note]", f"-> {returns}")).program))
    assert (problem.code, problem.message) == (
        "DAG201",
        f"notes gives {returns}, but stream answers events, which is made from a list",
    )
