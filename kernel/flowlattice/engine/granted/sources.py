"""Grants of clock, rng and rng.seeded."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from flowlattice.capabilities import Clock, Rng
from flowlattice.engine.backends import Bindings
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse


class GrantedClock(Granted):
    """`Clock`."""

    def __init__(self, use: CapabilityUse, backend: Clock, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        self._read("now", self._use.binding)
        return self._backend.now()


class GrantedRng(Granted):
    """`Rng`."""

    def __init__(self, use: CapabilityUse, backend: Rng, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend

    def random(self) -> float:
        """A number in [0, 1)."""
        self._read("random", self._use.binding)
        return self._backend.random()

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        self._read("integer", self._use.binding)
        return self._backend.integer(low, high)

    def uuid(self) -> UUID:
        """A random (version 4) UUID."""
        self._read("uuid", self._use.binding)
        return self._backend.uuid()


class GrantedSeededRng(Granted):
    """`SeededRng`: the SHA-256 of what is asked for and the seed, so that values are the same everywhere and for ever.

    A whole number is the digest modulo the size of the range; for ranges below 2**128 the bias is under 2**-128.
    """

    def random(self, *, seed: str) -> float:
        """A number in [0, 1)."""
        return (self._drawn("random", seed) >> (256 - 53)) / (1 << 53)

    def integer(self, low: int, high: int, *, seed: str) -> int:
        """A whole number from `low` to `high`, both included.

        Raises:
            ValueError: There is none.
        """
        if low > high:
            raise ValueError(f"there is no whole number from {low} to {high}")
        return low + self._drawn(f"integer {low} {high}", seed) % (high - low + 1)

    def uuid(self, *, seed: str) -> UUID:
        """A UUID of version 4."""
        return UUID(int=self._drawn("uuid", seed) >> 128, version=4)

    def _drawn(self, what: str, seed: str) -> int:
        self._read(what.partition(" ")[0], self._use.binding)
        text = f"{what}\0{seed}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.sha256(text).digest(), "big")


def clock(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant clock."""
    backend = bindings.clock()
    return lambda attempt: GrantedClock(use, backend, attempt)


def rng(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant rng."""
    backend = bindings.rng()
    return lambda attempt: GrantedRng(use, backend, attempt)


def seeded_rng(use: CapabilityUse, _bindings: Bindings) -> Grant:
    """Grant rng.seeded."""
    return lambda attempt: GrantedSeededRng(use, attempt)
