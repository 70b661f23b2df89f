"""A collector of traces over OTLP/HTTP, and beside it a shop: both note what they are sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


@dataclass
class Spanned:
    """A span as it was sent."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    has_failed: bool
    attributes: dict[str, str | int]


@dataclass
class Collector:
    """The running server.

    Attributes:
        port: Its port on 127.0.0.1.
        sent: The bodies of all exports.
        services: The names of the services that sent them.
        spans: All spans by name; of those with one name the last.
        told: The `traceparent` of each request to the shop.
    """

    port: int
    sent: list[bytes] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    spans: dict[str, Spanned] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its root."""
        return f"http://127.0.0.1:{self.port}"

    def take(self, body: bytes) -> None:
        """Note an export."""
        self.sent.append(body)
        export = ExportTraceServiceRequest.FromString(body)
        for resource in export.resource_spans:
            self.services |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            for scope in resource.scope_spans:
                self.spans |= {span.name: _spanned(span) for span in scope.spans}


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                found.take(body)
            self._answer(200)

        def do_GET(self) -> None:
            found.told.append(self.headers.get("traceparent", ""))
            self._answer(503 if self.path.startswith("/closed") else 200)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _spanned(span: Span) -> Spanned:
    kinds = {Span.SPAN_KIND_SERVER: "server", Span.SPAN_KIND_CLIENT: "client", Span.SPAN_KIND_INTERNAL: "internal"}
    values = {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
    return Spanned(
        name=span.name,
        kind=kinds[span.kind],
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        has_failed=span.status.code == Status.STATUS_CODE_ERROR,
        attributes=values,
    )
