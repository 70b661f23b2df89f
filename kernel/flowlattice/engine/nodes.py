"""Nodes bound to their functions and grants: inline ones are called, the others awaited with a timeout."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from flowlattice.engine.backends import Bindings
from flowlattice.engine.bounds import bounded
from flowlattice.engine.effects import LONGEST_EFFECT_S, KeyOf, Once
from flowlattice.engine.failures import UserCode
from flowlattice.engine.granted import Grant, grants
from flowlattice.engine.run import Attempt, Run
from flowlattice.engine.threads import Threads
from flowlattice.ir import model as ir


@dataclass(frozen=True)
class BoundInline:
    """A synchronous node that is called in place; `with_run` where it asks for more than its input."""

    name: str
    function: Callable[[object], object]
    with_run: Callable[[object, Run], object] | None = None


def bind_inline(node: ir.Node, function: Callable[..., object], bindings: Bindings) -> BoundInline:
    """Bind a node that a segment calls."""
    given = grants(function, node.capabilities, bindings)
    if not given:
        return BoundInline(node.name, function)

    def with_run(record: object, run: Run) -> object:
        return function(record, **arguments_of(given, Attempt(run, node.name)))

    return BoundInline(node.name, function, with_run)


class BoundCall:
    """A node that is awaited: as a coroutine, or in a thread."""

    def __init__(  # noqa: PLR0913 - what a node stands on
        self,
        node: ir.Node,
        function: Callable[..., object],
        *,
        flow: str,
        returns: object,
        bindings: Bindings,
        threads: Threads,
    ) -> None:
        self.name = node.name
        self._function = function
        self._grants = grants(function, node.capabilities, bindings)
        self._is_async = node.is_async
        self._threads = threads
        self._key_of: KeyOf | None = None
        self._once: Once | None = None
        if node.idempotency is not None:
            self._key_of = KeyOf(flow, node.name, node.idempotency)
            stores = [use.binding for use in node.capabilities if use.name == "dedupe"]
            if stores:
                store = bindings.dedupe(stores[0])
                self._once = Once(node.name, self._key_of, node.idempotency, store, returns)

    async def call(self, record: object, run: Run, timeout: float | None) -> object:  # noqa: ASYNC109 - the node's own bound
        """Run the node on a record.

        Raises:
            DeadlineExceeded: It took longer than `timeout` seconds.
            NodeFailed: Its code raised.
            ReservationHeld: Another run holds its key, and did not settle it while somebody waited.
        """
        if self._once is not None:
            bound = LONGEST_EFFECT_S if timeout is None else timeout
            return await self._once(record, run, lambda value, attempt: self._bounded(value, attempt, bound))
        key = None
        if self._key_of is not None:
            with UserCode(self.name, run):
                key = self._key_of(record).hex()
        return await self._bounded(record, Attempt(run, self.name, key=key, given=record), timeout)

    async def _bounded(self, record: object, attempt: Attempt, timeout: float | None) -> object:  # noqa: ASYNC109 - see call
        if timeout is None:
            return await self._invoke(record, attempt)
        async with bounded(timeout, attempt.give_up, f"node {self.name}"):
            return await self._invoke(record, attempt)

    async def _invoke(self, record: object, attempt: Attempt) -> object:
        arguments = arguments_of(self._grants, attempt)
        if self._is_async:
            with UserCode(self.name, attempt.run, awaited=True):
                try:
                    return await cast("Awaitable[object]", self._function(record, **arguments))
                finally:
                    if attempt.holds:
                        await attempt.close()

        def work() -> object:
            with UserCode(self.name, attempt.run):
                return self._function(record, **arguments)

        return await self._threads.call(work)


def arguments_of(given: dict[str, Grant], attempt: Attempt) -> dict[str, object]:
    """What a node's further parameters are in one attempt."""
    return {name: grant(attempt) for name, grant in given.items()}
