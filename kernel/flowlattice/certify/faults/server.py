"""The server: real connections on the loopback, each of one case, whose script says what becomes of each request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Final, Self

from flowlattice.certify.faults.kinds import Fault
from flowlattice.certify.faults.script import Call, Script

NUMBER: Final = "X-Request-Number"
"""The header by which an answer says which request of its case it answers, from 1 on."""

_PATIENCE_S: Final = 5.0


class FaultServer:
    """`with FaultServer(scripts) as server: sandbox.run(..., door=server.open)`.

    Args:
        scripts: What is answered, by the name of the case that a connection is asked for.
    """

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self._scripts = scripts
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="faults", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def open(self, wish: str) -> socket.socket | None:
        """A connection for a case to a host, asked for as `CASE HOST:PORT`; `CASE heal` ends its fault."""
        case, _, place = wish.partition(" ")
        script = self._scripts.get(case)
        if script is None:
            return None
        if place == "heal":
            script.healed = True
            return None
        if not script.admits(place):
            return None
        connection = socket.create_connection(self._server.place, timeout=_PATIENCE_S)
        self._server.expect(connection.getsockname()[1], script)
        return connection


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseRequestHandler]) -> None:
        super().__init__(address, handler)
        self._expected: dict[int, Script] = {}
        self._known = threading.Condition()
        self.place: tuple[str, int] = self.socket.getsockname()

    def expect(self, port: int, script: Script) -> None:
        with self._known:
            self._expected[port] = script
            self._known.notify_all()

    def script_of(self, port: int) -> Script | None:
        with self._known:
            self._known.wait_for(lambda: port in self._expected, timeout=_PATIENCE_S)
            return self._expected.pop(port, None)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked may be gone at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.script = self.server.script_of(self.client_address[1]) or Script()

    def _serve(self) -> None:
        host = self.headers.get("host", "").lower().partition(":")[0]
        key = self.headers.get("idempotency-key")
        call = Call(self.command, host, self.path)
        if self.script.drops_unread(call):
            self.script.take(call, key)
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        call = replace(call, body=sha256(body).hexdigest() if body else "")
        self._do(call, self.script.take(call, key))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the standard library's names

    def _do(self, call: Call, fault: Fault) -> None:
        status, headers, body = self.script.answer(call, fault)
        match fault.way:
            case "silent":
                self.rfile.read(1)  # until who asked gives up
                self.close_connection = True
            case "dropped_early" | "dropped_late":
                self.close_connection = True
            case "truncated":
                self._write(status, headers, body or b"{}", len(body) + 64)
            case _:
                self._write(status, headers, body, len(body))

    def _write(self, status: int, headers: Mapping[str, str], body: bytes, length: int) -> None:
        self.send_response(status)
        number = str(len(self.script.asked))
        for name, value in {**headers, NUMBER: number, "Content-Length": str(length), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing: what was asked for is noted."""
