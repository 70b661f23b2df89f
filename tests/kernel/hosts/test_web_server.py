"""`flows serve` as a real process on a free port: sockets, signals, clients that leave, load."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from uvicorn.server import ServerState

from flowlattice.errors import EngineUnavailable
from flowlattice.hosts.process import ServedFlow
from flowlattice.hosts.web import WebApp, protocol
from flowlattice.hosts.web.server import settings
from tests.support.flows import ECHO, write_flow

PATIENCE_S = 20.0

WAITING = """
from pathlib import Path
from typing import Any

class In(Record, data="public"):
    file: str
    v: str = ""

@node
async def wait(req: In, ctx: Context) -> In:
    Path(req.file).write_text("started")
    try:
        await asyncio.sleep(30)
    finally:
        Path(req.file).write_text(f"cancelled {ctx.is_cancelled()}")
    return req

@node
def spin(req: In, ctx: Context) -> In:
    Path(req.file).write_text("started")
    while not ctx.is_cancelled():
        pass
    Path(req.file).write_text("cancelled True")
    return req

@node
async def pause(req: In) -> In:
    Path(req.file).write_text("started")
    while not Path(req.file + ".go").exists():
        await asyncio.sleep(0.01)
    return req

flow = Flow("waiting", version="1.0.0")
done = flow.respond()
flow.connect(flow.trigger(http.post("/hurried", accepts=In, deadline=ms(100))), done)
for path, step in [("/task", wait), ("/thread", spin), ("/pause", pause)]:
    flow.connect(flow.trigger(http.post(path, accepts=In)), step)
    flow.connect(step, done)
"""


def eventually(condition, what: str) -> None:
    """Wait until something holds, and fail if it does not in time."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.005)


@contextmanager
def connected(served: ServedFlow) -> Iterator[socket.socket]:
    """A raw connection."""
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        yield connection


def request_bytes(path: str, body: bytes, *headers: str) -> bytes:
    """A POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer, by its content length."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        assert part, f"the connection was closed after {data!r}"
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return int(status.split()[1]), headers, body


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    with ServedFlow(write_flow(tmp_path_factory.mktemp("echo"), ECHO)) as served:
        yield served


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    with ServedFlow(write_flow(tmp_path_factory.mktemp("waiting"), WAITING)) as served:
        yield served


def test_it_answers(echo):
    assert echo.request("POST", "/echo", body='{"v": "  HeLLo "}', content_type="application/json") == (
        200,
        '{"v":"hello"}',
    )
    assert echo.request("GET", "/readyz") == (200, '{"status":"ready"}')


def test_it_does_not_name_its_server(echo):
    with connected(echo) as connection:
        connection.sendall(request_bytes("/echo", b'{"v":"a"}'))
        status, headers, _ = read_answer(connection)
    assert status == 200
    assert "server" not in headers
    assert "date" in headers


def test_a_connection_is_kept_and_requests_may_be_sent_ahead(echo):
    with connected(echo) as connection:
        connection.sendall(request_bytes("/echo", b'{"v":"A"}') + request_bytes("/echo", b'{"v":"B"}'))
        first, second = read_answers(connection, 2)
        assert (first, second) == (b'{"v":"a"}', b'{"v":"b"}')
        connection.sendall(request_bytes("/echo", b'{"v":"C"}'))
        assert read_answer(connection)[2] == b'{"v":"c"}'


def read_answers(connection: socket.socket, count: int) -> list[bytes]:
    """Bodies of answers that may arrive together."""
    data = b""
    bodies: list[bytes] = []
    while len(bodies) < count:
        head, found, rest = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0) if found else 0
        if found and len(rest) >= length:
            bodies.append(rest[:length])
            data = rest[length:]
        else:
            part = connection.recv(65536)
            assert part, "the connection was closed"
            data += part
    return bodies


def test_a_body_may_come_in_pieces_and_in_chunks(echo):
    with connected(echo) as connection:
        whole = request_bytes("/echo", b'{"v":"Pieces"}')
        connection.sendall(whole[:-5])
        connection.sendall(whole[-5:])
        assert read_answer(connection)[2] == b'{"v":"pieces"}'
        connection.sendall(b"POST /echo HTTP/1.1\r\nhost: l\r\ntransfer-encoding: chunked\r\n\r\n")
        connection.sendall(b'6\r\n{"v":"\r\n')
        connection.sendall(b'8\r\nChunks"}\r\n0\r\n\r\n')
        assert read_answer(connection)[2] == b'{"v":"chunks"}'


def test_a_body_that_says_it_is_too_long_is_413_before_it_is_sent(echo):
    with connected(echo) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nhost: l\r\ncontent-length: 9000000\r\nexpect: 100-continue\r\n\r\n")
        status, headers, body = read_answer(connection)
    assert status == 413
    assert headers["connection"] == "close"
    assert json.loads(body) == {"error": "content_too_large", "max_bytes": 1_048_576}


def test_a_chunked_body_that_grows_too_long_is_413_and_no_longer_read(echo):
    with connected(echo) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nhost: l\r\ntransfer-encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        sent = 0
        try:
            for _ in range(2000):
                connection.sendall(chunk)
                sent += 0x10000
        except OSError:  # closed by the other side
            pass
        status, _, _ = read_answer(connection)
    assert status == 413
    assert sent < 100_000_000, "the other side stopped reading"


def test_a_client_that_waits_for_100_continue_gets_it(echo):
    body = b'{"v":"X"}'
    with connected(echo) as connection:
        connection.sendall(request_bytes("/echo", body, "expect: 100-continue")[: -len(body)])
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert read_answer(connection)[2] == b'{"v":"x"}'


def test_a_body_that_takes_longer_than_the_deadline_is_408(waiting):
    with connected(waiting) as connection:
        connection.sendall(b"POST /hurried HTTP/1.1\r\nhost: l\r\ncontent-length: 100\r\n\r\n{")
        status, headers, body = read_answer(connection)
        assert (status, headers["connection"], json.loads(body)) == (408, "close", {"error": "request_timeout"})
        assert connection.recv(10) == b"", "the connection is closed"


def test_a_client_that_leaves_while_it_sends_its_body_leaves_nothing_behind(waiting):
    with connected(waiting) as connection:
        connection.sendall(b"POST /pause HTTP/1.1\r\nhost: l\r\ncontent-length: 100\r\n\r\n{")
    eventually(
        lambda: 'route="/pause",status="499"} 1.0' in waiting.request("GET", "/metrics")[1],
        "the host still waits for it",
    )


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X: %b\r\n\r\n" % (b"a" * 70_000), b"431"),
        (b"".join(b"X%d: %b\r\n" % (number, b"a" * 1000) for number in range(70)) + b"\r\n", b"431"),
        (b"X: %b" % (b"a" * 600_000), b"431"),
        (b"X: %b\r\n\r\n" % (b"a" * 60_000), b"200"),
    ],
)
def test_a_head_is_bounded(echo, head, status):
    with connected(echo) as connection:
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n" + head)
            answer = connection.recv(1024)
        except ConnectionError:  # closed while more was on its way
            answer = b"HTTP/1.1 431"
        assert answer[:12] == b"HTTP/1.1 " + status
    assert echo.request("GET", "/healthz")[0] == 200


def test_a_server_is_asked_for_its_options(echo):
    with connected(echo) as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.recv(1024)[:12] == b"HTTP/1.1 204"


@pytest.mark.parametrize("hosts", [b"", b"host: a\r\nhost: b\r\n"])
def test_a_request_names_one_host(echo, hosts):
    with connected(echo) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")
        assert connection.recv(1024)[:12] == b"HTTP/1.1 400"


@pytest.mark.parametrize(("sent", "answer"), [(b"", b""), (b"GET /healthz HTTP/1.1\r\nhost: a\r\n", b"HTTP/1.1 408")])
def test_a_head_that_does_not_end_is_given_up(monkeypatch, sent, answer):
    monkeypatch.setattr(protocol, "SLOWEST_HEAD_S", 0.02)

    async def head() -> bytes:
        config = settings(WebApp())
        config.load()
        loop = asyncio.get_running_loop()
        state = ServerState()
        server = await loop.create_server(lambda: protocol.Http1(config, state, {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(sent)
            found = await reader.read()
            writer.close()
            return found[:12]

    assert asyncio.run(head()) == answer


@pytest.mark.parametrize(
    "rubbish", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"POST /echo HTTP/1.1\r\ncontent-length: x\r\n\r\n"]
)
def test_what_is_no_http_is_refused_and_nothing_else_suffers(echo, rubbish):
    with connected(echo) as connection:
        connection.sendall(rubbish)
        assert connection.recv(1024)[:12] in {b"HTTP/1.1 400", b""}
    assert echo.request("GET", "/healthz")[0] == 200


@pytest.mark.parametrize("path", ["/task", "/thread"])
def test_a_client_that_closes_its_connection_cancels_the_run(waiting, tmp_path, path):
    file = tmp_path / "seen"
    with connected(waiting) as connection:
        connection.sendall(request_bytes(path, json.dumps({"file": str(file)}).encode()))
        eventually(lambda: file.exists() and file.read_text() == "started", "the node never started")
    eventually(lambda: file.read_text() == "cancelled True", "the node never saw that the client left")
    eventually(lambda: 'flows_in_flight{flow="waiting"} 0.0' in waiting.request("GET", "/metrics")[1], "still inside")


def test_many_clients_at_once_all_get_their_own_answer(echo):
    def one(number: int) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", int(echo.url.rpartition(":")[2]), timeout=PATIENCE_S)
        try:
            connection.request("POST", "/echo", body=json.dumps({"v": f" N{number} "}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())["v"]
        finally:
            connection.close()

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(one, range(300)))
    assert answers == [(200, f"n{number}") for number in range(300)]


@contextmanager
def flows(*arguments: str) -> Iterator[Any]:
    """`flows` as a process."""
    command = [sys.executable, "-m", "flowlattice", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_with_0(tmp_path, number):
    file = tmp_path / "seen"
    with flows("serve", str(write_flow(tmp_path / "flow", WAITING)), "--no-check", "--port", "0", "--json") as process:
        port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
            connection.sendall(request_bytes("/pause", json.dumps({"file": str(file), "v": "x"}).encode()))
            eventually(file.exists, "the node never started")
            process.send_signal(number)
            eventually(lambda: refuses(port), "it goes on accepting connections")
            assert process.poll() is None, "it waits for what is under way"
            (tmp_path / "seen.go").touch()
            status, _, body = read_answer(connection)
        assert (status, json.loads(body)["v"]) == (200, "x")
        assert process.wait(PATIENCE_S) == 0
        assert "Traceback" not in process.stderr.read()


def refuses(port: int) -> bool:
    """Whether nothing listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_url_is_printed_when_it_is_ready(tmp_path):
    with flows("serve", str(write_flow(tmp_path, ECHO)), "--no-check", "--port", "0") as process:
        line = process.stdout.readline()
        assert line.startswith("serving at http://127.0.0.1:")
        connection = HTTPConnection(line.split("http://")[1].strip(), timeout=PATIENCE_S)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_a_port_that_is_taken_is_one_clear_line(tmp_path, echo):
    port = echo.url.rpartition(":")[2]
    with flows("serve", str(write_flow(tmp_path, ECHO)), "--no-check", "--port", port) as process:
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ValueError('no')", "ValueError while it was loaded"),
        ("x = (", "SyntaxError while it was loaded"),
        (ECHO.replace("/echo", "/metrics"), "/metrics is the host's own page"),
        ("x = 1", "defines 0 flows"),
    ],
)
def test_a_flow_that_cannot_be_served_is_one_clear_line(tmp_path, source, said):
    with pytest.raises(EngineUnavailable, match=said), ServedFlow(write_flow(tmp_path, source)):
        pass


def test_a_served_flow_that_is_not_ready_in_time_is_stopped(tmp_path):
    source = "import time\ntime.sleep(60)\n" + ECHO
    with (
        pytest.raises(EngineUnavailable, match="not ready within"),
        ServedFlow(write_flow(tmp_path, source), ready_s=0.5),
    ):
        pass


def test_a_served_flow_is_gone_after_its_block(tmp_path):
    with ServedFlow(write_flow(tmp_path, ECHO)) as served:
        port = int(served.url.rpartition(":")[2])
        assert not refuses(port)
    assert refuses(port)
    with pytest.raises(EngineUnavailable, match="no answer from"):
        served.request("GET", "/healthz")


def test_the_process_holds_no_threads_or_files_of_requests_that_are_over(waiting, tmp_path):
    """A hundred clients that leave: nothing of theirs stays."""
    file = tmp_path / "seen"
    body = json.dumps({"file": str(file)}).encode()
    pid = waiting._process.pid

    def held() -> list[int]:
        folders = [Path(f"/proc/{pid}/{name}") for name in ("task", "fd")]
        return [len(list(folder.iterdir())) for folder in folders if folder.is_dir()]

    before = held()

    def leave(_: int) -> None:
        with connected(waiting) as connection:
            connection.sendall(request_bytes("/task", body))

    threads = [threading.Thread(target=leave, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: 'flows_in_flight{flow="waiting"} 0.0' in waiting.request("GET", "/metrics")[1], "still inside")
    eventually(lambda: all(now <= then for now, then in zip(held(), before, strict=True)), f"more than {before}")
