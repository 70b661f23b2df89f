"""Capabilities: protocols that nodes ask for by annotation. Backends are chosen by bindings, never by flow code."""

from flowlattice.capabilities.ai import AiRead, Model, model
from flowlattice.capabilities.base import CapabilityType, Detail, Promise, Refined, capability, capability_type
from flowlattice.capabilities.blob import BlobRead, BlobReadByHash, BlobWrite, ObjectRef
from flowlattice.capabilities.budget import Ceilings, TokenBudget, Tokens, Usd, per, tokens, usd
from flowlattice.capabilities.clock import Clock
from flowlattice.capabilities.creds import Creds, Scopes, scopes
from flowlattice.capabilities.db import DbRead, DbWrite
from flowlattice.capabilities.dedupe import DedupeStore
from flowlattice.capabilities.http import HttpRead, HttpReadPinned, HttpResponse, HttpWrite
from flowlattice.capabilities.kafka import KafkaWrite
from flowlattice.capabilities.kv import KvRead, KvWrite
from flowlattice.capabilities.mail import Mail
from flowlattice.capabilities.plugin import PluginPython, Sandboxed, sandboxed
from flowlattice.capabilities.queue import QueueConsume, QueueMessage, QueuePublish
from flowlattice.capabilities.rng import Rng, SeededRng
from flowlattice.capabilities.session import SessionRead, SessionStore

__all__ = [
    "AiRead",
    "BlobRead",
    "BlobReadByHash",
    "BlobWrite",
    "CapabilityType",
    "Ceilings",
    "Clock",
    "Creds",
    "DbRead",
    "DbWrite",
    "DedupeStore",
    "Detail",
    "HttpRead",
    "HttpReadPinned",
    "HttpResponse",
    "HttpWrite",
    "KafkaWrite",
    "KvRead",
    "KvWrite",
    "Mail",
    "Model",
    "ObjectRef",
    "PluginPython",
    "Promise",
    "QueueConsume",
    "QueueMessage",
    "QueuePublish",
    "Refined",
    "Rng",
    "Sandboxed",
    "Scopes",
    "SeededRng",
    "SessionRead",
    "SessionStore",
    "TokenBudget",
    "Tokens",
    "Usd",
    "capability",
    "capability_type",
    "model",
    "per",
    "sandboxed",
    "scopes",
    "tokens",
    "usd",
]
