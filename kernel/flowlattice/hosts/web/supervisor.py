"""The web host in several processes: a supervisor owns the socket and the workers, and loads no flow itself.

One worker, the lead, is the first to load new versions; the others follow to exactly what it serves then. So a version
that cannot be loaded is one line in the log, and one that takes its process with it takes one worker, once. A worker
that ends is started again with what the others serve.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flowlattice.errors import EngineUnavailable
from flowlattice.hosts.logs import LogFormat, set_up_logs
from flowlattice.hosts.versions import Source
from flowlattice.hosts.web.crew import SIGNALS, Crew, Member
from flowlattice.hosts.web.server import DRAIN_S, Address, WhenReady, address_of, listen
from flowlattice.hosts.web.swap import WATCH_S
from flowlattice.hosts.web.worker import Folders, Order, Worker, serve_as_worker

_SLACK_S: Final = 15.0  # until no more requests come, and for cleaning up

_log = logging.getLogger("flowlattice.web")


def serve_with_workers(  # noqa: PLR0913 - what `flows serve` is told
    source: Source,
    where: Address,
    log_format: LogFormat | None,
    when_ready: WhenReady,
    *,
    workers: int,
    until_eof: bool,
) -> int:
    """Serve what a source says in several processes until SIGTERM or SIGINT; SIGHUP and another stamp read it again.

    Returns in the supervisor, and in each of its workers, at the end of that process.

    Args:
        source: What is to be served.
        where: Where to listen; port 0 picks a free one.
        log_format: How to log; by default as stderr suggests.
        when_ready: Called once all workers answer requests.
        workers: How many.
        until_eof: Whether to stop when standard input ends.

    Returns:
        The exit code of the process.

    Raises:
        EngineUnavailable: There is no `fork` here.
        UsageError: The address cannot be listened on.
        FlowlatticeError: In a worker, what loading a flow raises.
    """
    if not hasattr(os, "fork"):
        raise EngineUnavailable("several workers need a system with fork; serve with --workers 1")
    supervisor = Supervisor(source, listen(where), when_ready, workers=workers, until_eof=until_eof)
    set_up_logs(log_format)
    outcome = supervisor.run()
    if isinstance(outcome, Worker):
        serve_as_worker(outcome, source, log_format)
        return 0
    return outcome


class Supervisor:
    """Starts workers, hears them, and passes on what they have to know.

    Args:
        source: What is to be served; only its stamp is looked at here.
        listener: The socket that workers accept from.
        when_ready: Called once all workers answer requests.
        workers: How many.
        until_eof: Whether to stop when standard input ends.
    """

    def __init__(
        self, source: Source, listener: socket.socket, when_ready: WhenReady, *, workers: int, until_eof: bool
    ) -> None:
        self._source = source
        self._when_ready = when_ready
        self._until_eof = until_eof
        self._members = tuple(Member(number) for number in range(workers))
        wakeup = socket.socketpair()
        self._listen_to_signals(wakeup)
        folders = Folders(Path(tempfile.mkdtemp(prefix="flowlattice-serve-")))
        folders.make()
        source.keep_in(folders.sources)
        self._crew = Crew(self._members, listener, folders, wakeup)
        self._stamp = source.stamp()
        self._serves: Mapping[str, int] | None = None
        self._doubles: tuple[str, ...] = ()
        self._lead: Member | None = None
        self._asked: Order | None = None
        self._said = False
        self._has_terminal = os.isatty(0)
        self._stopping: float | None = None  # when what is left is killed

    def run(self) -> Worker | int:
        """Serve until the end: the exit code, in the supervisor. In a worker it returns which one, at once."""
        gc.collect()
        gc.freeze()  # what is loaded by now is shared with the workers, and stays so
        own = os.getpid()
        outcome: Worker | int | None = None
        try:
            while outcome is None:
                outcome = self._start_due() or self._turn()
            return outcome
        finally:
            if os.getpid() == own:
                self._clean_up()

    def _turn(self) -> int | None:
        """Wait for something to happen, and see to it; the exit code when everything is over."""
        self._wait()
        for member in self._members:
            for answer in member.hear():
                self._doubles = answer.doubles
                self._heard(member)
            if (code := member.ended()) is not None and (end := self._ended(member, code)) is not None:
                return end
        self._look()
        self._announce()
        if self._stopping is not None:
            if not any(member.pid for member in self._members):
                return 0
            if time.monotonic() > self._stopping:
                self._signal_all(signal.SIGKILL)
        return None

    # Workers.

    def _start_due(self) -> Worker | None:
        now = time.monotonic()
        for member in self._members if self._stopping is None else ():
            first = self._serves is None
            if member.pid is None and member.due <= now and (not first or member.number == 0):
                worker = member.start(now, self._crew, self._serves)
                if worker is not None:
                    return worker
        return None

    def _heard(self, member: Member) -> None:
        if member is self._lead or self._serves is None:
            self._lead = None
            self._serves = member.serves
        for other in self._members:
            if other.is_ready and other.serves != self._serves != other.told and other is not self._lead:
                other.tell(Order(serve=self._serves))

    def _ended(self, member: Member, code: int) -> int | None:
        """A worker has ended: the exit code of everything if it was the first, before anything was served."""
        for gauges in self._crew.folders.metrics.glob(f"gauge_*_{member.number}.db"):
            gauges.unlink()  # nothing is under way there any more
        if self._stopping is not None:
            return None
        if self._serves is None:
            return code if code > 0 else 1
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        if member is self._lead:
            self._lead = None
            _log.error("worker %d ended (%s) while it loaded new versions; what is served goes on", member.number, how)
        wait = member.wait_from(time.monotonic())
        again = f"in {wait:g} s" if wait else "now"
        _log.warning("worker %d ended (%s); it is started again %s", member.number, how, again)
        return None

    # Versions.

    def _look(self) -> None:
        """See whether there are other versions, and let a worker load them."""
        stamp = self._source.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._asked = self._asked or Order()
        if self._asked is not None and self._lead is None and self._stopping is None:
            lead = next((member for member in self._members if member.is_ready), None)
            if lead is not None:
                self._lead, order, self._asked = lead, self._asked, None
                lead.tell(order)

    def _announce(self) -> None:
        if not self._said and self._stopping is None and all(member.is_ready for member in self._members):
            self._said = True
            self._when_ready(address_of(self._crew.listener), self._doubles)

    # Signals.

    @staticmethod
    def _listen_to_signals(wakeup: tuple[socket.socket, socket.socket]) -> None:
        for end in wakeup:
            end.setblocking(False)
        signal.set_wakeup_fd(wakeup[1].fileno())
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)

    def _wait(self) -> None:
        """Wait for a signal, a word from a worker, the end of standard input, or until something is due."""
        with selectors.SelectSelector() as selector:  # standard input may be a file
            selector.register(self._crew.wakeup[0], selectors.EVENT_READ)
            for member in self._members:
                if member.line is not None:
                    selector.register(member.line, selectors.EVENT_READ)
            if self._until_eof:
                selector.register(0, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(WATCH_S)}
        if self._crew.wakeup[0] in ready:
            for number in self._crew.wakeup[0].recv(4096):
                self._signalled(number)
        if 0 in ready and not os.read(0, 4096):
            self._until_eof = False
            self._stop()

    def _signalled(self, number: int) -> None:
        if number in {signal.SIGTERM, signal.SIGINT}:
            self._stop()
        elif number == signal.SIGHUP:
            if self._has_terminal and not os.isatty(0):
                self._stop()
            else:
                self._asked = Order(again=True)

    def _stop(self) -> None:
        """Let all workers drain; the second time, let them end at once."""
        if self._stopping is None:
            self._stopping = time.monotonic() + DRAIN_S + _SLACK_S
            self._crew.listener.close()
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: int) -> None:
        for member in self._members:
            member.signal(number)

    def _clean_up(self) -> None:
        signal.set_wakeup_fd(-1)
        self._signal_all(signal.SIGKILL)
        for end in (*self._crew.wakeup, self._crew.listener):
            end.close()
        self._crew.folders.remove()
