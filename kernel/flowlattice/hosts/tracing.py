"""Traces over OTLP/HTTP with the OpenTelemetry SDK, the extra `otel`, which is imported only where tracing is on.

The SDK reads its own settings: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER` and the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flowlattice.engine.tracing import CARRIED, Attributes, SpanKind, Tracer
from flowlattice.errors import EngineUnavailable

if TYPE_CHECKING:
    from opentelemetry import trace as api
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_SAYS_WHERE: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_CONTEXT: Final = frozenset({b"traceparent", b"tracestate"})


class Tracing:
    """The traces of one server; each of its processes sends its own.

    Raises:
        EngineUnavailable: The extra is not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError:
            message = "tracing needs the OpenTelemetry SDK: pip install 'flowlattice[otel]'"
            raise EngineUnavailable(message) from None
        self._exporter: Callable[[], SpanExporter] = OTLPSpanExporter  # imported before workers are forked
        self._provider: TracerProvider | None = None

    def tracer(self) -> Tracer:
        """Where this process's spans go; made when it is first asked for."""
        if self._provider is None:
            self._provider = _provider(self._exporter())
        return OtelTracer(self._provider.get_tracer("flowlattice"))

    def close(self) -> None:
        """Send what is still to be sent, within the exporter's timeout: 10 s unless the environment says otherwise."""
        if self._provider is not None:
            self._provider.shutdown()
            self._provider = None


def tracing_of(environment: Mapping[str, str], *, asked: bool) -> Tracing | None:
    """The traces of a server: where they are asked for, or the environment says where they go; else none.

    Raises:
        EngineUnavailable: The extra is not installed.
    """
    return Tracing() if asked or any(environment.get(name) for name in _SAYS_WHERE) else None


class OtelTracer:
    """`Tracer` over the SDK's.

    Args:
        tracer: The SDK's.
    """

    def __init__(self, tracer: api.Tracer) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = tracer
        self._kinds: dict[SpanKind, api.SpanKind] = {
            "server": trace.SpanKind.SERVER,
            "internal": trace.SpanKind.INTERNAL,
            "client": trace.SpanKind.CLIENT,
        }
        self._propagator = TraceContextTextMapPropagator()

    def start(
        self, name: str, kind: SpanKind, attributes: Attributes, *, carried: Iterable[tuple[bytes, bytes]] = ()
    ) -> OtelSpan:
        """Begin a span."""
        headers = {key.decode(): value.decode("latin-1") for key, value in carried if key in _CONTEXT}
        context = self._propagator.extract(headers) if headers else None
        span = self._tracer.start_span(name, context, self._kinds[kind], dict(attributes))
        return OtelSpan(span, self._carried(span))

    def _carried(self, span: api.Span) -> Mapping[str, str]:
        from opentelemetry.trace import set_span_in_context

        carried: dict[str, str] = {}
        self._propagator.inject(carried, set_span_in_context(span))
        return carried


class OtelSpan:
    """`Span` over the SDK's.

    Args:
        span: The SDK's.
        carried: The headers that tell others of it.
    """

    def __init__(self, span: api.Span, carried: Mapping[str, str]) -> None:
        self._span = span
        self._carried = carried

    def set(self, name: str, value: str | int) -> None:
        """Say more about it."""
        self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """It failed."""
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)

    @contextmanager
    def current(self) -> Iterator[None]:
        """What begins in this block is part of it."""
        from opentelemetry import context, trace

        told = CARRIED.set(self._carried)
        token = context.attach(trace.set_span_in_context(self._span))
        try:
            yield
        finally:
            context.detach(token)
            CARRIED.reset(told)

    def end(self) -> None:
        """It is over."""
        self._span.end()


def _provider(exporter: SpanExporter) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create()
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "flowlattice"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
