"""Capability backends and how they are chosen: local doubles by default, `bindings.toml` with `--env NAME`."""

from flowlattice.bindings.environment import bindings_for
from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import PinnedClock, Randomness, SystemClock

__all__ = ["LocalBindings", "PinnedClock", "Randomness", "SystemClock", "bindings_for"]
