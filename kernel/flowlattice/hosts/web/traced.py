"""Routes whose requests are traced, as the semantic conventions for HTTP servers have it.

A span has the route's template and never the path, the query, a header or a body: they hold what clients send.
"""

from __future__ import annotations

from flowlattice.engine import BoundTrigger
from flowlattice.engine.tracing import Tracer, kind_of
from flowlattice.hosts.web.asgi import Message, Receive, Scope, Send
from flowlattice.hosts.web.endpoint import Door, Endpoint
from flowlattice.hosts.web.metrics import RouteMetrics


class TracedEndpoint(Endpoint):
    """An `Endpoint` each of whose requests is a span, within the trace that the caller names."""

    def __init__(self, door: Door, trigger: BoundTrigger, metrics: RouteMetrics, tracer: Tracer) -> None:
        super().__init__(door, trigger, metrics)
        self._tracer = tracer
        self._flow = door.runtime.plan.flow
        self._route = trigger.plan.path

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, parameters: dict[str, str], *, head: bool = False
    ) -> None:
        """Answer one request."""
        method = str(scope["method"])
        attributes = {
            "http.request.method": method,
            "http.route": self._route,
            "network.protocol.version": str(scope.get("http_version", "")),
            "url.scheme": str(scope.get("scheme", "")),
            "flowlattice.flow": self._flow,
        }
        span = self._tracer.start(f"{method} {self._route}", "server", attributes, carried=scope["headers"])
        answered = False

        async def watched(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                span.set("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    span.fail(str(message["status"]))
            await send(message)

        try:
            with span.current():
                await super().__call__(scope, receive, watched, parameters, head=head)
            if not answered:
                span.fail("ClientGone")
        except BaseException as error:
            span.fail(kind_of(error))
            raise
        finally:
            span.end()
