"""One fork of a template, as its owner sees it: three pipes and an end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from flowlattice.sandbox._template import Ending, Template
from flowlattice.sandbox.errors import SandboxUnavailable


class Fork:
    """A running fork.

    Attributes:
        pid: Its process id, which stays its own until the end.
        order: Where its request goes.
        answers: Where its answer comes from.
        printed: Where what it prints comes from.
    """

    def __init__(self, template: Template, pid: int, order: IO[bytes], answers: IO[bytes], printed: IO[bytes]) -> None:
        self._template = template
        self._ending: Ending | None = None
        self.pid = pid
        self.order = order
        self.answers = answers
        self.printed = printed

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""
        if self._ending is None:
            self._ending = self._template.reap(self.pid, wait=False)
        return self._ending

    def kill(self) -> None:
        """End it, with whatever it started, if it still runs."""
        if self._ending is not None:
            return
        for kill in (os.killpg, os.kill):  # it may not have a group of its own yet
            with suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        with suppress(SandboxUnavailable):  # the template is gone, and its forks with it
            self._ending = self._template.reap(self.pid, wait=True)


@contextmanager
def forked(template: Template, scratch: Path) -> Iterator[Fork]:
    """A new fork for a scratch folder, which is killed at the end.

    Raises:
        SandboxUnavailable: The template could not fork.
    """
    with ExitStack() as ends:
        theirs_in, order = _pipe(ends)
        answers, theirs_out = _pipe(ends)
        printed, theirs_err = _pipe(ends)
        pid = template.fork(scratch, [end.fileno() for end in (theirs_in, theirs_out, theirs_err)])
        fork = Fork(template, pid, order, answers, printed)
        ends.callback(fork.kill)
        for end in (theirs_in, theirs_out, theirs_err):
            end.close()
        yield fork


def _pipe(ends: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return ends.enter_context(os.fdopen(reading, "rb", 0)), ends.enter_context(os.fdopen(writing, "wb", 0))
