"""Single keys of a terminal, without an Enter; what is typed ahead is kept, so it works over slow lines too."""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

END = ""
"""What is read where nothing more can come."""

_LIMIT = 64


class Keys:
    """Keys from standard input, one at a time."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._waiting: list[str] = []

    def next(self) -> str:
        """The next key; one that sends several characters (an arrow) is one key."""
        if not self._waiting:
            typed = os.read(self._input, _LIMIT).decode("utf-8", "replace")
            self._waiting = [typed] if typed.startswith("\x1b") else list(typed)
        key = self._waiting.pop(0) if self._waiting else END
        return END if key == "\x04" else key

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Let keys come without an Enter and unseen; the terminal is as it was afterwards."""
        before = termios.tcgetattr(self._input)
        tty.setcbreak(self._input, termios.TCSADRAIN)
        try:
            yield
        finally:
            termios.tcsetattr(self._input, termios.TCSADRAIN, before)

    def line(self, prompt: str) -> str:
        """A line as the person types and edits it; empty where nothing more can come."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        ahead, end, rest = "".join(self._waiting).partition("\n")
        self._waiting = list(rest)
        return (ahead if end else ahead + sys.stdin.readline()).strip()
