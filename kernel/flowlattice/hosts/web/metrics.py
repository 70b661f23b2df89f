"""What `/metrics` shows, in a registry of its own. Labels are route templates, never what clients sent.

Several workers count together: each writes into files of its own in a folder that they share, and whichever is asked
adds up. What is counted is exact then; what is under way is what each worker said last (`Metrics.refresh`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from flowlattice.engine.calls import AiExchange, CallLog, CallRecord, RunEnd
from flowlattice.engine.reply import Reply

REFRESH_S: Final = 0.5

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TOO_LATE: Final = 504


class _Late:
    """What an answer that came too late counts for: as an answer, and as a deadline."""

    def __init__(self, *counters: Counter) -> None:
        self._counters = counters

    def inc(self) -> None:
        for counter in self._counters:
            counter.inc()


class RouteMetrics:
    """Counts one route's answers; its labelled children are looked up once."""

    def __init__(self, metrics: Metrics, labels: tuple[str, str, str]) -> None:
        self._metrics = metrics
        self._labels = labels
        self._seconds = metrics.seconds.labels(*labels)
        self._by_status: dict[int, Counter | _Late] = {}

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer and how long it took, or how long it took to begin where it goes out in pieces."""
        counter = self._by_status.get(status)
        if counter is None:
            counter = self._by_status[status] = self._counter(status)
        counter.inc()
        self._seconds.observe(seconds)

    def turned_away(self, reason: str) -> None:
        """Count a request that a limit turned away."""
        self._metrics.rejected.labels(self._labels[0], reason).inc()

    def _counter(self, status: int) -> Counter | _Late:
        counter = self._metrics.requests.labels(*self._labels, str(status))
        return _Late(counter, self._metrics.deadlines.labels(*self._labels)) if status == _TOO_LATE else counter


class Metrics:
    """The metrics of one application.

    Attributes:
        requests: Answers by flow, route, method and status.
        seconds: How long they took.
        deadlines: Those of them whose deadline had passed, by flow, route and method.
        rejected: Requests that a limit turned away, by flow and reason.
        answers: Answers of language models by flow, node, model, how they ended, and why they failed.
        tokens: What models read and wrote, by flow, node, model and kind, `prompt` or `completion`.
        money: What it came to in micro-dollars, by flow, node and model.

    Args:
        shared: The folder where all workers count; none where this process is the only one.
    """

    def __init__(self, shared: Path | None = None) -> None:
        route = ("flow", "route", "method")
        self._shared = shared
        self._registry = CollectorRegistry()
        self.requests = self._counter("flows_requests", "Answered requests.", (*route, "status"))
        self.seconds = Histogram(
            "flows_request_seconds",
            "Seconds from the head of a request to its answer.",
            route,
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.deadlines = self._counter("flows_deadlines_exceeded", "Requests whose deadline passed.", route)
        self.rejected = self._counter("flows_rejected", "Requests that a limit turned away.", ("flow", "reason"))
        model = ("flow", "node", "model")
        self.answers = self._counter("flows_ai_answers", "Answers of language models.", (*model, "end", "failure"))
        self.tokens = self._counter("flows_ai_tokens", "Tokens that models read and wrote.", (*model, "kind"))
        self.money = self._counter("flows_ai_micro_usd", "What models came to, in micro-dollars.", model)
        self._in_flight = self._gauge("flows_in_flight", "Requests under way.")
        self._streams = self._gauge("flows_streams", "Requests under way that are answered in pieces.")
        self._under_way: list[tuple[Gauge, Callable[[], float]]] = []

    def route(self, flow: str, route: str, method: str) -> RouteMetrics:
        """The metrics of one route."""
        return RouteMetrics(self, (flow, route, method))

    def in_flight(self, flow: str, count: Callable[[], float]) -> None:
        """Show how many requests are under way, asked for when the metrics are read."""
        self._under_way.append((self._in_flight.labels(flow), count))

    def refresh(self) -> None:
        """Say what is under way now."""
        for gauge, count in self._under_way:
            gauge.set(count())

    def streams(self, flow: str, count: Callable[[], float]) -> None:
        """Show how many requests are answered in pieces, asked for when the metrics are read."""
        self._under_way.append((self._streams.labels(flow), count))

    def page(self) -> Reply:
        """The metrics of all workers in the Prometheus text format."""
        self.refresh()
        registry = self._registry
        if self._shared is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(self._shared))  # type: ignore[no-untyped-call]  # it has no types
        return Reply(200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4.encode())

    def _counter(self, name: str, words: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, words, labels, registry=self._registry)

    def _gauge(self, name: str, words: str) -> Gauge:
        return Gauge(name, words, ("flow",), registry=self._registry, multiprocess_mode="livesum")


class CountedLog:
    """A run log that counts what language models answer.

    Args:
        log: Where everything is recorded.
        metrics: What counts.
        flow: The flow whose log it is.
    """

    def __init__(self, log: CallLog, metrics: Metrics, flow: str) -> None:
        self._log = log
        self._metrics = metrics
        self._flow = flow

    def record(self, call: CallRecord) -> None:
        """Record a call."""
        self._log.record(call)

    def exchange(self, exchange: AiExchange) -> None:
        """Record and count what a model was asked and answered."""
        self._log.exchange(exchange)
        metrics, labels = self._metrics, (self._flow, exchange.node, exchange.model)
        metrics.answers.labels(*labels, exchange.end, exchange.failure or "").inc()
        metrics.tokens.labels(*labels, "prompt").inc(exchange.prompt_tokens)
        metrics.tokens.labels(*labels, "completion").inc(exchange.completion_tokens)
        metrics.money.labels(*labels).inc(exchange.micro_usd)

    def ended(self, run: str, how: RunEnd) -> None:
        """Record how a run ended."""
        self._log.ended(run, how)

    def close(self) -> None:
        """Close the log."""
        self._log.close()


def shared_metrics(folder: Path, worker: int) -> Metrics:
    """Metrics that several workers count together.

    A worker that comes after one of its number goes on with what that one counted, so that there are never more files
    than workers.

    Args:
        folder: Where all of them count.
        worker: This one's number.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]  # it has no types
    return Metrics(folder)
