"""What a set of backends offers. The engine stands between a node and its backend: it records and carries keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from flowlattice.capabilities import Clock, HttpResponse, KvWrite, Rng
from flowlattice.errors import FlowlatticeError, ReservationHeld


class NotSent(FlowlatticeError):
    """A request that certainly did not leave: no connection, or a request that cannot be made."""


class EffectInDoubt(ReservationHeld):
    """The key's effect began and nobody knows whether it happened; a person decides."""


class HttpBackend(Protocol):
    """Sends requests for `HttpRead` and `HttpWrite`."""

    async def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        json: JsonValue,
        headers: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> HttpResponse:
        """Send a request and return the answer, whatever its status.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            url: An absolute URL, already checked against `hosts`.
            params: Query parameters to add.
            json: The body; not sent with GET and DELETE.
            headers: Further headers, such as the idempotency key.
            hosts: The hosts that may be reached, also by redirects.

        Raises:
            NotSent: The request certainly did not leave.
            EgressDenied: A redirect leads to a host that may not be reached.
        """


class DedupeBackend(Protocol):
    """A `DedupeStore` that can also say that nobody knows."""

    async def reserve(self, key: bytes, *, ttl: timedelta) -> bytes | None:
        """Reserve a key; what was confirmed under it instead if it is taken.

        Raises:
            ReservationHeld: Another run holds the key.
            EffectInDoubt: Its effect may have happened.
        """

    async def confirm(self, key: bytes, result: bytes) -> None:
        """The effect happened; remember what it returned."""

    async def release(self, key: bytes) -> None:
        """The effect certainly did not happen; the key is free again."""

    async def doubt(self, key: bytes) -> None:
        """The effect may have happened; the key stays taken until its time is over or a person decides."""


class Bindings(Protocol):
    """Backends by binding. Each method raises `UsageError` where the binding is not bound.

    Attributes:
        are_doubles: Whether local doubles stand in for what reaches outside.
    """

    are_doubles: bool

    def http(self, binding: str) -> HttpBackend:
        """The backend of an http capability."""

    def kv(self, binding: str) -> KvWrite:
        """The backend of a key-value capability; its keys are its own."""

    def dedupe(self, binding: str) -> DedupeBackend:
        """The backend of a dedupe store; its keys are its own."""

    def clock(self) -> Clock:
        """The clock."""

    def rng(self) -> Rng:
        """The random source."""

    async def close(self) -> None:
        """Give back connections and files."""
