"""What grants have in common: calls are recorded under the attempt that makes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from flowlattice.engine.backends import Bindings, NotSent
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse

T = TypeVar("T")

Grant: TypeAlias = Callable[[Attempt], object]
"""What a node is given for one attempt."""

Maker: TypeAlias = Callable[[CapabilityUse, Bindings], Grant]
"""Takes a node's use of a capability to its grant; `UsageError` where the binding cannot serve it."""


class Granted:
    """A capability for one attempt.

    What is no method of the capability's protocol is underscored, since code of a flow may not name such attributes.

    Args:
        use: What the node asks for.
        attempt: Whose calls they are.
    """

    def __init__(self, use: CapabilityUse, attempt: Attempt) -> None:
        self._use = use
        self._attempt = attempt

    def _read(self, method: str, target: str, capability: str | None = None) -> None:
        """Record a call that changes nothing."""
        self._attempt.record(capability or self._use.name, method, target)

    async def _change(self, method: str, target: str, change: Callable[[str | None], Awaitable[T]]) -> T:
        """Make and record a call that changes something; `change` is given the effect's key.

        Until it has returned nobody knows whether it happened, and after that it did; unless it certainly never left.
        """
        key = self._attempt.next_key()
        self._attempt.uncertain += 1
        try:
            result = await change(key)
        except NotSent:
            self._attempt.uncertain -= 1
            raise
        except BaseException:
            self._attempt.record(self._use.name, method, target, key=key, outcome="unknown")
            raise
        self._attempt.record(self._use.name, method, target, key=key)
        return result
