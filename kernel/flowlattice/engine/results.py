"""Results of nodes that are kept, so that the same input is not worked on twice.

What identifies a result are the fields that the node names, the flow's version and variables as far as it names them.
They are kept as JSON and read anew each time, so that nobody changes what others get.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol, cast, get_type_hints

from blake3 import blake3
from pydantic import JsonValue, TypeAdapter, ValidationError

from flowlattice import keys
from flowlattice.engine.effects import wire_values
from flowlattice.engine.runnable import NotRunYet
from flowlattice.engine.variables import Given
from flowlattice.ir import model as ir

MOST_IN_MEMORY: Final = 10_000
"""So many results of one node are kept in the process; the one that was used longest ago goes first."""


class ResultStore(Protocol):
    """Where results are kept: texts by key."""

    async def get(self, key: str) -> str | None:
        """What is kept; none where there is nothing, or its time is over."""

    async def set(self, key: str, value: str, *, ttl: timedelta | None = None) -> None:
        """Keep a text, for ever or for `ttl`."""


class MemoryResults:
    """Texts in this process.

    Args:
        clock: A monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[str, float | None]] = OrderedDict()

    def look_up(self, key: str) -> str | None:
        """What is kept; none where there is nothing, or its time is over."""
        found = self._kept.get(key)
        if found is None:
            return None
        value, until = found
        if until is not None and self._clock() >= until:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return value

    def keep(self, key: str, value: str, ttl: timedelta | None) -> None:
        """Keep a text, for ever or for `ttl`."""
        self._kept[key] = value, None if ttl is None else self._clock() + ttl.total_seconds()
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_IN_MEMORY:
            self._kept.popitem(last=False)

    async def get(self, key: str) -> str | None:
        """The same as `look_up`."""
        return self.look_up(key)

    async def set(self, key: str, value: str, *, ttl: timedelta | None = None) -> None:
        """The same as `keep`."""
        self.keep(key, value, ttl)


class Results:
    """The results of one node.

    Args:
        cache: How they are kept.
        function: Its function, which says what it returns.
        about: What its results depend on besides its input.
    """

    def __init__(self, cache: ir.Cache, function: Callable[..., object], about: Mapping[str, JsonValue]) -> None:
        self._fields = cache.fields
        self._about = dict(about)
        self._ttl = None if cache.ttl_ms is None else timedelta(milliseconds=cache.ttl_ms)
        returns = get_type_hints(function, include_extras=True).get("return", object)
        self._type: TypeAdapter[Any] = TypeAdapter(cast("Any", returns))

    async def or_made(self, record: object, store: ResultStore, make: Callable[[], Awaitable[object]]) -> object:
        """The result for a record: the one that is kept, or a new one, which is kept then."""
        key = self._key(record)
        found = None if key is None else self._read(await store.get(key))
        if found is not None:
            return found[0]
        value = await make()
        if key is not None:
            await store.set(key, self._written(value), ttl=self._ttl)
        return value

    def in_place(self, function: Callable[..., object]) -> Callable[..., object]:
        """A function that is called in place, with its results in memory; what else it is given does not count."""
        store = MemoryResults()

        def call(record: object, *others: object) -> object:
            key = self._key(record)
            found = None if key is None else self._read(store.look_up(key))
            if found is not None:
                return found[0]
            value = function(record, *others)
            if key is not None:
                store.keep(key, self._written(value), self._ttl)
            return value

        return call

    def _key(self, record: object) -> str | None:
        """What identifies the result; none where a value cannot be part of a key, so that nothing is kept."""
        try:
            return blake3(keys.canonical({**self._about, "x": wire_values(record, self._fields)})).hexdigest()
        except keys.KeyFieldError:
            return None

    def _read(self, text: str | None) -> tuple[object] | None:
        """A result; none where there is none, or it is of an earlier shape of the record."""
        try:
            return None if text is None else (self._type.validate_json(text),)
        except ValidationError:
            return None

    def _written(self, value: object) -> str:
        return self._type.dump_json(value, by_alias=True).decode()


def results_of(node: ir.Node, function: Callable[..., object], flow: ir.FlowIR, given: Given) -> Results | None:
    """The results of a node that are kept; none where none are: an effect does not come out of a cache.

    Raises:
        NotRunYet: They are kept in a way that no engine of this version has.
    """
    cache = node.cache
    if cache is None or node.effects == "effectful":
        return None
    if cache.tier == "shared":
        raise NotRunYet(f"shared caches (of {node.name})")
    if node.stream:
        raise NotRunYet(f"caches of streams (of {node.name})")
    variables = {name: value for values in given.values() for name, value in values.model_dump(mode="json").items()}
    voided: dict[str, JsonValue] = {name: variables.get(name) for name in cache.invalidate if name != "version"}
    version = flow.version if "version" in cache.invalidate else None
    return Results(cache, function, {"f": flow.name, "n": node.name, "v": version, "s": voided})
