"""The run log: every capability call with its run, node, attempt and key. Stores live in `bindings`."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from flowlattice.errors import FailureKind

Outcome = Literal["done", "unknown"]
End = Literal["stop", "length", "filtered", "cached", "exhausted", "failed", "given_up"]


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


class AiExchange(BaseModel):
    """One question to a language model and its answer, as far as they may be written down.

    Attributes:
        run: The run's id.
        node: The node's name.
        attempt: 1 for the first attempt.
        model: The model.
        prompt: The messages, in order; what may hold sensitive data is replaced by what it may hold.
        answer: The answer, in the same way.
        end: `stop`; `length` and `filtered` where the model was stopped; `cached` for an answer that was kept,
            `exhausted` for none because the budget left nothing, `failed` and `given_up` where there is no whole one.
        prompt_tokens: Tokens read.
        completion_tokens: Tokens written.
        counted: Who counted them: the other side (`reported`), or this one (`counted`).
        micro_usd: What it came to, in micro-dollars.
        failure: Why there is no whole answer, where `end` is `failed`.
        said: That in words, in which nothing of the prompt is.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    node: str
    attempt: int
    model: str
    prompt: tuple[str, ...]
    answer: str
    end: End
    prompt_tokens: int = 0
    completion_tokens: int = 0
    counted: Literal["reported", "counted"] = "counted"
    micro_usd: int = 0
    failure: FailureKind | None = None
    said: str = ""


class CallLog(Protocol):
    """Where calls are recorded."""

    def record(self, call: CallRecord) -> None:
        """Record a call; never blocks."""

    def exchange(self, exchange: AiExchange) -> None:
        """Record what a language model was asked and answered; never blocks."""

    def close(self) -> None:
        """Write what is still to be written; may block."""


class MemoryCallLog:
    """A log in memory, for dev runs and tests; keeps the newest `limit` calls."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self.calls: list[CallRecord] = []
        self.exchanges: list[AiExchange] = []

    def record(self, call: CallRecord) -> None:
        """Append a call."""
        self.calls.append(call)
        if len(self.calls) > self._limit:
            del self.calls[: self._limit // 10]

    def exchange(self, exchange: AiExchange) -> None:
        """Append an exchange."""
        self.exchanges.append(exchange)
        if len(self.exchanges) > self._limit:
            del self.exchanges[: self._limit // 10]

    def close(self) -> None:
        """Keep the calls: there is nothing to write."""


class NoCallLog:
    """Keeps nothing, for hosts that were given no place to keep calls."""

    def record(self, call: CallRecord) -> None:
        """Forget the call."""

    def exchange(self, exchange: AiExchange) -> None:
        """Forget the exchange."""

    def close(self) -> None:
        """There is nothing to write."""
