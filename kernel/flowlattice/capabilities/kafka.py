"""Writing to Kafka topics."""

from __future__ import annotations

from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.capabilities.queue import Message
from flowlattice.lattice import Determinism, Effects


@capability(
    "kafka.write",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="orchestrator",
    idempotent_sink=False,
    backends=["kafka"],
)
class KafkaWrite(Protocol):
    """Writing records; each carries the node's idempotency key in a header.

    A broker drops the duplicates of a producer's own retries, not those of a run that is repeated. Who reads the topic
    may drop them by the key, which is the reader's contract and stated with `honours_key`.
    """

    async def send(self, topic: str, value: Message, *, key: str) -> None:
        """Write a record; those with the same key stay in order."""
