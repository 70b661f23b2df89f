"""Effects that are undone where their run fails: in reverse order, each by the node that takes what it returned.

What a run repeats under a key, another run has done, and may have promised; it is not this run's to undo. What was
undone is not repeated: whoever asks for it again under the same key is told so, and gets no result that holds no more.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flowlattice.errors import FlowlatticeError

if TYPE_CHECKING:
    from flowlattice.engine.run import Run

_log = logging.getLogger("flowlattice.engine")

Undo: TypeAlias = "Callable[[object, Run, float | None], Awaitable[object]]"
"""Calls the node that undoes an effect: what the effect returned, a run, the seconds it may take."""

Undone: TypeAlias = "Callable[[Run], Awaitable[None]]"
"""Told that an effect is undone, in which run."""


@dataclass(frozen=True)
class Compensation:
    """What undoes the effect of a node.

    Attributes:
        node: Whose effect.
        by: The node that undoes it.
        undo: Calls that.
        timeout: How many seconds it may take.
    """

    node: str
    by: str
    undo: Undo
    timeout: float | None


class Saga:
    """What one run has done that is undone if it fails."""

    def __init__(self) -> None:
        self._done: list[_Done] = []
        self._after: Run | None = None

    async def did(self, compensation: Compensation, result: object, undone: Undone | None) -> None:
        """An effect happened; it is undone at once where the run has failed meanwhile.

        Args:
            compensation: What undoes it.
            result: What it returned.
            undone: Told when it is undone; none where nothing remembers it.
        """
        if self._after is None:
            self._done.append((compensation, result, undone))
        else:
            await _undo(compensation, result, undone, self._after)

    async def undo(self, after: Run) -> None:
        """The run failed: undo what it did.

        Args:
            after: The run of what undoes, which nobody waits for.
        """
        self._after = after
        while self._done:
            await _undo(*self._done.pop(), after)


_Done: TypeAlias = "tuple[Compensation, object, Undone | None]"


async def _undo(compensation: Compensation, result: object, undone: Undone | None, after: Run) -> None:
    """Undo one effect; one that cannot be undone is a line in the log, and the others are undone still."""
    said = {"run": after.id, "flow": after.flow, "node": compensation.node}
    what = compensation.node, after.id, compensation.by
    try:
        await compensation.undo(result, after, compensation.timeout)
    except FlowlatticeError as error:
        _log.error("%s in run %s is not undone: %s failed (%s)", *what, type(error).__name__, extra=said)
    else:
        _log.warning("%s in run %s is undone by %s", *what, extra=said)
        if undone is not None:
            await undone(after)
