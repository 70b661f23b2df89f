"""Network: real listeners wait in this process, and nothing reaches them."""

import socket
from contextlib import ExitStack

import pytest

from flowlattice.sandbox import SandboxTaskError


class Listeners:
    """A socket of each kind, and whether anything came in."""

    def __init__(self, folder, stack):
        def listen(family, kind, address):
            opened = stack.enter_context(socket.socket(family, kind))
            opened.bind(address)
            if kind != socket.SOCK_DGRAM:
                opened.listen()
            opened.setblocking(False)
            return opened

        self.tcp = listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.udp = listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.path = str(folder / "daemon.sock")
        self.unix = listen(socket.AF_UNIX, socket.SOCK_STREAM, self.path)
        self.datagram_path = str(folder / "log.sock")
        self.datagram = listen(socket.AF_UNIX, socket.SOCK_DGRAM, self.datagram_path)
        self.abstract_name = f"flowlattice-test-{id(self)}"
        self.abstract = listen(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.abstract_name}")

    def addresses(self):
        return [
            self.tcp.getsockname()[1],
            self.udp.getsockname()[1],
            self.path,
            self.datagram_path,
            self.abstract_name,
        ]

    def assert_silent(self):
        for stream in (self.tcp, self.unix, self.abstract):
            with pytest.raises(BlockingIOError):
                stream.accept()
        for datagram in (self.udp, self.datagram):
            with pytest.raises(BlockingIOError):
                datagram.recv(1)


@pytest.fixture
def listeners(tmp_path):
    with ExitStack() as stack:
        yield Listeners(tmp_path, stack)


ATTEMPTS = {
    "tcp": "socket.create_connection(('127.0.0.1', TCP))",
    "tcp by name": "socket.create_connection(('localhost', TCP))",
    "udp": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', UDP))",
    "raw": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "ipv6": "socket.socket(socket.AF_INET6)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "unix path": "socket.socket(socket.AF_UNIX).connect(PATH)",
    "unix datagram": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', LOG)",
    "abstract": "socket.socket(socket.AF_UNIX).connect(chr(0) + ABSTRACT)",
    "listen": "socket.create_server(('127.0.0.1', 0))",
    "datagram pair": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', LOG)",
    "packet pair": "socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)",
    "pair, addressed": "socket.socketpair()[0].sendto(b'x', LOG)",
    "pair, message": "socket.socketpair()[0].sendmsg([b'x'], [], 0, LOG)",
    "pair, connect": "socket.socketpair()[0].connect(PATH)",
    "pair, bind": "socket.socketpair()[0].bind('mine.sock')",
    "http": "import urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{TCP}/', timeout=5)",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', TCP))",
    "names": "socket.getaddrinfo('example.com', 80)",
    "name of a host": "socket.gethostbyname('example.com')",
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_nothing_goes_out(attack, listeners, tmp_path, attempt):
    source = f"import socket\nTCP, UDP, PATH, LOG, ABSTRACT = arguments\n{attempt}"

    with pytest.raises(SandboxTaskError) as error:
        attack(source, *listeners.addresses(), read=[tmp_path])

    assert error.value.type in ("PermissionError", "gaierror", "URLError"), error.value.traceback
    listeners.assert_silent()


def test_calls_from_c_are_denied_as_well(attack, listeners):
    source = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
out = [[getattr(libc, name)(*rest), ctypes.get_errno()]
       for name, *rest in (("socket", 2, 1, 0), ("socket", 1, 1, 0), ("connect", 0, None, 0), ("listen", 0, 1))]
"""

    assert attack(source).value == [[-1, 1]] * 4
    listeners.assert_silent()


@pytest.mark.parametrize("runner", ["asyncio.run", "uvloop.run"])
def test_event_loops_and_threads_work(attack, runner):
    source = f"""
import asyncio, uvloop

async def main():
    await asyncio.sleep(0)
    return await asyncio.to_thread(sum, [1, 2])

out = {runner}(main())
"""

    assert attack(source).value == 3
