"""A command at a terminal, driven by what it shows."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence
from types import TracebackType

PATIENCE_S = 120


class Terminal:
    """Runs a command at a pseudo-terminal; `shown` is everything that it has shown so far."""

    def __init__(self, command: Sequence[str], *, cwd: os.PathLike[str] | str, env: dict[str, str]) -> None:
        self.shown = ""
        self._seen = 0
        self._controller, terminal = pty.openpty()
        self._process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
        )
        os.close(terminal)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._controller)

    def until(self, text: str) -> None:
        """Wait until it shows something after what was waited for before."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.shown.find(text, self._seen)) < 0:
            assert time.monotonic() < deadline, f"{text!r} was never shown:\n{self.shown}"
            assert self._read(), f"it ended without {text!r}:\n{self.shown}"
        self._seen = found + len(text)

    def send(self, keys: str) -> None:
        """Press keys."""
        os.write(self._controller, keys.encode())

    def ends(self) -> int:
        """Wait until it ends; gives the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_S)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._controller], [], [], PATIENCE_S)
        try:
            data = os.read(self._controller, 65536) if ready else b""
        except OSError:  # the other end is closed
            data = b""
        self.shown += data.decode("utf-8", "replace")
        return bool(data)
