"""Calling other services over HTTP. Reading and writing are two types: an `HttpRead` has no `post`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from flowlattice.capabilities.base import capability
from flowlattice.capabilities.creds import Creds
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


@capability(
    "http.read",
    effects=Effects.READ_ONLY,
    determinism=Determinism.BEST_EFFORT,
    networked=True,
    retry_owner="orchestrator",
    backends=["http"],
)
class HttpRead(Protocol):
    """Reading from the hosts the flow declares."""

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, auth: Creds | None = None
    ) -> HttpResponse:
        """GET an absolute URL."""


@capability(
    "http.read_pinned",
    effects=Effects.READ_ONLY,
    determinism=Determinism.STABLE,
    networked=True,
    retry_owner="orchestrator",
    backends=["http"],
)
class HttpReadPinned(Protocol):
    """Reading what is pinned by its content from the hosts the flow declares.

    It is stable and not strict: what is read is pinned, but whether it is still there is the server's choice.
    """

    async def get(self, url: str, *, digest: str, auth: Creds | None = None) -> HttpResponse:
        """GET an absolute URL whose body has to be the pinned one.

        Args:
            url: An absolute URL.
            digest: `sha256:` and the body's digest in hex; or `etag:` and the entity tag that the answer has to carry.
            auth: The credential to send.

        Raises:
            PinBroken: The answer is not what is pinned.
        """


@capability(
    "http.write",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    networked=True,
    retry_owner="orchestrator",
    idempotent_sink=False,
    backends=["http"],
)
class HttpWrite(Protocol):
    """Changing something on the hosts the flow declares; each call carries the node's idempotency key.

    Whether a service honours the key is its own contract, which a node states with `honours_key`.
    """

    async def post(
        self,
        url: str,
        *,
        json: JsonValue = None,
        form: Mapping[str, str] | None = None,
        auth: Creds | None = None,
    ) -> HttpResponse:
        """POST a JSON body, or the fields of a form in its place, to an absolute URL."""

    async def put(self, url: str, *, json: JsonValue = None, auth: Creds | None = None) -> HttpResponse:
        """PUT a JSON body to an absolute URL."""

    async def patch(self, url: str, *, json: JsonValue = None, auth: Creds | None = None) -> HttpResponse:
        """PATCH with a JSON body at an absolute URL."""

    async def delete(self, url: str, *, auth: Creds | None = None) -> HttpResponse:
        """DELETE an absolute URL."""
