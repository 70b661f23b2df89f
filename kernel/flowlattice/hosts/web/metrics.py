"""What `/metrics` shows, in a registry of its own. Labels are route templates, never what clients sent."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from flowlattice.engine.reply import Reply

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RouteMetrics:
    """Counts one route's answers; its labelled children are looked up once."""

    def __init__(self, requests: Counter, seconds: Histogram, rejected: Counter, labels: tuple[str, str, str]) -> None:
        self._requests = requests
        self._labels = labels
        self._seconds = seconds.labels(*labels)
        self._rejected = rejected
        self._by_status: dict[int, Counter] = {}

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer and how long it took, or how long it took to begin where it goes out in pieces."""
        counter = self._by_status.get(status)
        if counter is None:
            counter = self._by_status[status] = self._requests.labels(*self._labels, str(status))
        counter.inc()
        self._seconds.observe(seconds)

    def turned_away(self, reason: str) -> None:
        """Count a request that a limit turned away."""
        self._rejected.labels(self._labels[0], reason).inc()


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "flows_requests", "Answered requests.", ("flow", "route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "flows_request_seconds",
            "Seconds from the head of a request to its answer.",
            ("flow", "route", "method"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._rejected = Counter(
            "flows_rejected", "Requests that a limit turned away.", ("flow", "reason"), registry=self._registry
        )
        self._in_flight = Gauge("flows_in_flight", "Requests under way.", ("flow",), registry=self._registry)
        self._streams = Gauge(
            "flows_streams", "Requests under way that are answered in pieces.", ("flow",), registry=self._registry
        )

    def route(self, flow: str, route: str, method: str) -> RouteMetrics:
        """The metrics of one route."""
        return RouteMetrics(self._requests, self._seconds, self._rejected, (flow, route, method))

    def in_flight(self, flow: str, count: Callable[[], float]) -> None:
        """Show how many requests are under way, asked for when the metrics are read."""
        self._in_flight.labels(flow).set_function(count)

    def streams(self, flow: str, count: Callable[[], float]) -> None:
        """Show how many requests are answered in pieces, asked for when the metrics are read."""
        self._streams.labels(flow).set_function(count)

    def page(self) -> Reply:
        """The metrics in the Prometheus text format."""
        return Reply(200, generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4.encode())
