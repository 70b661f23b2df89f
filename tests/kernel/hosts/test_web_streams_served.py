"""Streams of a real process over real sockets: clients that leave, clients that do not read, the end of the server."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from flowlattice.hosts.process import ServedFlow
from tests.support.flows import write_flow
from tests.support.waiting import eventually

PATIENCE_S = 20.0
BLOCK = 65_536

FLOW = """
import gc
import inspect
from collections.abc import AsyncIterator

class In(Record, data="public"):
    count: int = 3
    after: Annotated[int | None, field(header="Last-Event-ID")] = None

class Tick(Record, data="public"):
    n: int

class Counts(Record, data="public"):
    tasks: int
    generators: int
    made: int

MADE = []
GO = asyncio.Event()

@node
async def ticks(req: In) -> AsyncIterator[Tick]:
    for n in range(0 if req.after is None else req.after + 1, req.count):
        yield Tick(n=n)

@node
async def waits(req: In) -> AsyncIterator[Tick]:
    try:
        yield Tick(n=0)
        await GO.wait()
        yield Tick(n=1)
    finally:
        print("closed", file=__import__("sys").stderr, flush=True)

@node
async def blocks(req: In) -> AsyncIterator[str]:
    for n in range(req.count):
        MADE.append(n)
        yield "x" * 65_536

@node
async def counted(req: In) -> Counts:
    gc.collect()
    return Counts(
        tasks=len(asyncio.all_tasks()),
        generators=sum(inspect.isasyncgen(thing) for thing in gc.get_objects()),
        made=len(MADE),
    )

@node
async def go(req: In) -> str:
    GO.set()
    return "gone"

flow = Flow("served", version="1.0.0")
flow.connect(flow.trigger(http.get("/ticks", accepts=In)), ticks)
flow.connect(ticks, flow.respond(body="events", stream=True, event_id="n"))
flow.connect(flow.trigger(http.get("/waits", accepts=In)), waits)
flow.connect(waits, flow.respond(body="events", stream=True))
flow.connect(flow.trigger(http.get("/blocks", accepts=In)), blocks)
flow.connect(blocks, flow.respond(body="text", stream=True))
flow.connect(flow.trigger(http.get("/counts", accepts=In)), counted)
flow.connect(counted, flow.respond())
flow.connect(flow.trigger(http.get("/go", accepts=In)), go)
flow.connect(go, flow.respond(body="text"))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with ServedFlow(write_flow(tmp_path_factory.mktemp("served"), FLOW)) as flow:
        yield flow


def counts(served: ServedFlow) -> dict[str, int]:
    """Tasks, generators that are alive, and blocks made."""
    return json.loads(served.request("GET", "/counts")[1])


@contextmanager
def opened(port: int, path: str, *headers: str) -> Iterator[socket.socket]:
    """A connection that asked for a stream."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)) as connection:
        connection.sendall("\r\n".join([f"GET {path} HTTP/1.1", "host: localhost", *headers, "", ""]).encode())
        yield connection


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    """What comes until a mark."""
    data = b""
    while mark not in data:
        part = connection.recv(65_536)
        assert part, f"closed after {data[-200:]!r}"
        data += part
    return data


def port_of(served: ServedFlow) -> int:
    return int(served.url.rpartition(":")[2])


@pytest.mark.parametrize("path", ["/waits", "/ticks?count=1000000"])
def test_hundreds_of_clients_that_come_and_leave_leave_nothing_behind(served, path):
    base = counts(served)
    for _ in range(15):
        streams = [opened(port_of(served), path) for _ in range(10)]
        for stream in streams:
            connection = stream.__enter__()
            read_until(connection, b"data: ")
        for stream in streams:
            stream.__exit__(None, None, None)
    eventually(lambda: counts(served) == base, f"{counts(served)} is not {base}")
    shown = served.request("GET", "/metrics")[1]
    assert 'flows_streams{flow="served"} 0.0' in shown


def test_a_client_that_does_not_read_stops_the_node(served):
    with opened(port_of(served), "/blocks?count=100000") as connection:
        read_until(connection, b"xxxx")
        seen: list[int] = []

        def stands_still() -> bool:
            seen.append(counts(served)["made"])
            return len(seen) > 3 and len(set(seen[-4:])) == 1

        eventually(stands_still, "the node goes on", pause=0.01)
        assert seen[-1] * BLOCK < 100_000_000, "what is on its way is bounded"
        read_until(connection, b"xxxx")
        for _ in range(200):
            connection.recv(BLOCK)
        eventually(lambda: counts(served)["made"] > seen[-1], "the node does not go on when the client reads")
    eventually(lambda: 'flows_streams{flow="served"} 0.0' in served.request("GET", "/metrics")[1], "the stream stays")


def test_a_reader_that_comes_back_says_what_it_has(served):
    _, _, text = served.exchange("GET", "/ticks?count=3", headers={"Last-Event-ID": "0"})
    assert text == 'id: 1\ndata: {"n":1}\n\nid: 2\ndata: {"n":2}\n\n'


def test_a_connection_is_used_again_after_a_stream(served):
    with opened(port_of(served), "/ticks?count=2") as connection:
        assert read_until(connection, b"0\r\n\r\n").count(b"data: ") == 2
        connection.sendall(b"HEAD /ticks HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"text/event-stream" in read_until(connection, b"\r\n\r\n")
        connection.sendall(b"GET /ticks?count=1 HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert read_until(connection, b"0\r\n\r\n").count(b"data: ") == 1


def test_a_client_of_http_1_0_gets_no_chunks_and_a_connection_that_closes(served):
    with closing(socket.create_connection(("127.0.0.1", port_of(served)), timeout=PATIENCE_S)) as connection:
        connection.sendall(b"GET /ticks?count=2 HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        head, _, body = b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == b'id: 0\ndata: {"n":0}\n\nid: 1\ndata: {"n":1}\n\n'


@pytest.mark.parametrize("again", [False, True])
def test_a_stream_is_given_the_time_to_drain_and_then_cut(tmp_path, again):
    command = [
        sys.executable,
        "-m",
        "flowlattice",
        "serve",
        str(write_flow(tmp_path, FLOW)),
        "--no-check",
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
            with opened(port, "/waits") as stream, opened(port, "/counts") as other:
                read_until(stream, b"data: ")
                read_until(other, b"made")
                process.send_signal(signal.SIGTERM)
                eventually(lambda: refuses(port), "it goes on accepting connections")
                assert process.poll() is None, "it waits for the stream"
                if again:
                    process.send_signal(signal.SIGTERM)
                else:
                    stream.close()
            assert process.wait(PATIENCE_S) == 0
            assert process.stderr is not None
            said = process.stderr.read()
            assert "closed" in said, "the node was ended"
            assert "Traceback" not in said
        finally:
            process.kill()


def refuses(port: int) -> bool:
    """Whether nothing listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
