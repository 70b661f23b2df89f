"""The limit of what may go into one node: who comes too early waits in a row, as long as somebody waits for the run."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from flowlattice.engine.limits import Limits, OwnLimits
from flowlattice.engine.run import Run
from flowlattice.errors import NodeBusy


class Throttle:
    """The limit of one node.

    Args:
        node: The node's name.
        qps: Records a second.
        burst: How many may go in at once.
    """

    def __init__(self, node: str, qps: float, burst: int) -> None:
        self._node = node
        self._qps = qps
        self._burst = burst
        self._bucket = OwnLimits().bucket(node, qps, burst)
        self._turn = asyncio.Lock()
        self._waiting = 0

    def share(self, limits: Limits, flow: str) -> None:
        """Have the tokens where the host has them, which may be shared by processes."""
        self._bucket = limits.bucket(f"{flow} node {self._node}", self._qps, self._burst)

    async def enter(self, run: Run) -> None:
        """Wait for a place.

        Raises:
            NodeBusy: There will be none before the run's deadline.
        """
        if not self._waiting:
            wait = self._bucket.take()
            if not wait:
                return
            self._refuse_unless_in_time(run, wait)
        self._refuse_unless_in_time(run, self._waiting / self._qps)
        self._waiting += 1
        try:
            async with self._turn:
                while wait := self._bucket.take():
                    self._refuse_unless_in_time(run, wait)
                    await asyncio.sleep(wait)
        finally:
            self._waiting -= 1

    def _refuse_unless_in_time(self, run: Run, wait: float) -> None:
        remaining = run.remaining()
        if remaining is not None and wait >= remaining:
            raise NodeBusy(self._node, timedelta(seconds=wait))
