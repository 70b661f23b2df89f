"""A key-value store; one binding is one namespace."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@capability(
    "kv.read",
    effects=Effects.READ_ONLY,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    backends=["sqlite"],
)
class KvRead(Protocol):
    """Reading entries."""

    async def get(self, key: str) -> str | None:
        """The entry's value, or none when there is none or its time is over."""


@capability(
    "kv.write",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    idempotent_sink=True,
    backends=["sqlite"],
)
class KvWrite(Protocol):
    """Reading and changing entries."""

    async def get(self, key: str) -> str | None:
        """The entry's value, or none when there is none or its time is over."""

    async def set(self, key: str, value: str, *, ttl: timedelta | None = None) -> None:
        """Set an entry, for ever or for `ttl`."""

    async def delete(self, key: str) -> None:
        """Remove an entry; one that is not there is no error."""
