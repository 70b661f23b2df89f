"""What a set of backends offers. The engine stands between a node and its backend: it records and carries keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from flowlattice.budgets import Limits, Purse
from flowlattice.capabilities import Clock, HttpResponse, KvWrite, ObjectRef, Rng, SessionStore
from flowlattice.capabilities.db import Cell, Row, Value
from flowlattice.chat import Finish, Price, Question, Usage
from flowlattice.errors import CallFailed, FailureKind, ReservationHeld


class NotSent(CallFailed):
    """A request that certainly did not leave: no connection, or a request that cannot be made."""


class EffectInDoubt(ReservationHeld):
    """The key's effect began and nobody knows whether it happened; a person decides."""


class ResultUnknown(ReservationHeld):
    """The key's effect happened, and there is nothing that it returned: a person has decided so, or it was undone."""


class Holder(NamedTuple):
    """Whose effect a key is, for people who look at it: flow, node and run."""

    flow: str
    node: str
    run: str


class HttpBackend(Protocol):
    """Sends requests for `HttpRead` and `HttpWrite`."""

    async def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        json: JsonValue,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> HttpResponse:
        """Send a request and return the answer, whatever its status.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            url: An absolute URL, already checked against `hosts`.
            params: Query parameters to add.
            json: The body; not sent with GET and DELETE.
            form: The fields of a form, which are the body instead; none for none.
            headers: Further headers, such as the idempotency key.
            hosts: The hosts that may be reached, also by redirects.

        Raises:
            NotSent: The request certainly did not leave.
            EgressDenied: A redirect leads to a host that may not be reached.
            CallFailed: It left, and no whole answer came.
        """


class DedupeBackend(Protocol):
    """A `DedupeStore` that can also say that nobody knows."""

    async def reserve(
        self, key: bytes, *, ttl: timedelta, holder: Holder = ..., may_repeat: bool = ...
    ) -> bytes | None:
        """Reserve a key; what was confirmed under it instead if it is taken.

        Args:
            key: The key.
            ttl: For how long it is remembered.
            holder: Whose effect it is.
            may_repeat: Whether a key in doubt is reserved again within its time, because doing its effect again does
                nothing more.

        Raises:
            ReservationHeld: Another run holds the key.
            EffectInDoubt: Its effect may have happened.
            ResultUnknown: Its effect happened, and nobody knows what it returned.
        """

    async def confirm(self, key: bytes, result: bytes) -> None:
        """The effect happened; remember what it returned, unless it was undone meanwhile."""

    async def undone(self, key: bytes) -> None:
        """The effect happened and was undone: it is not repeated, and what it returned holds no more."""

    async def release(self, key: bytes) -> None:
        """The effect certainly did not happen; the key is free again."""

    async def doubt(self, key: bytes) -> None:
        """The effect may have happened; the key stays taken until a person decides."""


class Credential(Protocol):
    """A credential by reference."""

    def headers(self) -> Mapping[str, str]:
        """The headers of a request that carry it.

        Raises:
            UsageError: It has no value.
        """


class BlobBackend(Protocol):
    """Objects of one bucket.

    Attributes:
        bucket: Its name.
    """

    @property
    def bucket(self) -> str:
        """Its name."""

    async def get(self, key: str) -> bytes:
        """The object of a key.

        Raises:
            ObjectMissing: There is none.
            ValueError: That is no key.
        """

    async def get_by_hash(self, digest: str) -> bytes:
        """The object of a digest.

        Raises:
            ObjectMissing: There is none.
            PinBroken: What is kept under the digest has another.
            ValueError: That is no digest.
        """

    async def list(self, prefix: str) -> Sequence[ObjectRef]:
        """The objects whose keys start with a prefix, in the order of their keys."""

    async def put(self, key: str, data: bytes) -> ObjectRef:
        """Write an object whole."""

    async def delete(self, key: str) -> None:
        """Remove an object from its key."""


class DbConnection(Protocol):
    """A transaction that is open.

    Every method raises `ValueError` where a table or a column has a name that cannot be one.
    """

    async def select(
        self, table: str, where: Mapping[str, Value], order_by: str | None, limit: int | None
    ) -> Sequence[Mapping[str, Cell]]:
        """Rows whose columns equal what is asked for."""

    async def upsert(self, table: str, row: Row, key: Sequence[str]) -> None:
        """Write a row in place of the one with the same key."""

    async def insert(self, table: str, row: Row) -> None:
        """Add a row."""

    async def update(self, table: str, values: Mapping[str, Value], where: Mapping[str, Value]) -> int:
        """Change rows; how many."""

    async def delete(self, table: str, where: Mapping[str, Value]) -> int:
        """Remove rows; how many."""


class DbBackend(Protocol):
    """A database."""

    def transaction(self) -> AbstractAsyncContextManager[DbConnection]:
        """Begin; commit at the end, or take everything back if it ends with an error."""


class Sender(Protocol):
    """Sends messages to queues, topics or addresses."""

    async def send(self, target: str, value: JsonValue, headers: Mapping[str, str]) -> None:
        """Send a message.

        Args:
            target: The queue, the topic, the host of the address.
            value: The message.
            headers: What goes with it: `idempotency_key`, a topic's `key`, `delay_s`.

        Raises:
            NotSent: The message certainly did not leave.
            CallFailed: It may have, and nobody said so.
        """


@dataclass(frozen=True, kw_only=True)
class AiRequest(Question):
    """What a language model is asked; `model` is none where the node names none."""

    model: str | None


@dataclass(frozen=True, kw_only=True)
class AiPiece:
    """A piece of an answer.

    Attributes:
        text: What it adds; empty where it only says how the answer ended.
        finish: How the answer ended; none before it has.
        usage: What was counted at the other side, where it says so.
    """

    text: str = ""
    finish: Finish | None = None
    usage: Usage | None = None


class AiUnanswered(CallFailed):
    """A language model did not answer; `spent` is what it may have charged for all the same, none for the worst."""

    def __init__(  # noqa: PLR0913 - what is known of the failure
        self,
        binding: str,
        kind: FailureKind,
        said: str,
        *,
        retry_after: timedelta | None = None,
        spent: Usage | None = None,
        quoted: str = "",
    ) -> None:
        self.spent = spent
        super().__init__(binding, kind, said, retry_after=retry_after, quoted=quoted)


class AnswerStore(Protocol):
    """Answers that are kept, by the key of what was asked."""

    async def get(self, key: bytes) -> Sequence[str] | None:
        """The pieces of an answer; none if it is not kept."""

    async def put(self, key: bytes, pieces: Sequence[str]) -> None:
        """Keep an answer."""


class AiBackend(Protocol):
    """Language models."""

    @property
    def answers(self) -> AnswerStore | None:
        """Where answers that are the same every time are kept; none where nothing is."""

    def price(self, model: str) -> Price | None:
        """What a model costs as far as the environment says, or is known; none for not known."""

    def purse(self, limits: Limits, *, flow: str, node: str) -> Purse | None:
        """What a node may spend here; none where nothing costs anything. It is closed with the backend."""

    def answer(self, request: AiRequest) -> AsyncGenerator[AiPiece, None]:
        """The answer piece by piece.

        Raises:
            AiUnanswered: There is none, or it broke off.
        """


class Bindings(Protocol):
    """Backends by binding. Each method raises `UsageError` where the binding is not bound."""

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """The values that the environment gives to the flow's variables, by their names."""

    def is_double(self, binding: str) -> bool:
        """Whether a local double stands in for this binding."""

    def http(self, binding: str) -> HttpBackend:
        """The backend of an http capability."""

    def kv(self, binding: str) -> KvWrite:
        """The backend of a key-value capability; its keys are its own."""

    def results(self, node: str) -> KvWrite:
        """Where this machine keeps the results of a node."""

    def dedupe(self, binding: str) -> DedupeBackend:
        """The backend of a dedupe store; its keys are its own."""

    def session(self, binding: str) -> SessionStore:
        """The backend of a session store; its sessions are its own."""

    def db(self, binding: str) -> DbBackend:
        """The backend of a database capability."""

    def blob(self, binding: str) -> BlobBackend:
        """The backend of a blob capability."""

    def sender(self, binding: str, capability: str) -> Sender:
        """The backend of a capability that sends messages, by the capability's name."""

    def ai(self, binding: str) -> AiBackend:
        """The backend of a language model."""

    def credential(self, binding: str) -> Credential:
        """The credential of a binding."""

    def clock(self) -> Clock:
        """The clock."""

    def rng(self) -> Rng:
        """The random source."""

    async def close(self) -> None:
        """Give back connections and files."""
