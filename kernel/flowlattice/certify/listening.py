"""What a node lets out beside its result: what it prints, what it logs, and where and under which names it calls."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from flowlattice.certify.canaries import as_text
from flowlattice.certify.doubles import BackendCall
from flowlattice.errors import CallFailed

_MOST: Final = 1_000_000
_FAMILIES: Final = frozenset({"http", "kv", "db", "blob", "sender", "ai"})
"""The backends whose failure a node has to live with."""


class Calls:
    """Sees the calls of backends, and fails them where it is told to.

    Attributes:
        said: What was said of a call besides its content, each with the words for where.
    """

    def __init__(self, *, failing: bool) -> None:
        self._failing = failing
        self.said: list[tuple[str, str]] = []

    async def before(self, call: BackendCall) -> None:
        """Note a call; fail it where that is asked for."""
        self.said += _said_of(call)
        if self._failing and call.family in _FAMILIES:
            raise CallFailed(call.binding, "transient", "cannot be reached")

    async def after(self, call: BackendCall) -> None:
        """Nothing: what comes back is not what goes out."""


def _said_of(call: BackendCall) -> Iterator[tuple[str, str]]:
    given = call.arguments
    if call.family == "http":
        yield "the URL of a request", as_text([*given[1:2], call.named.get("params")])
        headers = call.named.get("headers")
        for name, value in headers.items() if isinstance(headers, Mapping) else ():
            if "key" in str(name).lower():
                yield "an idempotency key in clear", as_text(value)
    elif call.family in {"kv", "results"} and given:
        yield "the key of a cache or key-value store", as_text(given[0])


@contextmanager
def records_kept() -> Iterator[list[logging.LogRecord]]:
    """All log records that are made meanwhile, whatever the level of the root and whoever handles them."""
    kept: list[logging.LogRecord] = []
    made, root = logging.getLogRecordFactory(), logging.getLogger()
    level = root.level

    def factory(*arguments: object, **named: object) -> logging.LogRecord:
        record: logging.LogRecord = made(*arguments, **named)
        kept.append(record)
        return record

    logging.setLogRecordFactory(factory)
    root.setLevel(1)
    try:
        yield kept
    finally:
        root.setLevel(level)
        logging.setLogRecordFactory(made)


def text_of(record: logging.LogRecord) -> str:
    """A log record with everything that it carries: the message, its fields, the failure."""
    extra = {name: value for name, value in vars(record).items() if name not in {"args", "msg"}}
    return f"{logging.Formatter().format(record)} {as_text(extra)}"


@contextmanager
def prints_kept() -> Iterator[list[bytes]]:
    """What goes to standard output and error meanwhile, past Python's own streams too; a million bytes of it."""
    kept: list[bytes] = []
    sys.stdout.flush()
    sys.stderr.flush()
    end, start = os.pipe()
    saved = [os.dup(1), os.dup(2)]
    drain = threading.Thread(target=_drained, args=(end, kept), daemon=True)
    drain.start()
    for number in (1, 2):
        os.dup2(start, number)
    os.close(start)
    try:
        yield kept
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, descriptor in enumerate(saved, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        drain.join()


def _drained(end: int, kept: list[bytes]) -> None:
    size = 0
    while piece := os.read(end, 65_536):
        size += len(piece)
        if size <= _MOST:
            kept.append(piece)
    os.close(end)
