"""Calling other services over HTTP. Reading and writing are two types: an `HttpRead` has no `post`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from pydantic import JsonValue, ValidationError

from flowlattice.capabilities.base import capability
from flowlattice.capabilities.creds import Creds
from flowlattice.errors import CallFailed, FailureKind
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

R = TypeVar("R", bound=Record)

_KINDS: Final[Mapping[int, FailureKind]] = {
    401: "auth",
    403: "auth",
    408: "transient",
    425: "transient",
    429: "rate_limited",
}
"""What the statuses below 500 mean that do not say that a request never will do as it is (RFC 9110 §15, RFC 6585 §4,
RFC 8470 §5.2)."""
_MOST_PLACES: Final = 3


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """An answer: status, headers (lower-case names) and body.

    Whoever takes something from it says so with `read`, or asks `raise_for_status`: what a service refuses is then a
    failure of the right kind and never a result.

    Attributes:
        status: The status.
        headers: By lower-case names.
        body: The body.
        binding: The binding that was asked, for errors.
        retry_after: How long the service asks to wait before the next request; none if it does not.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    binding: str = "http"
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode("utf-8", "replace")

    def raise_for_status(self) -> HttpResponse:
        """The same answer, if its status is 2xx.

        Raises:
            CallFailed: It is not: `auth` (401, 403), `rate_limited` (429), `transient` (408, 425, 5xx: it may go well
                another time), `permanent` (any other).
        """
        if self.ok:
            return self
        kind = "transient" if self.status >= 500 else _KINDS.get(self.status, "permanent")
        raise CallFailed(self.binding, kind, f"answered {self.status}", retry_after=self.retry_after)

    def read(self, into: type[R]) -> R:
        """The record that the JSON body of a 2xx answer is.

        `created = answer.read(Created)`; members that the record does not name are left out.

        Raises:
            CallFailed: The status is not 2xx, as `raise_for_status` says it; or the body is no such record
                (`schema_mismatch`), which is said without anything of the body.
        """
        self.raise_for_status()
        try:
            return into.model_validate_json(self.body)
        except ValidationError as error:
            said = f"answered {self.status} with a body that is no {into.__name__} ({_places(into, error)})"
            raise CallFailed(self.binding, "schema_mismatch", said) from None


def _places(into: type[Record], error: ValidationError) -> str:
    """Which fields are wrong, by names of ours, and how."""
    names = {name for field, info in into.model_fields.items() for name in (field, info.alias)}
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        first = problem["loc"][0] if problem["loc"] else None
        where = str(first) if first is not None and first in names else "the body"
        found.setdefault(where, str(problem["type"]))
    places = [f"{place}: {kind}" for place, kind in found.items()]
    return ", ".join([*places[:_MOST_PLACES], *(["..."] if len(places) > _MOST_PLACES else [])])


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
