"""`backend = "kafka"`: brokers that speak Kafka's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source

Broker = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")]


class KafkaEntry(BaseEntry):
    """For kafka.write and kafka triggers.

    Attributes:
        brokers: Where to start from, each `host:port`.
        username: Who connects; none where brokers trust this machine.
        password: The user's password.
    """

    backend: Literal["kafka"]
    brokers: tuple[Broker, ...] = Field(min_length=1)
    username: str | None = None
    password: Reference | None = None

    def references(self) -> Mapping[str, Source]:
        """The password."""
        return {} if self.password is None else {"password": self.password}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The brokers."""
        return tuple((host, int(port)) for host, _, port in (broker.rpartition(":") for broker in self.brokers))
