"""Calling other services over HTTP. Reading and writing are two types: an `HttpRead` has no `post`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """An answer: status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode("utf-8", "replace")


@capability("http.read", effects=Effects.READ_ONLY, determinism=Determinism.BEST_EFFORT, networked=True)
class HttpRead(Protocol):
    """Reading from the hosts the flow declares."""

    async def get(self, url: str, *, params: Mapping[str, str] | None = None) -> HttpResponse:
        """GET an absolute URL."""


@capability("http.write", effects=Effects.EFFECTFUL, determinism=Determinism.BEST_EFFORT, networked=True)
class HttpWrite(Protocol):
    """Changing something on the hosts the flow declares; each call carries the node's idempotency key."""

    async def post(self, url: str, *, json: JsonValue = None) -> HttpResponse:
        """POST a JSON body to an absolute URL."""

    async def put(self, url: str, *, json: JsonValue = None) -> HttpResponse:
        """PUT a JSON body to an absolute URL."""

    async def patch(self, url: str, *, json: JsonValue = None) -> HttpResponse:
        """PATCH with a JSON body at an absolute URL."""

    async def delete(self, url: str) -> HttpResponse:
        """DELETE an absolute URL."""
