"""Grants of session.read and session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flowlattice.capabilities import SessionStore
from flowlattice.engine.backends import Bindings
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse


class GrantedSession(Granted):
    """`SessionRead`. The session of the run's visitor may be stored under another id than the record has."""

    def __init__(self, use: CapabilityUse, backend: SessionStore, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend
        self._visitor = attempt.run.visitor

    def _stored(self, session: str) -> str:
        if self._visitor is None:
            return session
        self._visitor.own(session)
        return self._visitor.current

    async def read(self, session: str) -> Mapping[str, str]:
        """What a session holds; nothing where there is none, or its time is over.

        Raises:
            ForeignSession: It is not the visitor's.
        """
        stored = self._stored(session)
        self._read("read", self._use.binding, "session.read")
        return await self._backend.read(stored)


class GrantedSessionStore(GrantedSession):
    """`SessionStore`."""

    async def write(self, session: str, values: Mapping[str, str], *, ttl: timedelta | None = None) -> None:
        """Set what a session holds, in place of what it held, for ever or for `ttl`.

        Raises:
            ForeignSession: It is not the visitor's.
        """
        stored, store, visitor = self._stored(session), self._backend, self._visitor
        await self._change(
            "write",
            self._use.binding,
            lambda _: store.write(stored, values, ttl=ttl) if visitor is None else visitor.write(store, values, ttl),
        )

    async def end(self, session: str) -> None:
        """Forget a session; one that is not there is no error.

        Raises:
            ForeignSession: It is not the visitor's.
        """
        stored, store, visitor = self._stored(session), self._backend, self._visitor
        await self._change(
            "end", self._use.binding, lambda _: store.end(stored) if visitor is None else visitor.end(store)
        )


def read(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant session.read."""
    backend = bindings.session(use.binding)
    return lambda attempt: GrantedSession(use, backend, attempt)


def store(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant session."""
    backend = bindings.session(use.binding)
    return lambda attempt: GrantedSessionStore(use, backend, attempt)
