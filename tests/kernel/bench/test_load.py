"""What puts servers under load does not wait for them, and counts what came."""

import asyncio
import time
from contextlib import asynccontextmanager

import uvloop

from flowlattice.bench.listeners import Listener, ask, hold, listen, request_of
from flowlattice.bench.load import BODY, REQUEST, due_times, generate
from flowlattice.bench.workers import number, numbers
from tests.support.flows import running

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
EVENT = b"id: 1\ndata: {}\n\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


@asynccontextmanager
async def serving(handle):
    """A server on a port of its own; a connection ends when its handler does."""

    async def connected(reader, writer):
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@running
async def test_requests_are_sent_though_none_was_answered():
    come, all_here = 0, asyncio.Event()

    async def handle(reader, writer):
        nonlocal come
        while await reader.read(len(REQUEST)):
            come += 1
            if come == 20:
                all_here.set()
            await all_here.wait()  # whoever waits for an answer before it asks again waits for ever
            writer.write(OK)

    async with serving(handle) as port:
        found = await generate(port, 400, 0.05)
    assert REQUEST.endswith(BODY)
    assert (found["answered"], found["fine"], found["unanswered"]) == (20, 20, 0)
    assert len(numbers(found, "times")) == 20


def test_nothing_is_sent_before_it_is_due():
    async def early():
        return [when async for when in due_times(1700, 0.1) if time.perf_counter() < when]

    assert uvloop.run(early()) == []


@running
async def test_what_is_lost_is_counted_as_unanswered():
    async def handle(reader, writer):
        await reader.read(len(REQUEST))

    async with serving(handle) as port:
        found = await generate(port, 400, 0.025)
    assert number(found, "answered") + number(found, "unanswered") == 10
    assert number(found, "unanswered") > 0


def test_an_event_that_comes_in_two_parts_is_one():
    listener = Listener(b"")
    for part in (HEAD + EVENT + b"id: 2\nda", b"ta: {}\n\nid: 3\nd", b"ata", b": {}\n\n"):
        listener.data_received(part)
    assert (listener.status, len(listener.came)) == (200, 3)


@running
async def test_listeners_hear_all_streams():
    heard = asyncio.Event()

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + EVENT)
        await heard.wait()
        for _ in range(3):
            writer.write(EVENT)

    async with serving(handle) as port:
        listeners = await hold(port, request_of("GET", "/ticks"), 3, 1.0)
        assert [len(one.came) for one in listeners] == [1, 1, 1]
        heard.set()
        for one in listeners:
            await one.over.wait()
        assert [len(one.came) for one in listeners] == [4, 4, 4]
        found = await listen(listeners, 10.0, 0.01)
    assert found["came"] == 0, "what came before does not count"
    assert number(found, "due") > 0


@running
async def test_calls_are_heard_to_their_ends_and_failures_are_no_answers():
    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + 2 * EVENT if b"/fine" in head else b"HTTP/1.1 500 No\r\n\r\n")

    async with serving(handle) as port:
        requests = [request_of("POST", "/fine", b"{}"), request_of("POST", "/fails"), request_of("POST", "/fine")]
        found = await ask(port, requests, 500)
    assert (found["answered"], found["events"], len(numbers(found, "times"))) == (2, 4, 2)
