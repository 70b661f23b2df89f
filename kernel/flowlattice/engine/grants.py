"""What a node is given for the capabilities it asks for: each call is allowed, made and recorded under the attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from inspect import signature
from typing import get_type_hints
from uuid import UUID

from pydantic import JsonValue

from flowlattice.capabilities import Clock, HttpResponse, KvWrite, Rng, capability_type
from flowlattice.context import Context
from flowlattice.engine.backends import Bindings, HttpBackend, NotSent
from flowlattice.engine.egress import check_egress
from flowlattice.engine.run import Attempt
from flowlattice.errors import EgressDenied, UsageError
from flowlattice.ir.model import CapabilityUse

Grant = Callable[[Attempt], object]


class GrantedHttp:
    """`HttpRead` or `HttpWrite` under one binding; which of the two its type says, the methods check."""

    def __init__(self, use: CapabilityUse, backend: HttpBackend, attempt: Attempt) -> None:
        self._use = use
        self._backend = backend
        self._attempt = attempt

    async def _send(
        self, method: str, url: str, params: Mapping[str, str] | None, json: JsonValue, *, writes: bool
    ) -> HttpResponse:
        host = check_egress(self._use.binding, url, self._use.egress)
        key = self._attempt.next_key() if writes else None
        headers = {} if key is None else {"Idempotency-Key": key}
        record = self._attempt.record
        name = method.lower()
        self._attempt.uncertain += writes
        try:
            response = await self._backend.send(
                method, url, params=params, json=json, headers=headers, hosts=self._use.egress
            )
        except (NotSent, EgressDenied):
            self._attempt.uncertain -= writes
            raise
        except BaseException:
            record(self._use.name, name, host, key=key, outcome="unknown")
            raise
        # A refusal (4xx) is an answer: nothing happened. Timeouts and conflicts may be answers to something that did.
        if 400 <= response.status < 500 and response.status not in {408, 409, 425}:
            self._attempt.uncertain -= writes
        record(self._use.name, name, host, key=key)
        return response


class GrantedHttpRead(GrantedHttp):
    """`HttpRead`."""

    async def get(self, url: str, *, params: Mapping[str, str] | None = None) -> HttpResponse:
        """GET an absolute URL."""
        return await self._send("GET", url, params, None, writes=False)


class GrantedHttpWrite(GrantedHttp):
    """`HttpWrite`."""

    async def post(self, url: str, *, json: JsonValue = None) -> HttpResponse:
        """POST a JSON body to an absolute URL."""
        return await self._send("POST", url, None, json, writes=True)

    async def put(self, url: str, *, json: JsonValue = None) -> HttpResponse:
        """PUT a JSON body to an absolute URL."""
        return await self._send("PUT", url, None, json, writes=True)

    async def patch(self, url: str, *, json: JsonValue = None) -> HttpResponse:
        """PATCH with a JSON body at an absolute URL."""
        return await self._send("PATCH", url, None, json, writes=True)

    async def delete(self, url: str) -> HttpResponse:
        """DELETE an absolute URL."""
        return await self._send("DELETE", url, None, None, writes=True)


class GrantedKv:
    """`KvRead`."""

    def __init__(self, use: CapabilityUse, backend: KvWrite, attempt: Attempt) -> None:
        self._use = use
        self._backend = backend
        self._attempt = attempt

    async def get(self, key: str) -> str | None:
        """The entry's value, or none when there is none or its time is over."""
        self._attempt.record(self._use.name, "get", self._use.binding)
        return await self._backend.get(key)


class GrantedKvWrite(GrantedKv):
    """`KvWrite`."""

    async def set(self, key: str, value: str, *, ttl: timedelta | None = None) -> None:
        """Set an entry, for ever or for `ttl`."""
        await self._change("set", self._backend.set(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        """Remove an entry; one that is not there is no error."""
        await self._change("delete", self._backend.delete(key))

    async def _change(self, method: str, change: Awaitable[None]) -> None:
        key = self._attempt.next_key()
        self._attempt.uncertain += 1
        try:
            await change
        except BaseException:
            self._attempt.record(self._use.name, method, self._use.binding, key=key, outcome="unknown")
            raise
        self._attempt.record(self._use.name, method, self._use.binding, key=key)


class GrantedClock:
    """`Clock`."""

    def __init__(self, use: CapabilityUse, backend: Clock, attempt: Attempt) -> None:
        self._use = use
        self._backend = backend
        self._attempt = attempt

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        self._attempt.record(self._use.name, "now", self._use.binding)
        return self._backend.now()


class GrantedRng:
    """`Rng`."""

    def __init__(self, use: CapabilityUse, backend: Rng, attempt: Attempt) -> None:
        self._use = use
        self._backend = backend
        self._attempt = attempt

    def random(self) -> float:
        """A number in [0, 1)."""
        self._attempt.record(self._use.name, "random", self._use.binding)
        return self._backend.random()

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        self._attempt.record(self._use.name, "integer", self._use.binding)
        return self._backend.integer(low, high)

    def uuid(self) -> UUID:
        """A random (version 4) UUID."""
        self._attempt.record(self._use.name, "uuid", self._use.binding)
        return self._backend.uuid()


def grants(function: Callable[..., object], uses: tuple[CapabilityUse, ...], bindings: Bindings) -> dict[str, Grant]:
    """What a node's further parameters are given, by name.

    Raises:
        UsageError: A parameter asks for something that no backend offers.
    """
    by_name = {use.binding: use for use in uses}
    hints = get_type_hints(function) if len(signature(function).parameters) > 1 else {}
    given: dict[str, Grant] = {}
    for name in list(signature(function).parameters)[1:]:
        if hints.get(name) is Context:
            given[name] = _itself
        elif name in by_name and capability_type(hints.get(name)) is not None:
            given[name] = _grant(by_name[name], bindings)
        else:
            raise UsageError(f"{function.__qualname__}: nothing is known to give for its parameter {name}")
    return given


def _itself(attempt: Attempt) -> Attempt:
    return attempt


def _grant(use: CapabilityUse, bindings: Bindings) -> Grant:
    match use.name:
        case "http.read":
            http = bindings.http(use.binding)
            return lambda attempt: GrantedHttpRead(use, http, attempt)
        case "http.write":
            http = bindings.http(use.binding)
            return lambda attempt: GrantedHttpWrite(use, http, attempt)
        case "kv.read":
            kv = bindings.kv(use.binding)
            return lambda attempt: GrantedKv(use, kv, attempt)
        case "kv.write":
            kv = bindings.kv(use.binding)
            return lambda attempt: GrantedKvWrite(use, kv, attempt)
        case "dedupe":
            store = bindings.dedupe(use.binding)
            return lambda _attempt: store
        case "clock":
            clock = bindings.clock()
            return lambda attempt: GrantedClock(use, clock, attempt)
        case "rng":
            rng = bindings.rng()
            return lambda attempt: GrantedRng(use, rng, attempt)
        case _:
            raise UsageError(f"binding {use.binding}: no backend offers the capability {use.name}")
