"""Remembering which effects have happened. Asking for it is enough: the engine reserves before the effect runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@capability("dedupe", effects=Effects.READ_ONLY, determinism=Determinism.BEST_EFFORT, backends=["sqlite", "postgres"])
class DedupeStore(Protocol):
    """Keys of effects, each `reserved`, then `confirmed` with what the node returned, for as long as its TTL."""

    async def reserve(self, key: bytes, *, ttl: timedelta) -> bytes | None:
        """Reserve a key; what was confirmed under it instead if it is taken.

        Raises:
            ReservationHeld: Another run holds the key and has neither confirmed nor released it.
        """

    async def confirm(self, key: bytes, result: bytes) -> None:
        """The effect happened; remember what it returned."""

    async def release(self, key: bytes) -> None:
        """The effect certainly did not happen; the key is free again."""
