"""Capability backends and how they are chosen: local doubles by default, `bindings.toml` with `--env NAME`."""

from flowlattice.bindings.call_log import CALLS_FILE, SqliteCallLog
from flowlattice.bindings.environment import EnvironmentBindings, bindings_for
from flowlattice.bindings.file import bindings_text, described
from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import PinnedClock, Randomness, SystemClock

__all__ = [
    "CALLS_FILE",
    "EnvironmentBindings",
    "LocalBindings",
    "PinnedClock",
    "Randomness",
    "SqliteCallLog",
    "SystemClock",
    "bindings_for",
    "bindings_text",
    "described",
]
