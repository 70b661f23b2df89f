"""`replay:PATH`: the answers of a record. No network, no key; nothing is charged, the record's cost is told again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from flowlattice_agents.chat.base import ChatReply, ChatRequest
from flowlattice_agents.chat.journal import Exchange, read_record
from flowlattice_agents.errors import RecordError


class ReplayChat:
    """Answers each request as the record does.

    A request that the record does not hold is answered with the record's next unused exchange of the same task, and
    `stale` says so: a record outlives small changes of a prompt, but never silently.
    """

    def __init__(self, path: Path, *, used: Iterable[Exchange] = ()) -> None:
        """Open a record.

        Args:
            path: The record.
            used: Exchanges that this run had from it before it was stopped.

        Raises:
            RecordError: It cannot be read, it is empty, or it is of several models.
        """
        self._path = path
        self._unused = list(read_record(path))
        models = sorted({exchange.model for exchange in self._unused})
        if len(models) != 1:
            raise RecordError(f"{path}: a record is of one model, this one of {', '.join(models) or 'none'}; {_AGAIN}")
        self._name = models[0]
        self._stale: dict[str, None] = {}
        for exchange in used:
            self._take(exchange.task, exchange.digest)

    @property
    def name(self) -> str:
        """The name of the model that was recorded, so that requests are the same requests."""
        return self._name

    @property
    def stale(self) -> tuple[str, ...]:
        """Where the record was made for something else than what was asked now, each once."""
        return tuple(self._stale)

    def complete(self, request: ChatRequest) -> ChatReply:
        """The recorded reply.

        Raises:
            RecordError: Nothing is left of this task.
        """
        digest = request.digest(self._name)
        exchange = self._take(request.task, digest)
        if exchange is None:
            raise RecordError(f"{self._path}: the record holds no further answer for {request.task}; {_AGAIN}")
        if exchange.digest != digest:
            self._stale[_difference(exchange, request)] = None
        return exchange.as_reply()

    def _take(self, task: str, digest: str) -> Exchange | None:
        found = self._first(lambda exchange: exchange.digest == digest)
        found = found or self._first(lambda exchange: exchange.task == task)
        if found is not None:
            self._unused.remove(found)
        return found

    def _first(self, fits: Callable[[Exchange], bool]) -> Exchange | None:
        return next(filter(fits, self._unused), None)


_AGAIN = "record it again with --model openai:NAME --record FILE"


def _difference(exchange: Exchange, request: ChatRequest) -> str:
    recorded, now = exchange.prompt, request.prompt
    if recorded.id != now.id:
        return f"{request.task}: recorded for prompt {recorded.id}, now {now.id}"
    if recorded.version != now.version:
        return f"{request.task}: recorded for prompt version {recorded.version}, now {now.version}"
    if recorded.digest != now.digest:
        return f"{request.task}: recorded for another text of prompt version {recorded.version}"
    return f"{request.task}: same prompt, other input"
