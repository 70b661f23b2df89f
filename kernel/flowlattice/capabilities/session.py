"""Web sessions: what is remembered of one visitor between requests. The id is a field of the record.

`field(session=True)` is what the host fills with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@capability(
    "session.read",
    effects=Effects.READ_ONLY,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    backends=["sqlite", "postgres"],
)
class SessionRead(Protocol):
    """Reading sessions."""

    async def read(self, session: str) -> Mapping[str, str]:
        """What a session holds; nothing where there is none, or its time is over."""


@capability(
    "session",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    idempotent_sink=True,
    backends=["sqlite", "postgres"],
)
class SessionStore(SessionRead, Protocol):
    """Reading and changing sessions."""

    async def write(self, session: str, values: Mapping[str, str], *, ttl: timedelta | None = None) -> None:
        """Set what a session holds, in place of what it held, for ever or for `ttl`."""

    async def end(self, session: str) -> None:
        """Forget a session; one that is not there is no error."""
