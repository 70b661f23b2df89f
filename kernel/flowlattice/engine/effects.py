"""Effects that happen once: reserve the key, run the node, remember what it returned, replay it for duplicates.

An effect that has begun is finished and remembered even when nobody waits any more, so that whoever asks again gets
its result. A failure before any effect began frees the key; one after it leaves the key in doubt, never repeated
unless doing it again under the same key does nothing more, by contract of the receivers (`ir.repeating`). What
became of an effect is written even where the store cannot be written at first: until then its key is taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, Final, cast

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from flowlattice import keys
from flowlattice.engine.backends import DedupeBackend, EffectInDoubt, Holder, ResultUnknown
from flowlattice.engine.failures import UserCode
from flowlattice.engine.run import Attempt, Run
from flowlattice.engine.visitor import NOBODY, in_session
from flowlattice.errors import ReservationHeld
from flowlattice.ir.model import Idempotency
from flowlattice.language.invalid import InvalidInput

DEFAULT_TTL: Final = timedelta(hours=24)
SHORTEST_TTL: Final = timedelta(seconds=300)
LONGEST_EFFECT_S: Final = 60.0
"""How long an effect without a timeout of its own may go on after nobody waits for it."""
LONGEST_CONFIRMING_S: Final = 60.0
"""A result that cannot be written for so long is given up, and its key is put in doubt."""
_LONGEST_WAIT_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 5.0

_log = logging.getLogger("flowlattice.engine")

Invoke = Callable[[Attempt], Awaitable[object]]
_Outcome = Callable[[bytes], Awaitable[None]]


class KeyOf:
    """The idempotency key of a node's effect on a record."""

    def __init__(self, flow: str, node: str, idempotency: Idempotency) -> None:
        self.flow = flow
        self._node = node
        self._fields = idempotency.fields

    def __call__(self, record: object) -> bytes:
        """The key of the effect on this record.

        Raises:
            InvalidInput: A field's value cannot be part of a key.
        """
        values = wire_values(record, self._fields)
        try:
            return keys.idempotency_key(self.flow, self._node, "", values)
        except keys.KeyFieldError as error:
            raise InvalidInput(
                error.path.removeprefix("fields."), f"cannot be part of a key: {error.problem}"
            ) from error


class Once:
    """Runs a node at most once per key, unless it `may_repeat` what is in doubt."""

    def __init__(  # noqa: PLR0913 - what an effect is known by, remembered in, and may do
        self,
        name: str,
        key_of: KeyOf,
        idempotency: Idempotency,
        store: DedupeBackend,
        returns: object,
        *,
        may_repeat: bool = False,
    ) -> None:
        self._name = name
        self._key_of = key_of
        self._store = store
        self._may_repeat = may_repeat
        self._result: TypeAdapter[Any] = TypeAdapter(cast("Any", returns))
        ttl = DEFAULT_TTL if idempotency.ttl_ms is None else timedelta(milliseconds=idempotency.ttl_ms)
        self.ttl = max(ttl, SHORTEST_TTL)

    async def __call__(self, record: object, run: Run, invoke: Invoke) -> object:
        """What the node returned for this key, now or before."""
        work: asyncio.Task[object] = asyncio.create_task(self._settle(record, run, invoke))
        run.keep(work)
        return await asyncio.shield(work)

    async def undone(self, key: bytes, run: Run) -> None:
        """Its effect under a key was undone."""
        await self._end(key, run, self._store.undone)

    async def _settle(self, record: object, run: Run, invoke: Invoke) -> object:
        with UserCode(self._name, run):
            key = self._key_of(record)
        known = await self._reserve(key, run)
        if known is not None:
            return self._again(known, key, run)
        if run.cancelled:
            await self._end(key, run, self._store.release)
            raise asyncio.CancelledError
        attempt = Attempt(run, self._name, key=key.hex(), given=record)
        try:
            result = await invoke(attempt)
            # Whoever asks again gets the result, and not the session of whoever asked first.
            kept = self._result.dump_json(in_session(result, NOBODY), by_alias=True)
        except BaseException:
            await self._end(key, run, self._store.doubt if attempt.uncertain else self._store.release)
            raise
        writing = await self._end(key, run, lambda key: self._store.confirm(key, kept))
        if writing is not None and not await writing:
            raise EffectInDoubt(f"the effect of key {key.hex()} happened, and that could not be written")
        return result

    def _again(self, known: bytes, key: bytes, run: Run) -> object:
        """What was returned for the key, as this version of the node returns it.

        Raises:
            ResultUnknown: It was kept by a version that returned something else.
        """
        try:
            result = self._result.validate_json(known)
        except ValidationError:
            raise ResultUnknown(f"another version of {self._name} kept the result of key {key.hex()}") from None
        return in_session(result, NOBODY if run.visitor is None else run.visitor.given)

    async def _end(self, key: bytes, run: Run, outcome: _Outcome) -> asyncio.Task[bool] | None:
        """Write what became of a key; where that fails, the work that goes on trying, which nobody has to wait for."""
        try:
            await outcome(key)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the store, the effect is what it is
            said = {"run": run.id, "flow": run.flow, "node": self._name, "error": type(error).__name__}
            _log.error("what became of key %s cannot be written now; it is tried again", key.hex(), extra=said)
            writing = asyncio.create_task(self._end_at_last(key, outcome))
            run.keep(writing)
            return writing
        return None

    async def _end_at_last(self, key: bytes, outcome: _Outcome) -> bool:
        """Try until it is written; whether it was, and the key is not in doubt instead."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_CONFIRMING_S
        pause = 0.05
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            in_time = loop.time() < until
            try:
                await (outcome(key) if in_time else self._store.doubt(key))
            except Exception:  # noqa: BLE001 - the first failure is in the log
                continue
            _log.warning("key %s is written: %s", key.hex(), "as it ended" if in_time else "in doubt")
            return in_time

    async def _reserve(self, key: bytes, run: Run) -> bytes | None:
        """Reserve; where another run holds the key, wait for what it will have returned, as long as somebody waits."""
        loop = asyncio.get_running_loop()
        remaining = run.remaining()
        until = loop.time() + (_LONGEST_WAIT_S if remaining is None else remaining)
        pause = 0.005
        holder = Holder(self._key_of.flow, self._name, run.id)
        while True:
            try:
                return await self._store.reserve(key, ttl=self.ttl, holder=holder, may_repeat=self._may_repeat)
            except (EffectInDoubt, ResultUnknown):
                raise
            except ReservationHeld:
                if run.cancelled or loop.time() + pause >= until:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.1)


def wire_values(record: object, fields: Iterable[str]) -> dict[str, JsonValue]:
    """Fields of a record by their names on the wire, with their values as JSON has them."""
    return {name: _plain(_field(record, name)) for name in fields}


def _field(record: object, name: str) -> object:
    if isinstance(record, BaseModel):
        for attribute, field in type(record).model_fields.items():
            if name in {attribute, field.alias}:
                return getattr(record, attribute)
    if isinstance(record, dict) and name in record:
        return record[name]
    raise KeyError(name)


def _plain(value: object) -> JsonValue:
    """The value as JSON has it, so that a date or a record is the same key wherever it comes from."""
    plain: JsonValue = to_jsonable_python(value, by_alias=True)
    return plain
