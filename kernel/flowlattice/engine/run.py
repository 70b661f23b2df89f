"""A run: what one record that entered through a trigger sets off. `Attempt` is one node's part in it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar

from flowlattice.engine.calls import CallLog, CallRecord, Outcome, digest_of
from flowlattice.engine.outlet import Outlet
from flowlattice.engine.reply import Reply
from flowlattice.engine.saga import Saga
from flowlattice.engine.terms import Terms
from flowlattice.engine.visitor import Visitor

_NONE: Final[Mapping[tuple[str, str], Terms]] = MappingProxyType({})

T = TypeVar("T")


class Run:
    """One run.

    Attributes:
        flow: The name of the flow that runs.
        log: Where capability calls are recorded.
        cancelled: Whether nobody waits for the result any more.
        deadline: When nobody waits any longer, on the monotonic clock in seconds; none for never.
        outputs: What reached nodes without successors, by node, where the host collects it.
        aside: What was put aside where nothing follows, by side output, where the host collects it.
        answer: Called with the first answer where it goes out before the run is over.
        visitor: Whose session a node may read and write; none where the caller has none.
        outlet: Where an answer goes that is written while the run is under way; none where nobody takes one.
        goes_on: Whether the run outlives its answer.
        kept: Work that nobody waits for: effects that have begun, runs that go on.
        saga: What it has done that is undone if it fails; none where nothing is.
        terms: On what terms nodes ask language models, by the names of node and binding.
    """

    __slots__ = (
        "_id",
        "answer",
        "aside",
        "cancelled",
        "deadline",
        "flow",
        "goes_on",
        "kept",
        "log",
        "outlet",
        "outputs",
        "saga",
        "terms",
        "visitor",
    )

    def __init__(
        self,
        log: CallLog,
        kept: set[asyncio.Task[Any]],
        *,
        collect: bool = False,
        flow: str = "",
        terms: Mapping[tuple[str, str], Terms] = _NONE,
    ) -> None:
        self._id: str | None = None
        self.flow = flow
        self.log = log
        self.kept = kept
        self.terms = terms
        self.cancelled = False
        self.goes_on = False
        self.deadline: float | None = None
        self.outputs: list[tuple[str, object]] | None = [] if collect else None
        self.aside: list[tuple[str, object]] | None = [] if collect else None
        self.answer: Callable[[Reply], None] | None = None
        self.outlet: Outlet | None = None
        self.saga: Saga | None = None
        self.visitor: Visitor | None = None

    @property
    def id(self) -> str:
        """The run's id: time first, so that ids sort by age; made when it is first asked for."""
        if self._id is None:
            self._id = f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(8)}"
        return self._id

    def after(self) -> Run:
        """A run under the same id, for what is done when this one is over; nobody waits for it."""
        run = Run(self.log, self.kept, flow=self.flow, terms=self.terms)
        run._id = self.id
        return run

    def cancel(self) -> None:
        """Nobody waits any more; nodes that ask see it."""
        self.cancelled = True

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold on to work that outlives the run, until it is done."""
        self.kept.add(task)
        task.add_done_callback(self._let_go)

    def remaining(self) -> float | None:
        """Seconds until the deadline, not below 0; none where there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self.kept.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has seen it; otherwise nobody is left to


class Attempt:
    """One attempt at a node; what its capabilities record themselves under, and its `Context`.

    Attributes:
        run: The run it is part of.
        node: The node's name.
        attempt: 1 for the first attempt.
        key: The idempotency key of its effects, in hex; none where it has none.
        uncertain: How many effects have begun of which it is not certain that they did not happen.
        given: The record that the node is given.
        exhausted: Whether an answer of a language model was cut because nothing remained of the budget.
        retry_after: How long the other side asked to wait before the next attempt; none if it did not.
    """

    __slots__ = (
        "_gone",
        "_open",
        "_sent",
        "attempt",
        "exhausted",
        "given",
        "key",
        "node",
        "retry_after",
        "run",
        "uncertain",
    )

    def __init__(self, run: Run, node: str, *, key: str | None = None, given: object = None) -> None:
        self.run = run
        self.node = node
        self.given = given
        self.exhausted = False
        self.attempt = 1
        self.key = key
        self.uncertain = 0
        self.retry_after: timedelta | None = None
        self._sent = 0
        self._gone = False
        self._open: list[AsyncIterator[Any]] | None = None

    def next(self) -> Attempt:
        """The attempt after this one, with the same keys for the same effects."""
        after = Attempt(self.run, self.node, key=self.key, given=self.given)
        after.attempt = self.attempt + 1
        after.uncertain = self.uncertain
        return after

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.id

    def is_cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""
        return self._gone or self.run.cancelled

    def give_up(self) -> None:
        """This attempt took too long."""
        self._gone = True

    def next_key(self) -> str | None:
        """The key of the next effect: the node's, numbered from the second on, since a key names one effect."""
        if self.key is None:
            return None
        self._sent += 1
        return self.key if self._sent == 1 else f"{self.key}-{self._sent}"

    def hold(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """What a capability gives piece by piece; it is closed when the node is over, however it ends."""
        if self._open is None:
            self._open = []
        self._open.append(items)
        return items

    @property
    def holds(self) -> bool:
        """Whether there is something to close."""
        return self._open is not None

    async def close(self) -> None:
        """The node is over: close what it left open."""
        for items in reversed(self._open or ()):
            if isinstance(items, AsyncGenerator):
                await items.aclose()

    def record(
        self, capability: str, method: str, target: str, *, key: str | None = None, outcome: Outcome = "done"
    ) -> None:
        """Record a call of a capability."""
        self.run.log.record(
            CallRecord(
                run=self.run.id,
                node=self.node,
                attempt=self.attempt,
                capability=capability,
                method=method,
                target=target,
                key=key,
                outcome=outcome,
                given=None if key is None else digest_of(self.given),
            )
        )
