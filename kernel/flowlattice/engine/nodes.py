"""Nodes bound to their functions and grants: inline ones are called, the others awaited with a timeout."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import cast, get_type_hints

from flowlattice.engine.attempts import Attempts, Failure
from flowlattice.engine.backends import Bindings
from flowlattice.engine.bounds import bounded
from flowlattice.engine.effects import LONGEST_EFFECT_S, KeyOf, Once
from flowlattice.engine.failures import UserCode
from flowlattice.engine.granted import Grant, grants
from flowlattice.engine.results import MemoryResults, Results, ResultStore
from flowlattice.engine.run import Attempt, Run
from flowlattice.engine.saga import Compensation, Undone
from flowlattice.engine.threads import Threads
from flowlattice.engine.tracing import Tracer, traced_grants
from flowlattice.errors import DeadlineExceeded
from flowlattice.ir import model as ir
from flowlattice.ir.repeating import may_repeat


@dataclass(frozen=True)
class BoundInline:
    """A synchronous node that is called in place; `with_run` where it asks for more than its input."""

    name: str
    function: Callable[[object], object]
    with_run: Callable[[object, Run], object] | None = None


def bind_inline(
    node: ir.Node, function: Callable[..., object], bindings: Bindings, results: Results | None
) -> BoundInline:
    """Bind a node that a segment calls; some of its results may be kept."""
    given = grants(function, node.capabilities, bindings)
    if not given:
        return BoundInline(node.name, function if results is None else results.in_place(function))

    def with_run(record: object, run: Run) -> object:
        return function(record, **arguments_of(given, Attempt(run, node.name)))

    return BoundInline(node.name, function, with_run if results is None else results.in_place(with_run))


@dataclass(frozen=True)
class Ways:
    """What the nodes of one flow share when they are called.

    Attributes:
        flow: The flow's name.
        bindings: Backends of their capabilities.
        threads: Where those run that may block.
        tracer: Where spans go; none where nothing is traced.
    """

    flow: str
    bindings: Bindings
    threads: Threads
    tracer: Tracer | None = None

    def grants(self, node: ir.Node, function: Callable[..., object]) -> dict[str, Grant]:
        """What a node's further parameters are given, by name."""
        given = grants(function, node.capabilities, self.bindings)
        return given if self.tracer is None else traced_grants(given, node.capabilities, self.tracer)


class BoundCall:
    """A node that is awaited: as a coroutine, in a thread, or in place.

    Args:
        node: It.
        function: Its function.
        ways: What the flow's nodes share.
        in_place: Whether it is called in place, since it does not block.
        attempts: How it is attempted; none for once and at any time.
        results: Its results that are kept; none where none are.

    Attributes:
        compensation: What undoes its effect where a run fails; none where nothing does.
    """

    def __init__(  # noqa: PLR0913 - what a node stands on
        self,
        node: ir.Node,
        function: Callable[..., object],
        ways: Ways,
        *,
        in_place: bool,
        attempts: Attempts | None,
        results: Results | None,
    ) -> None:
        self.name = node.name
        self._function = function
        self._grants = ways.grants(node, function)
        self._is_async = node.is_async
        self._is_effectful = node.effects == "effectful"
        self._threads = None if in_place else ways.threads
        self._attempts = attempts
        self.compensation: Compensation | None = None
        self._results = results
        self._store: ResultStore = MemoryResults()
        if results is not None and node.cache is not None and node.cache.tier == "local":
            self._store = ways.bindings.results(node.name)
        self._key_of: KeyOf | None = None
        self._once: Once | None = None
        self._is_repeatable = may_repeat(node)
        if node.idempotency is not None:
            self._key_of = KeyOf(ways.flow, node.name, node.idempotency)
            stores = [use.binding for use in node.capabilities if use.name == "dedupe"]
            if stores:
                store = ways.bindings.dedupe(stores[0])
                returns = get_type_hints(function, include_extras=True).get("return", object)
                self._once = Once(
                    node.name, self._key_of, node.idempotency, store, returns, may_repeat=self._is_repeatable
                )

    def call(self, record: object, run: Run, timeout: float | None) -> Coroutine[None, None, object]:
        """Run the node on a record.

        Raises:
            DeadlineExceeded: It took longer than `timeout` seconds.
            NodeBusy: Its rate limit leaves no room in time.
            NodeFailed: Its code raised.
            ReservationHeld: Another run holds its key, and did not settle it while somebody waited.
        """
        if self._results is None:
            return self._worked_on(record, run, timeout)
        return self._results.or_made(record, self._store, lambda: self._worked_on(record, run, timeout))

    async def _worked_on(self, record: object, run: Run, timeout: float | None) -> object:  # noqa: ASYNC109 - see call
        if self._once is not None:
            bound = LONGEST_EFFECT_S if timeout is None else timeout
            return await self._once(record, run, lambda attempt: self._attempted(attempt, bound))
        key = None
        if self._key_of is not None:
            with UserCode(self.name, run):
                key = self._key_of(record).hex()
        return await self._attempted(Attempt(run, self.name, key=key, given=record), timeout)

    def _attempted(self, first: Attempt, timeout: float | None) -> Coroutine[None, None, object]:
        return self._made(first, timeout) if self.compensation is None else self._noted(first, timeout)

    async def _noted(self, first: Attempt, timeout: float | None) -> object:  # noqa: ASYNC109 - see call
        """Attempt it, and note what it did."""
        result = await self._made(first, timeout)
        if self.compensation is not None and first.run.saga is not None:
            await first.run.saga.did(self.compensation, result, self._undone(first))
        return result

    def _undone(self, first: Attempt) -> Undone | None:
        once, key = self._once, first.key
        return None if once is None or key is None else lambda after: once.undone(bytes.fromhex(key), after)

    def _made(self, first: Attempt, timeout: float | None) -> Coroutine[None, None, object]:
        if self._attempts is None:
            return self._bounded(first, timeout)
        return self._attempts.make(first, lambda attempt: self._bounded(attempt, timeout), self._may_repeat)

    def _may_repeat(self, attempt: Attempt, error: Failure) -> bool:
        """Whether no effect may have happened, or a second one under its key does nothing more.

        Without a store of keys delivery is at least once: there it is repeated, unless it may still be under way.
        """
        if self._is_repeatable:
            return True
        is_left = self._is_effectful and not self._is_async and isinstance(error, DeadlineExceeded)
        return not is_left and (self._once is None or not attempt.uncertain)

    def _bounded(self, attempt: Attempt, timeout: float | None) -> Coroutine[None, None, object]:
        return self._invoke(attempt) if timeout is None else self._in_time(attempt, timeout)

    async def _in_time(self, attempt: Attempt, timeout: float) -> object:  # noqa: ASYNC109 - see call
        async with bounded(timeout, attempt.give_up, f"node {self.name}"):
            return await self._invoke(attempt)

    async def _invoke(self, attempt: Attempt) -> object:
        record, arguments = attempt.given, arguments_of(self._grants, attempt)
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

        return work() if self._threads is None else await self._threads.call(work)


def arguments_of(given: dict[str, Grant], attempt: Attempt) -> dict[str, object]:
    """What a node's further parameters are in one attempt."""
    return {name: grant(attempt) for name, grant in given.items()}
