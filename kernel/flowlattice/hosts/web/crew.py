"""Worker processes as a supervisor sees them: forked, heard, counted when they end, started again after a while."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flowlattice.hosts.web.app import Part
from flowlattice.hosts.web.worker import Answer, Folders, Order, Worker

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
"""What a supervisor listens to, and its workers do not."""
SETTLED_S: Final = 10.0
"""A worker that lived so long is started again at once, and the next waits as if it were the first."""
LONGEST_WAIT_S: Final = 10.0
_FIRST_WAIT_S: Final = 0.25


@dataclass
class Member:
    """A worker, or the place of one that ended.

    Attributes:
        number: Its number from 0.
        pid: Its process; none while there is none.
        line: The line to it.
        serves: What it said that it serves; none before it answers requests.
        told: What it was told to serve last.
        due: When it is started again, on the monotonic clock in seconds.
    """

    number: int
    pid: int | None = None
    line: socket.socket | None = None
    serves: Mapping[str, int] | None = None
    told: Mapping[str, int] | None = None
    due: float = 0.0
    _heard: bytes = b""
    _started: float = 0.0
    _ends: int = field(default=0)

    @property
    def is_ready(self) -> bool:
        """Whether it answers requests."""
        return self.pid is not None and self.serves is not None

    def start(self, now: float, crew: Crew, serves: Mapping[str, int] | None) -> Worker | None:
        """Fork it: in the new process, which worker that is; in the supervisor nothing.

        Args:
            now: The time on the monotonic clock, in seconds.
            crew: All workers.
            serves: What it is to serve first; none for what there is.
        """
        ours, theirs = socket.socketpair()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # none may come to the wrong one of the two
        try:
            pid = os.fork()
            if pid == 0:
                ours.close()
                crew.forget()
                return Worker(
                    part=Part(self.number, len(crew.members)),
                    listener=crew.listener,
                    supervisor=theirs,
                    folders=crew.folders,
                    serves=serves,
                )
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        theirs.close()
        ours.setblocking(False)
        self.pid, self.line, self.serves, self.told = pid, ours, None, serves
        self._heard, self._started = b"", now
        return None

    def tell(self, order: Order) -> None:
        """Send it an order; one that cannot be told ends, which shows."""
        self.told = order.serve
        try:
            if self.line is not None:
                self.line.sendall(order.to_line())
        except OSError:
            self.line = None

    def hear(self) -> list[Answer]:
        """What it has said since."""
        if self.line is None:
            return []
        try:
            heard = self.line.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            heard = b""
        *lines, self._heard = (self._heard + heard).split(b"\n")
        answers = [Answer.model_validate_json(line) for line in lines]
        if answers:
            self.serves = answers[-1].serves
        if not heard:
            self.line.close()
            self.line = None
        return answers

    def ended(self) -> int | None:
        """Its exit code if it has ended, negative for a signal; then it has no process any more."""
        if self.pid is None:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        if self.line is not None:
            self.line.close()
        self.pid = self.line = None
        return os.waitstatus_to_exitcode(status)

    def wait_from(self, now: float) -> float:
        """For how many seconds it is not started again; longer each time while it does not live for a while."""
        if self.serves is not None and now - self._started >= SETTLED_S:
            self._ends = 0
        wait = 0.0 if self._ends == 0 and self.serves is not None else _FIRST_WAIT_S * 2 ** min(self._ends, 10)
        self._ends += 1
        self.serves = None
        wait = min(wait, LONGEST_WAIT_S)
        self.due = now + wait
        return wait

    def signal(self, number: int) -> None:
        """Send it a signal."""
        if self.pid is not None:
            os.kill(self.pid, number)


@dataclass
class Crew:
    """All workers, and what they are given.

    Attributes:
        members: The workers by number.
        listener: The socket that all of them accept from.
        folders: Where they meet.
        wakeup: The two ends of the supervisor's own line, which signals write to.
    """

    members: tuple[Member, ...]
    listener: socket.socket
    folders: Folders
    wakeup: tuple[socket.socket, socket.socket]

    def forget(self) -> None:
        """In a new worker: let go of what is the supervisor's."""
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # until it serves; the supervisor has them too
        for end in self.wakeup:
            end.close()
        for member in self.members:
            if member.line is not None:
                member.line.close()
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor, for the process's standard input
            os.dup2(nothing.fileno(), 0)
