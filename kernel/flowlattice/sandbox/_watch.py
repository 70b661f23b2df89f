"""What a parent checks several times a second, because no kernel does: time, threads, scratch folder, cancellation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flowlattice.sandbox import _scratch
from flowlattice.sandbox.errors import SandboxCancelled, SandboxLimitExceeded, SandboxTimeout
from flowlattice.sandbox.limits import Limits

INTERVAL_S = 0.05


@dataclass(kw_only=True)
class Watch:
    """The limits of one run, from the moment it is made; `written` are the folders that it may write."""

    task: str
    pid: int
    limits: Limits
    written: tuple[Path, ...]
    should_stop: Callable[[], bool] | None
    _started: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Look once.

        Raises:
            SandboxLimitExceeded, SandboxTimeout, SandboxCancelled: The run must end.
        """
        if self.should_stop is not None and self.should_stop():
            raise SandboxCancelled(self.task, "stopped as asked")
        allowed = self.limits.wall_clock.total_seconds()
        if time.monotonic() - self._started > allowed:
            raise SandboxTimeout(self.task, "wall_clock", f"took longer than {allowed:g} s")
        if _threads(self.pid) > self.limits.threads:
            raise SandboxLimitExceeded(self.task, "threads", f"started more than {self.limits.threads} threads")
        for folder in self.written:
            if _scratch.is_over(folder, self.limits.scratch_bytes):
                what = f"filled a folder beyond {self.limits.scratch_bytes:,} bytes, or with too many files"
                raise SandboxLimitExceeded(self.task, "scratch", what)


def _threads(pid: int) -> int:
    # RLIMIT_NPROC counts all of a person's processes and does not bind root, so it cannot be the limit.
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0  # already gone, or no /proc here
    return int(line.rpartition(")")[2].split()[17])
