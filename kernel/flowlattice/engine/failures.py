"""The one boundary around user code: what it raises becomes `NodeFailed` with node, run and cause.

What user code may say on purpose passes: invalid input, and an operator's "no value for this".
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

from flowlattice.engine.run import Run
from flowlattice.errors import NodeFailed
from flowlattice.language.invalid import InvalidInput
from flowlattice.operators.base import NoValueError

ON_PURPOSE: Final = (InvalidInput, NoValueError)
_PASSING: Final = (*ON_PURPOSE, KeyboardInterrupt)
PASSING_AWAITED: Final = (*_PASSING, asyncio.CancelledError, GeneratorExit)
"""What passes unchanged where user code is awaited."""


class UserCode:
    """`with UserCode(node, run):` around a call of user code; `node` may change while a segment proceeds."""

    __slots__ = ("_awaited", "node", "run")

    def __init__(self, node: str, run: Run, *, awaited: bool = False) -> None:
        self.node = node
        self.run = run
        self._awaited = awaited

    def __enter__(self) -> UserCode:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, _PASSING):
            return
        # Cancellation comes from outside where there is an await; code that runs to its end can only have made it up.
        if self._awaited and isinstance(error, asyncio.CancelledError | GeneratorExit):
            return
        raise NodeFailed(self.node, self.run.id, error) from error
