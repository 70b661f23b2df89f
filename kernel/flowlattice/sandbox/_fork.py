"""One fork of a template, as its owner sees it: three pipes, perhaps a door, and an end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from flowlattice.sandbox._template import Ending, Template
from flowlattice.sandbox.errors import SandboxUnavailable


@dataclass(kw_only=True)
class Fork:
    """A running fork.

    Attributes:
        template: What it was forked from.
        pid: Its process id, which stays its own until the end.
        scratch: The folder that it may write, removed with its end.
        order: Where its request goes.
        answers: Where its answer comes from.
        printed: Where what it prints comes from.
        door: Where it asks for connections; none where it gets none.
    """

    template: Template
    pid: int
    scratch: Path
    order: IO[bytes]
    answers: IO[bytes]
    printed: IO[bytes]
    door: socket.socket | None
    _ending: Ending | None = field(default=None, init=False)

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""
        if self._ending is None:
            self._ending = self.template.reap(self.pid, wait=False)
        return self._ending

    def kill(self) -> None:
        """End it, with whatever it started, if it still runs."""
        if self._ending is not None:
            return
        for kill in (os.killpg, os.kill):  # it may not have a group of its own yet
            with suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        with suppress(SandboxUnavailable):  # the template is gone, and its forks with it
            self._ending = self.template.reap(self.pid, wait=True)


@contextmanager
def forked(template: Template, *, with_door: bool) -> Iterator[Fork]:
    """A new fork, which is killed at the end.

    Raises:
        SandboxUnavailable: The template could not fork.
    """
    with ExitStack() as ends:
        theirs_in, order = _pipe(ends)
        answers, theirs_out = _pipe(ends)
        printed, theirs_err = _pipe(ends)
        door, theirs_door = _pair(ends) if with_door else (None, None)
        given: list[IO[bytes] | socket.socket] = [theirs_in, theirs_out, theirs_err]
        if theirs_door is not None:
            given.append(theirs_door)
        pid, scratch = template.fork([end.fileno() for end in given])
        pipes = {"order": order, "answers": answers, "printed": printed}
        fork = Fork(template=template, pid=pid, scratch=scratch, door=door, **pipes)
        ends.callback(fork.kill)
        for end in given:
            end.close()
        yield fork


def _pipe(ends: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return ends.enter_context(os.fdopen(reading, "rb", 0)), ends.enter_context(os.fdopen(writing, "wb", 0))


def _pair(ends: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    return ends.enter_context(ours), ends.enter_context(theirs)
