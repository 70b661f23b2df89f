"""flowlattice: flows are typed dataflow programs that are compiled, certified, reviewed and deployed.

This package exports what authors of flows write; tools use its subpackages.
"""

from flowlattice.capabilities import (
    AiRead,
    BlobRead,
    BlobReadByHash,
    BlobWrite,
    Clock,
    Creds,
    DbRead,
    DbWrite,
    DedupeStore,
    HttpRead,
    HttpReadPinned,
    HttpResponse,
    HttpWrite,
    KafkaWrite,
    KvRead,
    KvWrite,
    Mail,
    ObjectRef,
    PluginPython,
    QueueConsume,
    QueueMessage,
    QueuePublish,
    Rng,
    SeededRng,
    SessionRead,
    SessionStore,
    TokenBudget,
    model,
    per,
    sandboxed,
    scopes,
    tokens,
    usd,
)
from flowlattice.context import Context
from flowlattice.durations import days, hours, minutes, ms, seconds
from flowlattice.language import http
from flowlattice.language.batching import Batch
from flowlattice.language.caching import Cache
from flowlattice.language.combinators import Filter, If, Map, Merge, Switch
from flowlattice.language.edges import Buffer, Spill
from flowlattice.language.flow import Flow, Profile
from flowlattice.language.handlers import DeadLetter, Escalate, Exponential, Halt, Retry
from flowlattice.language.identity import by
from flowlattice.language.invalid import InvalidInput, require, require_all
from flowlattice.language.nodes import node
from flowlattice.language.variables import Vars
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import DataClass, Empty, Record, field

__version__ = "0.1.0"

__all__ = [
    "AiRead",
    "Batch",
    "BlobRead",
    "BlobReadByHash",
    "BlobWrite",
    "Buffer",
    "Cache",
    "Clock",
    "Context",
    "Creds",
    "DataClass",
    "DbRead",
    "DbWrite",
    "DeadLetter",
    "DedupeStore",
    "Determinism",
    "Effects",
    "Empty",
    "Escalate",
    "Exponential",
    "Filter",
    "Flow",
    "Halt",
    "HttpRead",
    "HttpReadPinned",
    "HttpResponse",
    "HttpWrite",
    "If",
    "InvalidInput",
    "KafkaWrite",
    "KvRead",
    "KvWrite",
    "Mail",
    "Map",
    "Merge",
    "ObjectRef",
    "PluginPython",
    "Profile",
    "QueueConsume",
    "QueueMessage",
    "QueuePublish",
    "Record",
    "Retry",
    "Rng",
    "SeededRng",
    "SessionRead",
    "SessionStore",
    "Spill",
    "Switch",
    "TokenBudget",
    "Vars",
    "by",
    "days",
    "field",
    "hours",
    "http",
    "minutes",
    "model",
    "ms",
    "node",
    "per",
    "require",
    "require_all",
    "sandboxed",
    "scopes",
    "seconds",
    "tokens",
    "usd",
]
