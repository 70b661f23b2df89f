"""`backend = "http"`: requests to the hosts that a flow declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Header, HeaderValue, Source, refuse_written


class HttpEntry(BaseEntry):
    """For http.read, http.read_pinned and http.write.

    Attributes:
        egress: The hosts that may be reached at all, `host` or `host:port`; those that the flow declares if not given.
        headers: Sent with every request.
        timeout_ms: For each request as a whole.
    """

    backend: Literal["http"]
    egress: tuple[str, ...] | None = None
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    timeout_ms: int = Field(default=10_000, gt=0)

    @field_validator("headers")
    @classmethod
    def _by_reference(cls, headers: dict[str, Header]) -> dict[str, Header]:
        refuse_written(headers)
        return headers

    @field_validator("egress")
    @classmethod
    def _in_lower_case(cls, egress: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if egress is None else tuple(host.lower() for host in egress)

    def references(self) -> Mapping[str, Source]:
        """Credentials in headers."""
        return {f"headers.{name}": value.source for name, value in self.headers.items() if value.source is not None}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The hosts that it lists."""
        split = (host.rpartition(":") if ":" in host else (host, "", "443") for host in self.egress or ())
        return tuple((host, int(port)) for host, _, port in split)
