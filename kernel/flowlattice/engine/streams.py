"""Nodes that give their records piece by piece: each goes through all that follows before the next is asked for.

So nothing waits in between, and whoever takes slowly makes the node wait. There is no queue and no task an item.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from inspect import isawaitable
from typing import TypeAlias, cast

from flowlattice.engine.attempts import Attempts, Failure
from flowlattice.engine.bounds import bounded
from flowlattice.engine.effects import KeyOf
from flowlattice.engine.failures import PASSING_AWAITED, UserCode
from flowlattice.engine.nodes import Ways, arguments_of
from flowlattice.engine.reply import Reply
from flowlattice.engine.run import Attempt, Run
from flowlattice.engine.runnable import NotRunYet
from flowlattice.errors import DeadlineExceeded, NodeFailed
from flowlattice.ir import model as ir

Awaited: TypeAlias = Callable[[object, Run], Coroutine[None, None, Reply | None]]
"""What happens to a record, where it may have to be waited for."""

Otherwise: TypeAlias = Callable[[object, Run, Failure], Coroutine[None, None, Reply | None]]
"""What happens to a record that a node failed on."""


class BoundStream:
    """A streaming node with its function and grants.

    Raises:
        NotRunYet: What it gives is to be remembered by key.
    """

    def __init__(
        self, node: ir.Node, function: Callable[..., object], ways: Ways, *, attempts: Attempts | None
    ) -> None:
        self.name = node.name
        self._function = function
        self._grants = ways.grants(node, function)
        self._attempts = attempts
        self._key_of = None if node.idempotency is None else KeyOf(ways.flow, node.name, node.idempotency)
        if node.idempotency is not None and node.uses("dedupe"):
            raise NotRunYet(f"streams that are remembered by key ({node.name})")

    async def pull(
        self,
        record: object,
        run: Run,
        timeout: float | None,  # noqa: ASYNC109 - the node's own bound
        then: Awaited,
        otherwise: Otherwise | None = None,
    ) -> Reply | None:
        """Take all that the node gives for a record, one after the other, through what follows it.

        Args:
            record: What it is given.
            run: The run.
            timeout: How many seconds all of it may take, what follows included.
            then: What follows.
            otherwise: What happens where it fails before its first item; by default the failure is raised.

        Returns:
            The last answer of what follows.

        Raises:
            DeadlineExceeded: It took longer than `timeout`.
            NodeBusy: Its rate limit leaves no room in time.
            NodeFailed: Its code raised.
        """
        key = None
        with UserCode(self.name, run):
            if self._key_of is not None:
                key = self._key_of(record).hex()
        first, going = Attempt(run, self.name, key=key, given=record), _Going(then)
        if self._attempts is None and otherwise is None:
            return await self._bounded(first, going, timeout)
        try:
            if self._attempts is None:
                return await self._bounded(first, going, timeout)
            return await self._attempts.make(
                first, lambda attempt: self._bounded(attempt, going, timeout), lambda _attempt, _error: not going.begun
            )
        except (NodeFailed, DeadlineExceeded) as error:
            if otherwise is None or going.begun:
                raise
            failed = error
        return await otherwise(record, run, failed)

    async def _bounded(self, attempt: Attempt, going: _Going, timeout: float | None) -> Reply | None:  # noqa: ASYNC109 - see pull
        with UserCode(self.name, attempt.run):
            given = self._function(attempt.given, **arguments_of(self._grants, attempt))
        try:
            if isawaitable(given):
                with UserCode(self.name, attempt.run, awaited=True):
                    given = await given
            if timeout is None:
                return await self._pull(given, attempt.run, going)
            async with bounded(timeout, attempt.give_up, f"node {self.name}"):
                return await self._pull(given, attempt.run, going)
        finally:
            with UserCode(self.name, attempt.run, awaited=True):
                if isinstance(given, AsyncGenerator):
                    await given.aclose()
                if attempt.holds:
                    await attempt.close()

    async def _pull(self, given: object, run: Run, going: _Going) -> Reply | None:
        reply, then = None, going.then
        take = cast("AsyncIterator[object]", given).__anext__
        while True:
            try:
                item = await take()
            except StopAsyncIteration:
                return reply
            except PASSING_AWAITED:
                raise
            except BaseException as error:
                raise NodeFailed(self.name, run.id, error) from error
            if run.cancelled:  # the node was told so, and went on
                raise asyncio.CancelledError
            going.begun = True
            reply = await then(item, run) or reply


class _Going:
    """What follows a stream, and whether anything has gone there."""

    __slots__ = ("begun", "then")

    def __init__(self, then: Awaited) -> None:
        self.then = then
        self.begun = False
