"""One node, alone, under all that repeats its effects: duplicates, bursts, reordering, delays, the end of its process.

Everything is run by the real engine over a folder (`landing`), so that a process that ends leaves what a real one
leaves: what has landed, and keys that nobody alive holds.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import JsonValue

from flowlattice.certify.alone import PINNED, Alone, AloneHost, Outcome
from flowlattice.certify.doubles import BackendCall, WatchedBindings
from flowlattice.certify.identities import Keys, rewritten, varied
from flowlattice.certify.landing import Landed, Landing, look
from flowlattice.certify.once import Demand
from flowlattice.certify.probes import CRASHED
from flowlattice.engine.effects import DEFAULT_TTL, SHORTEST_TTL
from flowlattice.plausible import plausible

_MOST_TRIED: Final = 12
_CHOSEN: Final = 2
_AT_ONCE: Final = 4
_IN_DOUBT: Final = frozenset({"EffectInDoubt", "ResultUnknown"})


Given: TypeAlias = "tuple[str, JsonValue]"
"""A node and its input."""


@dataclass
class Counting:
    """Counts calls of backends, and ends the process after one; `last` for never."""

    last: int = 0
    made: int = 0

    async def before(self, call: BackendCall) -> None:
        """Nothing is done yet."""

    async def after(self, call: BackendCall) -> None:
        """The backend did it, and the node does not know yet."""
        self.made = max(self.made, call.number)
        if call.number == self.last:
            os._exit(CRASHED)


@dataclass(frozen=True, kw_only=True)
class Once:
    """A run of one input, with nothing else about.

    Attributes:
        value: The input.
        given: What the node before it is given first, for what it finds stored; none where it is not run.
        landed: What it left.
        effects: How much of that was not there before.
        calls: How many calls of backends it made.
        failed: The name of what it failed with; none if it did not.
    """

    value: JsonValue
    given: Given | None
    landed: Landed
    effects: int
    calls: int
    failed: str | None

    def to_json(self) -> JsonValue:
        """As data."""
        given: JsonValue = None if self.given is None else [*self.given]
        rest: dict[str, JsonValue] = {"effects": self.effects, "calls": self.calls, "failed": self.failed}
        return {"value": self.value, "given": given, "landed": self.landed.to_json(), **rest}

    @classmethod
    def from_json(cls, text: str) -> Once:
        """What `to_json` gave."""
        given = json.loads(text)
        return cls(
            value=given["value"],
            given=None if given["given"] is None else (given["given"][0], given["given"][1]),
            landed=Landed.from_json(given["landed"]),
            effects=given["effects"],
            calls=given["calls"],
            failed=given["failed"],
        )


@dataclass(kw_only=True)
class Found:
    """What was found.

    Attributes:
        failures: What is wrong, a sentence each.
        runs: How many runs there were.
        in_doubt: How many were refused because nobody knows.
    """

    failures: list[str]
    runs: int = 0
    in_doubt: int = 0


class Repetition:
    """A node whose effects are repeated, over folders in one.

    Args:
        alone: The node.
        before: The nodes that lead to it.
        folder: Where everything lands.
    """

    def __init__(self, alone: Alone, before: Sequence[Alone], folder: Path) -> None:
        self.alone = alone
        self.demand = Demand.of(alone.node)
        self._before = {one.name: one for one in before}
        self._folder = folder

    async def chosen(self, keys: Keys, inputs: Sequence[JsonValue] | None) -> list[Once]:
        """Inputs that have an effect, each run once: some that differ in what they call, and others with other keys.

        Those that the node fails on come in only where it fails on all, and a node before it is run only where without
        there is no effect.

        Args:
            keys: The node's keys.
            inputs: What to choose from; what is quickly had by default.
        """
        if inputs is not None:
            tried = await self._tried("given", inputs, keys)
        else:
            tried = await self._tried("likely", _likely(self.alone), keys)
            if not any(one.effects for one in tried):
                tried = [one async for one in self._led_to()]
        fit = [one for one in tried if one.effects and one.failed is None] or [one for one in tried if one.effects]
        by_calls = list({one.calls: one for one in reversed(fit)}.values())[::-1][:_CHOSEN]
        others = [
            await self.once(value, f"sibling-{at}-{number}", one.given)
            for at, one in enumerate(by_calls)
            for number, value in enumerate(keys.siblings(one.value, [one.value for one in tried]))
        ]
        found = {keys.key(one.value): one for one in [*others, *by_calls] if one.effects}
        return sorted(found.values(), key=lambda one: one not in by_calls)

    async def _tried(self, place: str, values: Sequence[JsonValue], keys: Keys) -> list[Once]:
        keyed = [value for value in values if keys.key(value) is not None]
        return [await self.once(value, f"{place}-{number}") for number, value in enumerate(keyed)]

    async def _led_to(self) -> AsyncIterator[Once]:
        """Runs on what the nodes before it give, over what those have stored, and their effects."""
        for before in self._before.values():
            for number, value in enumerate(_likely(before)):
                place, given = f"{before.name}-{number}", (before.name, value)
                output = await self._prepare(place, given)
                if output is not None and self.alone.accepts(output):
                    yield await self.once(output, f"{place}-on", given)

    async def once(self, value: JsonValue, place: str, given: Given | None = None) -> Once:
        """Run an input once, with nothing else about."""
        await self._prepare(place, given)
        before, counting = look(self._folder / place), Counting()
        async with self.host(place, counting) as host:
            outcome = await host.run(value)
        failed = None if outcome.failure is None else outcome.failure.type
        landed = look(self._folder / place)
        effects = landed.since(before)
        return Once(value=value, given=given, landed=landed, effects=effects, calls=counting.made, failed=failed)

    async def led_otherwise(self, keys: Keys) -> AsyncIterator[str]:
        """Nodes before it that, given the same again or written otherwise, lead to another key."""
        for name, value, place in self._leading():
            first = await self._led(keys, name, value, place)
            if await self._led(keys, name, value, place, later=timedelta(hours=1)) != first:
                yield f"the key of {self.alone.name} differs each time that {name} is given the same"
                continue
            for number, (one, other, how) in enumerate(rewritten(self._before[name], value)):
                both = {
                    await self._led(keys, name, text, f"{place}-{number}-{at}") for at, text in enumerate((one, other))
                }
                if None not in both and len(both) > 1:
                    yield f"the key of {self.alone.name} differs {how} for {name}"

    async def led_keys(self, keys: Keys, process: str) -> list[str | None]:
        """The keys to which the nodes before it lead in this process."""
        return [await self._led(keys, name, value, f"{place}-{process}") for name, value, place in self._leading()]

    def _leading(self) -> list[tuple[str, JsonValue, str]]:
        """The nodes before it, each with some inputs and a place for what they do."""
        return [
            (before.name, value, f"{before.name}-leads-{number}")
            for before in self._before.values()
            for number, value in enumerate(_likely(before)[:_CHOSEN])
        ]

    async def _led(
        self, keys: Keys, name: str, value: JsonValue, place: str, later: timedelta = timedelta(0)
    ) -> str | None:
        return keys.key(await self._prepare(place, (name, value), seed=5 if later else 1, later=later))

    async def _prepare(
        self, place: str, given: Given | None, *, seed: int = 1, later: timedelta = timedelta(0)
    ) -> JsonValue:
        """Run the node before over a place; what it gave."""
        if given is None:
            return None
        landing = Landing(self._folder / place, at=PINNED + later, seed=seed, later=timedelta(0))
        async with self._before[given[0]].host(landing) as host:
            return (await host.run(given[1])).output

    async def many(self, inputs: Sequence[Once]) -> Found:
        """Run inputs at once, again, in other orders, and late; what landed has to be what each leaves once."""
        found, values = Found(failures=[]), [one.value for one in inputs]
        for place in ("once", "many"):
            for one in inputs:
                await self._prepare(place, one.given)
        async with self.host("once") as host:
            for value in values:
                await host.run(value)
        once = look(self._folder / "once")
        async with self.host("many") as host:
            for value in values:
                self._agree(await asyncio.gather(*(host.run(value) for _ in range(_AT_ONCE))), found)
        self._compare(once, "many", "when the same input comes several times at once", found)
        for order in (values[::-1], values):
            async with self.host("many", seed=2) as host:
                await asyncio.gather(*(host.run(value) for value in (*order, *order)))
                for value in order:
                    await host.run(value)
                found.runs += 3 * len(order)
            self._compare(once, "many", "when inputs come again, among others and in another order", found)
        async with self.host("many", seed=3, later=self.ttl - timedelta(seconds=1)) as host:
            for value in values:
                await host.run(value)
                found.runs += 1
        self._compare(once, "many", "when an input comes again, late but before its key is forgotten", found)
        return found

    async def until_crash(self, once: Once, place: str, last: int) -> None:
        """Run an input until a call, and end the process there."""
        await self._prepare(place, once.given)
        async with self.host(place, Counting(last)) as host:
            await host.run(once.value)

    async def recovered(self, once: Once, place: str, last: int) -> Found:
        """Run an input again, and again, after a process ended at a call."""
        found, crashed = Found(failures=[]), look(self._folder / place)
        async with self.host(place, seed=4, later=self.ttl / 2) as host:
            outcomes = [await host.run(once.value), await host.run(once.value)]
        found.runs += len(outcomes)
        failed = [None if outcome.failure is None else outcome.failure.type for outcome in outcomes]
        when = f"after its process ended behind call {last} of {once.calls}"
        if not _IN_DOUBT & {*failed}:
            if failed != [once.failed] * 2:
                found.failures.append(f"{self.alone.name} fails ({failed[0] or failed[1]}) {when}")
            self._compare(once.landed, place, when, found)
        elif self.demand.promise != "once" or last >= once.calls:
            found.failures.append(f"{self.alone.name} is left in doubt {when}, though nothing is")
        else:
            found.in_doubt += 1
            self._compare(crashed, place, f"{when}, though it is in doubt", found)
        return found

    @property
    def ttl(self) -> timedelta:
        """For how long a key is remembered."""
        idempotency = self.alone.node.idempotency
        stated = None if idempotency is None else idempotency.ttl_ms
        return DEFAULT_TTL if stated is None else max(timedelta(milliseconds=stated), SHORTEST_TTL)

    @asynccontextmanager
    async def host(
        self, place: str, counting: Counting | None = None, *, seed: int = 1, later: timedelta = timedelta(0)
    ) -> AsyncIterator[AloneHost]:
        """Where the node runs over what has landed in a place, so much later than at first."""
        landing = Landing(self._folder / place, at=PINNED, seed=seed, later=later)
        async with self.alone.host(WatchedBindings(landing, counting)) as host:
            yield host

    def _agree(self, outcomes: Sequence[Outcome], found: Found) -> None:
        """Whoever asks at once gets the same, where a store remembers what was returned."""
        found.runs += len(outcomes)
        remembers = any(use.name == "dedupe" for use in self.alone.node.capabilities)
        if remembers and len({outcome.text for outcome in outcomes if outcome.failure is None}) > 1:
            found.failures.append(f"{self.alone.name} answers duplicates otherwise than the first")

    def _compare(self, once: Landed, place: str, when: str, found: Found) -> None:
        said = self.demand.broken(once, look(self._folder / place), when)
        found.failures += [failure for failure in said if failure not in found.failures]


def _likely(alone: Alone) -> list[JsonValue]:
    """Inputs that are quickly had: what was recorded, what is plausible, and what is near the first of them."""
    likely = [value for value in (*alone.recorded, plausible(alone.schema)) if alone.accepts(value)]
    return [*likely, *(other for value in likely[:1] for other in varied(alone, value))][:_MOST_TRIED]
