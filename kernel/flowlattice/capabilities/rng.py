"""Randomness, as something a node has to ask for."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@capability("rng", effects=Effects.READ_ONLY, determinism=Determinism.NONDETERMINISTIC)
class Rng(Protocol):
    """A random source; recorded, so that a replay sees the same values."""

    def random(self) -> float:
        """A number in [0, 1)."""

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""

    def uuid(self) -> UUID:
        """A random (version 4) UUID."""


@capability("rng.seeded", effects=Effects.PURE, determinism=Determinism.STRICT)
class SeededRng(Protocol):
    """Values that look random and follow from a seed and nothing else: the same seed, the same value, wherever.

    The seed is a part of the record, such as its id; for several values add what tells them apart, `f"{id}/{n}"`.
    """

    def random(self, *, seed: str) -> float:
        """A number in [0, 1)."""

    def integer(self, low: int, high: int, *, seed: str) -> int:
        """A whole number from `low` to `high`, both included."""

    def uuid(self, *, seed: str) -> UUID:
        """A UUID of version 4."""
