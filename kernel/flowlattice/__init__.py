"""flowlattice: flows are typed dataflow programs that are compiled, certified, reviewed and deployed.

This package exports what authors of flows write; tools use its subpackages.
"""

from flowlattice.capabilities import (
    Clock,
    DedupeStore,
    HttpRead,
    HttpResponse,
    HttpWrite,
    KvRead,
    KvWrite,
    Rng,
)
from flowlattice.context import Context
from flowlattice.durations import days, hours, minutes, ms, seconds
from flowlattice.language import http
from flowlattice.language.combinators import Filter, If, Map, Merge, Switch
from flowlattice.language.flow import Buffer, Flow, Profile
from flowlattice.language.invalid import InvalidInput, require, require_all
from flowlattice.language.nodes import by, node
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import DataClass, Empty, Record, field

__version__ = "0.1.0"

__all__ = [
    "Buffer",
    "Clock",
    "Context",
    "DataClass",
    "DedupeStore",
    "Determinism",
    "Effects",
    "Empty",
    "Filter",
    "Flow",
    "HttpRead",
    "HttpResponse",
    "HttpWrite",
    "If",
    "InvalidInput",
    "KvRead",
    "KvWrite",
    "Map",
    "Merge",
    "Profile",
    "Record",
    "Rng",
    "Switch",
    "by",
    "days",
    "field",
    "hours",
    "http",
    "minutes",
    "ms",
    "node",
    "require",
    "require_all",
    "seconds",
]
