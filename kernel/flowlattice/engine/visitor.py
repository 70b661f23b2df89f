"""Whose session a run may touch: the id that the caller came with, and what nodes made of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic import BaseModel

from flowlattice.capabilities import SessionStore
from flowlattice.errors import FlowlatticeError
from flowlattice.record import placed

NOBODY: Final = "-" * 43
"""Stands for the id where a result is kept: as long as one, so that a record that bounds its id takes it."""


def new_session() -> str:
    """An id that nobody can guess: 256 random bits in 43 characters."""
    return secrets.token_urlsafe(32)


def in_session(value: object, session: str) -> object:
    """What is of a session, as it is of another, also within records and lists; what is of none as it is."""
    if isinstance(value, list):
        return [in_session(item, session) for item in value]
    if isinstance(value, dict):
        return {key: in_session(item, session) for key, item in value.items()}
    if not isinstance(value, BaseModel):
        return value
    parts = {name: (info, getattr(value, name)) for name, info in type(value).model_fields.items()}
    changed = {n: session if placed(i) == "session" else in_session(part, session) for n, (i, part) in parts.items()}
    return value.model_copy(update={name: part for name, part in changed.items() if part != parts[name][1]})


class ForeignSession(FlowlatticeError):
    """A session that is not the visitor's."""


class Visitor:
    """One caller.

    An id that a caller brings counts once the store holds something under it. Otherwise somebody else may have planted
    it, so that what is written first is written under a new id. The same holds after a session was ended.

    Args:
        brought: The id that the caller came with, if any.

    Attributes:
        given: The id that nodes know the session by during this run.
        current: The id that the store knows it by.
        written: Whether something was written, so that the caller has to be told the id.
        ended: Whether the session was ended, and nothing written since.
        ttl: For how long what was written last is kept; none for as long as the caller keeps the id.
    """

    __slots__ = ("_is_known", "current", "ended", "given", "ttl", "written")

    def __init__(self, brought: str | None) -> None:
        self.given = self.current = brought or new_session()
        self._is_known = brought is None  # to us alone
        self.written = False
        self.ended = False
        self.ttl: timedelta | None = None

    def own(self, session: str) -> None:
        """Refuse the session of somebody else, whose id may have got into a record in whatever way.

        Raises:
            ForeignSession: It is not the visitor's.
        """
        if session != self.given:
            raise ForeignSession("a run that has a visitor reads and writes that visitor's session alone")

    async def write(self, store: SessionStore, values: Mapping[str, str], ttl: timedelta | None) -> None:
        """Set what the session holds."""
        if not self._is_known and not await store.read(self.current):
            self.current = new_session()
        self._is_known = True
        await store.write(self.current, values, ttl=ttl)
        self.written, self.ended, self.ttl = True, False, ttl

    async def end(self, store: SessionStore) -> None:
        """Forget the session."""
        await store.end(self.current)
        self.current, self._is_known = new_session(), True
        self.written, self.ended = False, True
