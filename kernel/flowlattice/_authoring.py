"""What authors of flows write: the names that `flowlattice` gives, brought together here."""

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
from flowlattice.errors import BudgetExceeded, CallFailed
from flowlattice.language import blob, http
from flowlattice.language.aggregates import Aggregate
from flowlattice.language.batching import Batch
from flowlattice.language.caching import Cache
from flowlattice.language.combinators import Filter, If, Map, Merge, Switch
from flowlattice.language.connectors import Connector
from flowlattice.language.cron import Tick, cron
from flowlattice.language.distinct import Distinct
from flowlattice.language.edges import Buffer, Spill
from flowlattice.language.flow import Flow, Profile
from flowlattice.language.foreach import ForEach
from flowlattice.language.handlers import DeadLetter, Escalate, Exponential, Halt, Retry
from flowlattice.language.identity import by
from flowlattice.language.invalid import InvalidInput, require, require_all
from flowlattice.language.joins import Join, Zip
from flowlattice.language.kafka import kafka
from flowlattice.language.nodes import node
from flowlattice.language.queue import queue
from flowlattice.language.subflows import subflow
from flowlattice.language.triggers import Raw
from flowlattice.language.variables import Vars
from flowlattice.language.windows import Window
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import DataClass, Empty, Record, field
from flowlattice.sizes import gib, kib, mib

__all__ = [
    "Aggregate",
    "AiRead",
    "Batch",
    "BlobRead",
    "BlobReadByHash",
    "BlobWrite",
    "BudgetExceeded",
    "Buffer",
    "Cache",
    "CallFailed",
    "Clock",
    "Connector",
    "Context",
    "Creds",
    "DataClass",
    "DbRead",
    "DbWrite",
    "DeadLetter",
    "DedupeStore",
    "Determinism",
    "Distinct",
    "Effects",
    "Empty",
    "Escalate",
    "Exponential",
    "Filter",
    "Flow",
    "ForEach",
    "Halt",
    "HttpRead",
    "HttpReadPinned",
    "HttpResponse",
    "HttpWrite",
    "If",
    "InvalidInput",
    "Join",
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
    "Raw",
    "Record",
    "Retry",
    "Rng",
    "SeededRng",
    "SessionRead",
    "SessionStore",
    "Spill",
    "Switch",
    "Tick",
    "TokenBudget",
    "Vars",
    "Window",
    "Zip",
    "blob",
    "by",
    "cron",
    "days",
    "field",
    "gib",
    "hours",
    "http",
    "kafka",
    "kib",
    "mib",
    "minutes",
    "model",
    "ms",
    "node",
    "per",
    "queue",
    "require",
    "require_all",
    "sandboxed",
    "scopes",
    "seconds",
    "subflow",
    "tokens",
    "usd",
]
