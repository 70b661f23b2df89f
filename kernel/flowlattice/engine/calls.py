"""The run log: every capability call with its run, node, attempt and key. Stores live in `bindings`."""

from __future__ import annotations

from typing import Final, Literal, Protocol

from blake3 import blake3
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from flowlattice import keys
from flowlattice.errors import FailureKind

Outcome = Literal["done", "refused", "unknown"]
RunEnd = Literal["completed", "failed"]
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
        outcome: `refused` when the other side answered that nothing happened; `unknown` when it failed after it may
            have reached the other side.
        given: Digest of the record that the node was given, of calls that carry a key; equal records have equal ones.
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
    given: str | None = None


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


_DIGEST_BYTES: Final = 16


def digest_of(record: object) -> str | None:
    """The digest of a record, by which the log says that two calls were about the same; none where it has none."""
    try:
        return blake3(keys.canonical(to_jsonable_python(record, by_alias=True))).digest(_DIGEST_BYTES).hex()
    except (ValueError, keys.KeyFieldError):
        return None


class CallLog(Protocol):
    """Where calls are recorded."""

    def record(self, call: CallRecord) -> None:
        """Record a call; never blocks."""

    def exchange(self, exchange: AiExchange) -> None:
        """Record what a language model was asked and answered; never blocks."""

    def ended(self, run: str, how: RunEnd) -> None:
        """Record how a run ended whose effects are undone where it fails; never blocks."""

    def close(self) -> None:
        """Write what is still to be written; may block."""


class MemoryCallLog:
    """A log in memory, for dev runs and tests; keeps the newest `limit` calls.

    Args:
        limit: How many.
        beside: Another log that is told the same, and closed with this one.
    """

    def __init__(self, limit: int = 100_000, *, beside: CallLog | None = None) -> None:
        self._limit = limit
        self._beside = beside if beside is not None else NoCallLog()
        self.calls: list[CallRecord] = []
        self.exchanges: list[AiExchange] = []

    def record(self, call: CallRecord) -> None:
        """Append a call."""
        self._beside.record(call)
        self.calls.append(call)
        if len(self.calls) > self._limit:
            del self.calls[: self._limit // 10]

    def exchange(self, exchange: AiExchange) -> None:
        """Append an exchange."""
        self._beside.exchange(exchange)
        self.exchanges.append(exchange)
        if len(self.exchanges) > self._limit:
            del self.exchanges[: self._limit // 10]

    def ended(self, run: str, how: RunEnd) -> None:
        """Tell the log beside it."""
        self._beside.ended(run, how)

    def close(self) -> None:
        """Keep the calls: there is nothing to write here."""
        self._beside.close()


class NoCallLog:
    """Keeps nothing, for hosts that were given no place to keep calls."""

    def record(self, call: CallRecord) -> None:
        """Forget the call."""

    def exchange(self, exchange: AiExchange) -> None:
        """Forget the exchange."""

    def ended(self, run: str, how: RunEnd) -> None:
        """Forget the end."""

    def close(self) -> None:
        """There is nothing to write."""
