"""Traces: what a host has to offer so that runs are traced, and the spans of capability calls.

Whether a flow is traced is decided when it is bound; one that is not has none of this on its way. Nothing in a span is
what somebody sent, wrote or answered: names, numbers, kinds of errors.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from inspect import isawaitable
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

from flowlattice.capabilities import HttpResponse
from flowlattice.engine.granted import Grant
from flowlattice.engine.run import Attempt
from flowlattice.errors import NodeFailed
from flowlattice.ir.model import CapabilityUse

SpanKind = Literal["server", "internal", "client"]
Attributes: TypeAlias = Mapping[str, str | int]

CARRIED: ContextVar[Mapping[str, str]] = ContextVar("flowlattice_carried", default=MappingProxyType({}))
"""The headers that tell others which trace a request of ours is part of (W3C Trace Context); none outside of one."""

_NO_CALLS: Final = frozenset({"budget", "clock", "creds", "dedupe", "rng", "rng.seeded"})


class Span(Protocol):
    """Something that takes time."""

    def set(self, name: str, value: str | int) -> None:
        """Say more about it."""

    def fail(self, kind: str) -> None:
        """It failed; `kind` is the error's class or the status, never its text."""

    def current(self) -> AbstractContextManager[None]:
        """What begins in this block is part of it."""

    def end(self) -> None:
        """It is over."""


class Tracer(Protocol):
    """Where spans go."""

    def start(
        self, name: str, kind: SpanKind, attributes: Attributes, *, carried: Iterable[tuple[bytes, bytes]] = ()
    ) -> Span:
        """Begin a span.

        Args:
            name: What it is called; one of few.
            kind: Which side of a call it is.
            attributes: What is known of it.
            carried: The headers of a request, which may say which trace it is part of; else it is of the current one.
        """


@contextmanager
def spanned(tracer: Tracer, name: str, kind: SpanKind, attributes: Attributes) -> Iterator[Span]:
    """A span around a block."""
    span = tracer.start(name, kind, attributes)
    try:
        with span.current():
            yield span
    except BaseException as error:
        span.fail(kind_of(error))
        raise
    finally:
        span.end()


def kind_of(error: BaseException) -> str:
    """What an error is called in a trace."""
    return type(error.cause if isinstance(error, NodeFailed) else error).__name__


def traced_grants(given: dict[str, Grant], uses: Iterable[CapabilityUse], tracer: Tracer) -> dict[str, Grant]:
    """Grants whose calls are spans."""
    by_name = {use.binding: use for use in uses if use.name not in _NO_CALLS}
    return {name: _traced(grant, by_name[name], tracer) if name in by_name else grant for name, grant in given.items()}


def _traced(grant: Grant, use: CapabilityUse, tracer: Tracer) -> Grant:
    return lambda attempt: TracedCapability(grant(attempt), use, attempt, tracer)


class TracedCapability:
    """A capability for one attempt, each of whose calls to others is a span."""

    def __init__(self, granted: object, use: CapabilityUse, attempt: Attempt, tracer: Tracer) -> None:
        self._granted = granted
        self._use = use
        self._attempt = attempt
        self._tracer = tracer

    def __getattr__(self, method: str) -> object:
        found = getattr(self._granted, method)
        return self._call(method, found) if callable(found) else found

    def _call(self, method: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            result = function(*args, **kwargs)
            if isawaitable(result):
                return self._awaited(method, args, result)
            if isinstance(result, AsyncIterator):
                return self._attempt.hold(self._iterated(method, result))
            return result

        return call

    async def _awaited(self, method: str, args: tuple[object, ...], result: Awaitable[object]) -> object:
        name, attributes = self._described(method, args)
        with spanned(self._tracer, name, "client", attributes) as span:
            value = await result
            if isinstance(value, HttpResponse):
                span.set("http.response.status_code", value.status)
                if value.status >= 400:
                    span.fail(str(value.status))
            return value

    async def _iterated(self, method: str, items: AsyncIterator[object]) -> AsyncGenerator[object, None]:
        """Items one by one; the span is current only while the next is asked for, since in between others are at it."""
        name, attributes = self._described(method, ())
        span = self._tracer.start(name, "client", attributes)
        try:
            while True:
                try:
                    with span.current():
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                yield item
        except BaseException as error:
            span.fail(kind_of(error))
            raise
        finally:
            span.end()

    def _described(self, method: str, args: tuple[object, ...]) -> tuple[str, dict[str, str | int]]:
        use = self._use
        attributes: dict[str, str | int] = {
            "flowlattice.capability": use.name,
            "flowlattice.binding": use.binding,
            "flowlattice.method": method,
            "flowlattice.attempt": self._attempt.attempt,
        }
        family = use.name.partition(".")[0]
        if family == "http":
            attributes["http.request.method"] = method.upper()
            if host := _declared_host(args, use.egress):
                attributes["server.address"] = host
            return method.upper(), attributes
        if family == "ai":
            model = str(use.facts.get("model") or use.binding)
            attributes |= {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}
            return f"chat {model}", attributes
        return f"{use.name} {method}", attributes


def _declared_host(args: tuple[object, ...], egress: Iterable[str]) -> str | None:
    """The host of a URL, if the flow names it; any other might be made of data."""
    try:
        host = urlsplit(str(args[0])).hostname if args else None
    except ValueError:
        return None
    return host if host in {declared.rpartition(":")[0] or declared for declared in egress} else None
