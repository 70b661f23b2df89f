"""Capabilities: protocols that nodes ask for by annotation. Backends are chosen by bindings, never by flow code."""

from flowlattice.capabilities.base import CapabilityType, capability, capability_type
from flowlattice.capabilities.clock import Clock
from flowlattice.capabilities.dedupe import DedupeStore
from flowlattice.capabilities.http import HttpRead, HttpResponse, HttpWrite
from flowlattice.capabilities.kv import KvRead, KvWrite
from flowlattice.capabilities.rng import Rng

__all__ = [
    "CapabilityType",
    "Clock",
    "DedupeStore",
    "HttpRead",
    "HttpResponse",
    "HttpWrite",
    "KvRead",
    "KvWrite",
    "Rng",
    "capability",
    "capability_type",
]
