"""The run log: every capability call with its run, node, attempt and key. Stores live in `bindings`."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

Outcome = Literal["done", "unknown"]


class CallRecord(BaseModel):
    """One call of a capability that began.

    Attributes:
        run: The run's id.
        node: The node's name.
        attempt: 1 for the first attempt.
        capability: The capability type's name, `http.write`.
        method: The method that was called.
        target: The host for http and mail, the table for db, the bucket for blobs, the topic or queue for brokers, the
            model for ai, the binding otherwise.
        key: The idempotency key as the other side saw it, in hex; none where there is none.
        outcome: `unknown` when it failed after it may have reached the other side.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    node: str
    attempt: int
    capability: str
    method: str
    target: str
    key: str | None = None
    outcome: Outcome = "done"


class CallLog(Protocol):
    """Where calls are recorded."""

    def record(self, call: CallRecord) -> None:
        """Record a call; never blocks."""

    def close(self) -> None:
        """Write what is still to be written; may block."""


class MemoryCallLog:
    """A log in memory, for dev runs and tests; keeps the newest `limit` calls."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self.calls: list[CallRecord] = []

    def record(self, call: CallRecord) -> None:
        """Append a call."""
        self.calls.append(call)
        if len(self.calls) > self._limit:
            del self.calls[: self._limit // 10]

    def close(self) -> None:
        """Keep the calls: there is nothing to write."""


class NoCallLog:
    """Keeps nothing, for hosts that were given no place to keep calls."""

    def record(self, call: CallRecord) -> None:
        """Forget the call."""

    def close(self) -> None:
        """There is nothing to write."""
