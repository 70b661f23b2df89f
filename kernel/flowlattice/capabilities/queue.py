"""Queues. A flow usually consumes through a trigger; a node that asks for `QueueConsume` takes messages itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeAlias

from pydantic import JsonValue

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

Message: TypeAlias = Record | JsonValue
"""What is sent: a record, as JSON by its names on the wire, or JSON."""


@dataclass(frozen=True, kw_only=True)
class QueueMessage:
    """A message that was taken: it comes back unless it is acknowledged before its visibility timeout.

    Attributes:
        receipt: What it is acknowledged by.
        value: What was published.
        attempt: How often it has been taken, this time included.
    """

    receipt: str
    value: JsonValue
    attempt: int


@capability(
    "queue.publish",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    idempotent_sink=True,
    backends=["sqlite", "postgres"],
)
class QueuePublish(Protocol):
    """Publishing messages; two with the same idempotency key are one message."""

    async def publish(self, queue: str, value: Message, *, delay: timedelta | None = None) -> None:
        """Publish a message, to be taken at once or after `delay`."""


@capability(
    "queue.consume",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    idempotent_sink=True,
    backends=["sqlite", "postgres"],
)
class QueueConsume(Protocol):
    """Taking messages."""

    async def receive(self, queue: str, *, limit: int = 1) -> Sequence[QueueMessage]:
        """Take at most `limit` messages, the oldest first; none where there is none."""

    async def ack(self, message: QueueMessage) -> None:
        """A message is done with; acknowledging it again changes nothing."""
