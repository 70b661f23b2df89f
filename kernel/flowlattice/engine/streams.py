"""Nodes that give their records piece by piece: each goes through all that follows before the next is asked for.

So nothing waits in between, and whoever takes slowly makes the node wait. There is no queue and no task an item.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from inspect import isawaitable
from typing import TypeAlias, cast

from flowlattice.engine.backends import Bindings
from flowlattice.engine.bounds import bounded
from flowlattice.engine.effects import KeyOf
from flowlattice.engine.failures import PASSING_AWAITED, UserCode
from flowlattice.engine.granted import grants
from flowlattice.engine.nodes import arguments_of
from flowlattice.engine.reply import Reply
from flowlattice.engine.run import Attempt, Run
from flowlattice.engine.runnable import NotRunYet
from flowlattice.errors import NodeFailed
from flowlattice.ir import model as ir

Awaited: TypeAlias = Callable[[object, Run], Coroutine[None, None, Reply | None]]
"""What happens to a record, where it may have to be waited for."""


class BoundStream:
    """A streaming node with its function and grants.

    Raises:
        NotRunYet: What it gives is to be remembered by key.
    """

    def __init__(self, node: ir.Node, function: Callable[..., object], *, flow: str, bindings: Bindings) -> None:
        self.name = node.name
        self._function = function
        self._grants = grants(function, node.capabilities, bindings)
        self._key_of = None if node.idempotency is None else KeyOf(flow, node.name, node.idempotency)
        if node.idempotency is not None and node.uses("dedupe"):
            raise NotRunYet(f"streams that are remembered by key ({node.name})")

    async def pull(self, record: object, run: Run, timeout: float | None, then: Awaited) -> Reply | None:  # noqa: ASYNC109 - the node's own bound
        """Take all that the node gives for a record, one after the other, through what follows it.

        Args:
            record: What it is given.
            run: The run.
            timeout: How many seconds all of it may take, what follows included.
            then: What follows.

        Returns:
            The last answer of what follows.

        Raises:
            DeadlineExceeded: It took longer than `timeout`.
            NodeFailed: Its code raised.
        """
        key = None
        with UserCode(self.name, run):
            if self._key_of is not None:
                key = self._key_of(record).hex()
            attempt = Attempt(run, self.name, key=key, given=record)
            given = self._function(record, **arguments_of(self._grants, attempt))
        try:
            if isawaitable(given):
                with UserCode(self.name, run, awaited=True):
                    given = await given
            if timeout is None:
                return await self._pull(given, run, then)
            async with bounded(timeout, attempt.give_up, f"node {self.name}"):
                return await self._pull(given, run, then)
        finally:
            with UserCode(self.name, run, awaited=True):
                if isinstance(given, AsyncGenerator):
                    await given.aclose()
                if attempt.holds:
                    await attempt.close()

    async def _pull(self, given: object, run: Run, then: Awaited) -> Reply | None:
        reply = None
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
            reply = await then(item, run) or reply
