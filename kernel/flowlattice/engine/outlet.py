"""Where an answer goes that is written while the run is under way. The host of the caller has one, other hosts none."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Protocol

from flowlattice.engine.reply import Reply


class Outlet(Protocol):
    """The open end of an answer. Whoever writes waits until the caller has taken enough of what came before.

    Attributes:
        source: What writes at present; none before the answer has begun.
    """

    source: object | None

    def begin(self, source: object, head: Reply) -> Coroutine[None, None, None]:
        """Begin the answer, or go on with it from another source.

        Args:
            source: What writes from now on.
            head: Status, type of content and headers; the body is not looked at.

        Raises:
            FlowlatticeError: The run was answered otherwise, or nobody takes any more.
        """

    def write(self, chunk: bytes) -> Coroutine[None, None, None]:
        """Send the next piece.

        Raises:
            FlowlatticeError: Nobody takes any more.
        """
