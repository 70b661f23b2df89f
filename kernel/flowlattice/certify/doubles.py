"""Bindings that are watched: a check sees each call of a backend before it is made and after it, and may step in.

To count, remember the calls; to delay, wait before one; to fault it, raise; to crash there, end the process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction
from itertools import count
from typing import Protocol, cast

from pydantic import JsonValue

from flowlattice.capabilities import Clock, KvWrite, Rng, SessionStore
from flowlattice.engine.backends import (
    AiBackend,
    Bindings,
    BlobBackend,
    Credential,
    DbBackend,
    DedupeBackend,
    HttpBackend,
    Sender,
)


@dataclass(frozen=True, kw_only=True)
class BackendCall:
    """A call of a backend.

    Attributes:
        number: 1 for the first of all.
        family: What is called: `http`, `kv`, `results`, `dedupe`, `session`, `db`, `blob`, `sender` or `ai`.
        binding: The binding's name, for `results` the node's.
        method: The backend's method; of a database also `begin` and `commit`.
        arguments: What it is called with, in order.
        named: What it is called with by name.
    """

    number: int
    family: str
    binding: str
    method: str
    arguments: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)


class Watcher(Protocol):
    """Sees calls. What it raises is what the caller gets."""

    async def before(self, call: BackendCall) -> None:
        """A call is about to be made."""

    async def after(self, call: BackendCall) -> None:
        """A call was made, and nobody knows of it yet; it is not asked of calls that failed."""


class WatchedBindings:
    """Bindings whose calls are watched.

    Args:
        inner: What is called.
        watcher: What sees the calls.
        clock: Another clock than theirs.
    """

    def __init__(self, inner: Bindings, watcher: Watcher | None = None, *, clock: Clock | None = None) -> None:
        self._inner = inner
        self._watcher = watcher
        self._clock = clock
        self._numbers = count(1)

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """Those of what is called."""
        return self._inner.variables

    def is_double(self, binding: str) -> bool:
        """Whether a local double stands in for a binding."""
        return self._inner.is_double(binding)

    def http(self, binding: str) -> HttpBackend:
        """The backend of an http capability."""
        return cast("HttpBackend", self._watched("http", binding, self._inner.http(binding)))

    def kv(self, binding: str) -> KvWrite:
        """The backend of a key-value capability."""
        return cast("KvWrite", self._watched("kv", binding, self._inner.kv(binding)))

    def results(self, node: str) -> KvWrite:
        """Where the results of a node are kept."""
        return cast("KvWrite", self._watched("results", node, self._inner.results(node)))

    def dedupe(self, binding: str) -> DedupeBackend:
        """The backend of a dedupe store."""
        return cast("DedupeBackend", self._watched("dedupe", binding, self._inner.dedupe(binding)))

    def session(self, binding: str) -> SessionStore:
        """The backend of a session store."""
        return cast("SessionStore", self._watched("session", binding, self._inner.session(binding)))

    def db(self, binding: str) -> DbBackend:
        """The backend of a database capability."""
        return cast("DbBackend", self._watched("db", binding, self._inner.db(binding)))

    def blob(self, binding: str) -> BlobBackend:
        """The backend of a blob capability."""
        return cast("BlobBackend", self._watched("blob", binding, self._inner.blob(binding)))

    def sender(self, binding: str, capability: str) -> Sender:
        """The backend of a capability that sends messages."""
        return cast("Sender", self._watched("sender", binding, self._inner.sender(binding, capability)))

    def ai(self, binding: str) -> AiBackend:
        """The backend of a language model."""
        return cast("AiBackend", self._watched("ai", binding, self._inner.ai(binding)))

    def credential(self, binding: str) -> Credential:
        """The credential of a binding, which nobody waits for."""
        return self._inner.credential(binding)

    def clock(self) -> Clock:
        """The clock."""
        return self._clock or self._inner.clock()

    def rng(self) -> Rng:
        """The random source."""
        return self._inner.rng()

    async def close(self) -> None:
        """Close what is called."""
        await self._inner.close()

    def _watched(self, family: str, binding: str, backend: object) -> object:
        if self._watcher is None:
            return backend
        return _Watched(backend, _Watch(self._watcher, self._numbers, family, binding))


@dataclass(frozen=True)
class _Watch:
    """What sees the calls of one backend."""

    watcher: Watcher
    numbers: Iterator[int]
    family: str
    binding: str

    async def before(
        self, method: str, arguments: tuple[object, ...] = (), named: Mapping[str, object] | None = None
    ) -> BackendCall:
        call = BackendCall(
            number=next(self.numbers),
            family=self.family,
            binding=self.binding,
            method=method,
            arguments=arguments,
            named=named or {},
        )
        await self.watcher.before(call)
        return call

    async def after(self, call: BackendCall) -> None:
        await self.watcher.after(call)


class _Watched:
    """A backend, or a transaction, each of whose methods is watched that somebody waits for."""

    def __init__(self, inner: object, watch: _Watch) -> None:
        self._inner = inner
        self._watch = watch

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._inner, name)
        if name == "transaction":
            return self._transaction
        if iscoroutinefunction(found):
            return self._awaited(name, found)
        return self._pulled(name, found) if isasyncgenfunction(found) else found

    def _awaited(self, name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., object]:
        async def call(*arguments: object, **named: object) -> object:
            made = await self._watch.before(name, arguments, named)
            result = await method(*arguments, **named)
            await self._watch.after(made)
            return result

        return call

    def _pulled(self, name: str, method: Callable[..., AsyncIterator[object]]) -> Callable[..., object]:
        async def pull(*arguments: object, **named: object) -> AsyncIterator[object]:
            made = await self._watch.before(name, arguments, named)
            async for item in method(*arguments, **named):
                yield item
            await self._watch.after(made)

        return pull

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[object]:
        made = await self._watch.before("begin")
        async with cast("DbBackend", self._inner).transaction() as connection:
            await self._watch.after(made)
            yield _Watched(connection, self._watch)
            made = await self._watch.before("commit")  # what is raised here takes everything back
        await self._watch.after(made)
