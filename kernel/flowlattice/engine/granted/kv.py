"""Grants of kv.read and kv.write."""

from __future__ import annotations

from datetime import timedelta

from flowlattice.capabilities import KvWrite
from flowlattice.engine.backends import Bindings
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse


class GrantedKv(Granted):
    """`KvRead`."""

    def __init__(self, use: CapabilityUse, backend: KvWrite, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend

    async def get(self, key: str) -> str | None:
        """The entry's value, or none when there is none or its time is over."""
        self._read("get", self._use.binding, "kv.read")
        return await self._backend.get(key)


class GrantedKvWrite(GrantedKv):
    """`KvWrite`."""

    async def set(self, key: str, value: str, *, ttl: timedelta | None = None) -> None:
        """Set an entry, for ever or for `ttl`."""
        await self._change("set", self._use.binding, lambda _: self._backend.set(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        """Remove an entry; one that is not there is no error."""
        await self._change("delete", self._use.binding, lambda _: self._backend.delete(key))


def read(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant kv.read."""
    backend = bindings.kv(use.binding)
    return lambda attempt: GrantedKv(use, backend, attempt)


def write(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant kv.write."""
    backend = bindings.kv(use.binding)
    return lambda attempt: GrantedKvWrite(use, backend, attempt)
