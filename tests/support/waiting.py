"""Waiting for what happens in other processes and threads."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 20.0


def eventually(
    condition: Callable[[], object], what: str, *, patience: float = PATIENCE_S, pause: float = 0.005
) -> None:
    """Wait until something holds, looked at after each pause, and fail if it does not within `patience` seconds."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(pause)
