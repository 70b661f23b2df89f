"""Who holds a reservation: a process, told apart from a later one that got its number."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A process.

    Attributes:
        host: The machine that it runs on.
        pid: Its number there.
        started: When it started, in the clock ticks of its machine since boot; empty where that is not known.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Owner:
        """This process."""
        return cls(host=socket.gethostname(), pid=os.getpid(), started=_started(os.getpid()))

    def is_dead(self) -> bool:
        """Whether it is known to be over; a process on another machine never is."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass  # somebody else's process: it may still be another one than it was
        return _started(self.pid) != self.started


def _started(pid: int) -> str:
    """Field 22 of /proc/PID/stat; empty for a process that only waits to be collected, and where there is no /proc."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = line.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]
