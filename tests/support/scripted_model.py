"""An endpoint over real HTTP that answers by a script: one behaviour for each request, in order.

    with scripted_model([status(429, retry_after=1), reply_text('{"a": 1}')]) as server:
        ...  # OPENAI_BASE_URL=server.url; afterwards server.requests holds the bodies, in order

A request beyond the script is answered with 418, which nobody retries, and `server.surplus` counts it. A behaviour is
any function of an `Exchange`, so a test may add its own. `answering(function)` scripts by content instead of by order:
the function gets the request's body and returns the answer's text.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass
class Exchange:
    """One request that is being answered."""

    body: Body
    handler: BaseHTTPRequestHandler
    closing: threading.Event

    def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """Send the head of a response that ends when the connection does."""
        self.handler.send_response(status)
        self.handler.send_header("content-type", kind)
        self.handler.send_header("connection", "close")
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.close_connection = True

    def send(self, data: str | bytes) -> None:
        """Send raw bytes of the response."""
        self.handler.wfile.write(data.encode() if isinstance(data, str) else data)

    def chunk(self, delta: Body | None = None, *, finish: str | None = None, usage: Body | None = None) -> None:
        """Send one chunk; without a delta one that carries only usage."""
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": self.body.get("model")}
        self.send("data: " + json.dumps(head | {"choices": choices} | ({"usage": usage} if usage else {})) + "\n\n")

    def reset(self) -> None:
        """Drop the connection at once (RST), as a network that fails does."""
        connection = self.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        self.handler.close_connection = True


Behaviour = Callable[[Exchange], None]


def reply_text(
    text: str,
    *,
    finish: str | None = "stop",
    usage: tuple[int, int] | None = (100, 20),
    cached: int = 0,
    refusal: str | None = None,
) -> Behaviour:
    """A good stream. `usage` (tokens read, written) is sent if asked for; None for an endpoint that never sends any."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        exchange.chunk({"role": "assistant", "content": ""})
        for start in range(0, len(text), 24):
            exchange.chunk({"content": text[start : start + 24]})
        if refusal is not None:
            exchange.chunk({"refusal": refusal})
        exchange.chunk({}, finish=finish)
        if usage and exchange.body.get("stream_options", {}).get("include_usage"):
            counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
            exchange.chunk(usage=counts | {"prompt_tokens_details": {"cached_tokens": cached}})
        exchange.send("data: [DONE]\n\n")

    return behave


def reply_json(value: object, **options: Any) -> Behaviour:
    """A good stream whose text is JSON."""
    return reply_text(json.dumps(value), **options)


def refuse(why: str) -> Behaviour:
    """The model would not answer."""
    return reply_text("", refusal=why)


def cut_off(text: str) -> Behaviour:
    """The answer ran into its limit."""
    return reply_text(text, finish="length")


def not_streamed(text: str) -> Behaviour:
    """An endpoint that does not stream, whatever it is asked."""

    def behave(exchange: Exchange) -> None:
        exchange.begin(kind="application/json")
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 7, "completion_tokens": 3}
        exchange.send(json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}))

    return behave


def status(
    code: int,
    message: str = "scripted",
    *,
    retry_after: int | str | None = None,
    param: str | None = None,
    error_code: str | None = None,
    **headers: str,
) -> Behaviour:
    """An error of the protocol."""

    def behave(exchange: Exchange) -> None:
        extra = dict(headers) if retry_after is None else {**headers, "retry_after": str(retry_after)}
        exchange.begin(code, "application/json", **extra)
        exchange.send(json.dumps({"error": {"message": message, "param": param, "code": error_code, "type": "x"}}))

    return behave


def rejects(option: str) -> Behaviour:
    """400, because an option is not known."""
    return status(400, f"Unrecognized request argument supplied: {option}", param=option)


def drop_after(characters: int, *, cleanly: bool = False) -> Behaviour:
    """The connection drops after so many characters of an answer; cleanly: it is closed as if all had been said."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        exchange.chunk({"content": "x" * characters})
        if not cleanly:
            exchange.reset()

    return behave


def raw(*pieces: str) -> Behaviour:
    """A response of these pieces, whatever they are."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        for piece in pieces:
            exchange.send(piece)

    return behave


def endless(piece: str | None = None) -> Behaviour:
    """A stream that goes on until the client hangs up: with an answer, or with `piece` over and over."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        while not exchange.closing.is_set():
            if piece is None:
                exchange.chunk({"content": "and so on " * 40})
            else:
                exchange.send(piece)

    return behave


def silence() -> Behaviour:
    """Nothing comes, until the client hangs up or the server closes."""

    def behave(exchange: Exchange) -> None:
        exchange.closing.wait()
        exchange.handler.close_connection = True

    return behave


def answering(function: Callable[[Body], str]) -> Behaviour:
    """An answer made from the request's body."""
    return lambda exchange: reply_text(function(exchange.body))(exchange)


@dataclass
class ScriptedModel:
    """The running server.

    Attributes:
        url: What OPENAI_BASE_URL is to be.
        requests: The bodies, in order.
        headers: The headers of each, names in lower case.
        surplus: How many requests came after the script had ended.
    """

    url: str = ""
    requests: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    surplus: int = 0

    def environment(self, key: str = "a-key-of-tests") -> dict[str, str]:
        """The environment that leads to it."""
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": key}


@contextmanager
def scripted_model(script: Sequence[Behaviour] | Behaviour) -> Iterator[ScriptedModel]:
    """Serve a script on loopback; a single behaviour answers every request."""
    found, lock, closing = ScriptedModel(), threading.Lock(), threading.Event()
    beyond = status(418, "the script has ended")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                number = len(found.requests)
                found.requests.append(body)
                found.headers.append({name.lower(): value for name, value in self.headers.items()})
                if not callable(script) and number >= len(script):
                    found.surplus += 1
            behave = script if callable(script) else script[number] if number < len(script) else beyond
            try:
                behave(Exchange(body, self, closing))
                self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError, ValueError):
                self.close_connection = True  # the client has hung up, or the script dropped it

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield found
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
