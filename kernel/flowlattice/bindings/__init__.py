"""Capability backends and how they are chosen: local doubles by default, `bindings.toml` with `--env NAME`."""

from flowlattice.bindings.base import Bindings, DedupeBackend, EffectInDoubt, HttpBackend, NotSent
from flowlattice.bindings.egress import check_egress
from flowlattice.bindings.local import LocalBindings

__all__ = [
    "Bindings",
    "DedupeBackend",
    "EffectInDoubt",
    "HttpBackend",
    "LocalBindings",
    "NotSent",
    "check_egress",
]
