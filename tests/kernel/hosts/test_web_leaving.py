"""A server that is told to stop: what was asked is answered, and who asks whether it is ready hears that it is not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter

import pytest

from flowlattice.hosts.web import protocol, server
from flowlattice.hosts.web.app import WebApp
from flowlattice.hosts.web.server import Address, Around, Server, address_of, listen, settings

ASK = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


async def ask(where: Address, path: bytes = b"/healthz") -> bytes:
    """The answer on a connection of its own."""
    reader, writer = await asyncio.open_connection(where.host, where.port)
    try:
        writer.write(ASK.replace(b"/healthz", path))
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
    finally:
        writer.close()


def stopped_under(clients):
    """Serve, let clients ask, send SIGTERM once they want it, and wait for all of it."""

    async def run():
        app = WebApp()
        listener = listen(Address("127.0.0.1", 0))
        ready = asyncio.Event()
        serving = Server(settings(app), app, Around(when_ready=ready.set)).serve(sockets=[listener])
        work = asyncio.create_task(serving)
        where = address_of(listener)
        await ready.wait()
        found = await clients(where, lambda: os.kill(os.getpid(), signal.SIGTERM))
        await work
        return found

    with asyncio.Runner(loop_factory=settings(WebApp()).get_loop_factory()) as runner:
        return runner.run(run())


def test_no_request_is_lost_however_many_come(monkeypatch):
    monkeypatch.setattr(server, "LONGEST_LEAVE_S", 0.3)
    found: Counter[str] = Counter()

    async def client(where: Address) -> None:
        while True:
            try:
                answer = await ask(where)
            except ConnectionRefusedError:
                return
            except (OSError, EOFError) as error:
                found[type(error).__name__] += 1
            else:
                found[answer[9:12].decode()] += 1

    async def clients(where: Address, stop) -> None:
        asking = [asyncio.create_task(client(where)) for _ in range(16)]
        await asyncio.sleep(0)
        stop()
        await asyncio.gather(*asking)

    stopped_under(clients)
    assert set(found) == {"200"}


def test_who_asks_whether_it_is_ready_hears_that_it_is_not(monkeypatch):
    monkeypatch.setattr(server, "LONGEST_LEAVE_S", 60.0)
    monkeypatch.setattr(server, "QUIET_S", 0.0)

    async def clients(where: Address, stop) -> list[bytes]:
        heard = [await ask(where, b"/readyz"), await ask(where, b"/readyz")]
        stop()
        while b"\r\nconnection: close\r\n" not in await ask(where):
            pass
        for _ in range(200):  # other requests do not tell it
            await ask(where)
        return [*heard, await ask(where, b"/readyz")]

    *before, after = stopped_under(clients)
    assert [answer[9:12] for answer in before] == [b"200", b"200"]
    assert after[9:12] == b"503"
    assert b"\r\nconnection: close\r\n" in after


@pytest.mark.parametrize("head", [b"", ASK[:9]], ids=["nothing yet", "half a head"])
def test_a_request_that_is_on_its_way_is_answered(monkeypatch, head):
    monkeypatch.setattr(server, "QUIET_S", 0.0)
    monkeypatch.setattr(protocol, "LAST_HEAD_S", 20.0)

    async def clients(where: Address, stop) -> bytes:
        reader, writer = await asyncio.open_connection(where.host, where.port)
        writer.write(head)
        await ask(where)
        stop()
        while True:
            try:
                await ask(where)
            except ConnectionRefusedError:
                break
        writer.write(ASK[len(head) :])
        answer = await reader.read()
        writer.close()
        return answer

    answer = stopped_under(clients)
    assert answer[9:12] == b"200"
    assert b"\r\nconnection: close\r\n" in answer


def test_who_asks_nothing_is_let_go():
    async def clients(where: Address, stop) -> bytes:
        reader, writer = await asyncio.open_connection(where.host, where.port)
        stop()
        answer = await reader.read()
        writer.close()
        return answer

    assert stopped_under(clients) == b""
