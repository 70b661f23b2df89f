"""A door: what the parent connects is handed in, and nothing else is reached."""

import socket
from contextlib import ExitStack

import pytest

from flowlattice.sandbox import SandboxLimitExceeded, SandboxTaskError
from flowlattice.sandbox.limits import Limits


class Service:
    """A listener on the loopback that the parent connects wishes to; it notes them."""

    def __init__(self, stack):
        self.listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.wishes = []
        self.refused: frozenset[str] = frozenset()

    def open(self, wish):
        self.wishes.append(wish)
        if wish in self.refused:
            return None
        connected = socket.create_connection(self.listener.getsockname())
        theirs, _ = self.listener.accept()
        with theirs:
            theirs.sendall(f"welcome to {wish}".encode())
        return connected


@pytest.fixture
def service():
    with ExitStack() as stack:
        yield Service(stack)


ASK = "from flowlattice.sandbox import Door\ndoor = Door()\n"


def test_connections_come_in_by_the_door(attack, service):
    source = f"{ASK}out = [door.open(wish).makefile('rb').read().decode() for wish in arguments]"

    result = attack(source, "one:80", "two:443", door=service.open)

    assert result.value == ["welcome to one:80", "welcome to two:443"]
    assert service.wishes == ["one:80", "two:443"]


def test_a_wish_may_be_refused(attack, service):
    service.refused = frozenset({"one:80"})
    source = f"{ASK}\ntry:\n    door.open('one:80')\nexcept ConnectionRefusedError as error:\n    out = str(error)"

    assert attack(source, door=service.open).value == "no connection to one:80"


def test_an_event_loop_reads_and_writes_what_came_in(attack, service):
    source = f"""
import asyncio
{ASK}

async def main():
    given = door.open("one:80")
    given.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(given, b"hello")
    return (await loop.sock_recv(given, 100)).decode()

out = asyncio.run(main())
"""

    assert attack(source, door=service.open).value == "welcome to one:80"


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', PORT))",
        "given.connect(('127.0.0.1', PORT))",
        "given.sendto(b'x', ('127.0.0.1', PORT))",
        "socket.send_fds(given, [b'x'], [0])",
        "socket.send_fds(socket.socket(fileno=3), [b'one:80\\n'], [0])",
        "socket.socket()",
        "given.listen()",
    ],
)
def test_with_a_door_nothing_else_goes_out(attack, service, attempt):
    port = service.listener.getsockname()[1]
    source = f"import socket\n{ASK}PORT, = arguments\ngiven = door.open('one:80')\n{attempt}"

    with pytest.raises(SandboxTaskError) as error:
        attack(source, port, door=service.open)

    assert error.value.type == "PermissionError", error.value.traceback
    service.listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        service.listener.accept()


def test_without_a_door_there_is_none(attack):
    source = "import os, socket\nsocket.socketpair()[0].recvmsg(1)"

    with pytest.raises(SandboxTaskError) as error:
        attack(source)

    assert error.value.type == "PermissionError"
    with pytest.raises(SandboxTaskError):
        attack(f"{ASK}door.open('one:80')")


def test_wishes_count_as_what_is_said(attack, service):
    source = f"{ASK}\nwhile True:\n    door.open('x' * 1000)"

    with pytest.raises(SandboxLimitExceeded) as error:
        attack(source, door=service.open, limits=Limits(output_bytes=10_000))

    assert error.value.limit == "output"


def test_a_wish_without_an_end_shuts_the_door(attack, service):
    source = """
import socket
door = socket.socket(fileno=3)
try:
    door.sendall(b"x" * 5000)
    out = len(door.recv(1))
except OSError:
    out = 0
"""

    assert attack(source, door=service.open).value == 0
    assert service.wishes == []
