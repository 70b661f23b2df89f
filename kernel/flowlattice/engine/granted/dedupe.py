"""Grants of dedupe: the store itself; what the engine does with it is no call of the node's."""

from __future__ import annotations

from flowlattice.engine.backends import Bindings
from flowlattice.engine.granted.base import Grant
from flowlattice.ir.model import CapabilityUse


def dedupe(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant dedupe."""
    store = bindings.dedupe(use.binding)
    return lambda _attempt: store
