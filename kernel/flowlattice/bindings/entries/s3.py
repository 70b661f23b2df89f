"""`backend = "s3"`: a bucket behind S3's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source


class S3Entry(BaseEntry):
    """For blob capabilities and blob triggers.

    Attributes:
        bucket: The bucket.
        endpoint: The server's URL; Amazon's where it is not given.
        access_key: The key's id.
        secret_key: The key.
    """

    backend: Literal["s3"]
    bucket: str
    endpoint: str | None = Field(default=None, pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$")
    access_key: Reference | None = None
    secret_key: Reference | None = None

    def references(self) -> Mapping[str, Source]:
        """The key and its id."""
        named = {"access_key": self.access_key, "secret_key": self.secret_key}
        return {name: source for name, source in named.items() if source is not None}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The server, where the entry names one."""
        if self.endpoint is None:
            return ()
        parts = urlsplit(self.endpoint)
        return ((parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)),)
