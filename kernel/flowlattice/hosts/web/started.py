"""Work that runs at once as far as it can. What need not wait is done then, without a timer or a task for it."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Final, Generic, TypeVar, cast

T = TypeVar("T")

_NOT_YET: Final = object()


class Started(Generic[T]):
    """A coroutine that has run to its end, or to where it waits. Await it in the task that started it.

    Args:
        work: The coroutine; what it raises before it waits is raised here.

    Attributes:
        is_done: Whether it has come to its end; `result` is what it returned then.
    """

    __slots__ = ("_result", "_waits_for", "_work", "is_done")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._result: object = _NOT_YET
        self._waits_for: object = None
        try:
            self._waits_for = work.send(None)
        except StopIteration as end:
            self._result = end.value
        self.is_done = self._result is not _NOT_YET

    @property
    def result(self) -> T:
        """What it returned."""
        return cast("T", self._result)

    def __await__(self) -> Generator[Any, Any, T]:
        if self.is_done:
            return self.result
        waits_for = self._waits_for
        while True:
            try:
                try:
                    answer = yield waits_for
                except BaseException as error:  # noqa: BLE001 - a cancellation, say, is for the work to see
                    waits_for = self._work.throw(error)
                else:
                    waits_for = self._work.send(answer)
            except StopIteration as end:
                self._result, self.is_done = end.value, True
                return self.result
