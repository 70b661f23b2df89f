"""What a running node may know of its run; asking for it is no capability."""

from __future__ import annotations

from typing import Protocol


class Context(Protocol):
    """The run a node is part of. A synchronous node that asks for it runs in a thread, so that it can be cancelled."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""

    def is_cancelled(self) -> bool:
        """Whether nobody waits for the result any more: the client left, or the deadline passed."""
