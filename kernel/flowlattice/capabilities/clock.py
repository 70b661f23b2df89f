"""The time of day, as something a node has to ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@capability("clock", effects=Effects.READ_ONLY, determinism=Determinism.NONDETERMINISTIC)
class Clock(Protocol):
    """A clock in UTC; recorded, so that a replay sees the same times."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
