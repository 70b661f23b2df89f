"""A process of this interpreter, and the time it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from flowlattice.errors import EngineUnavailable


class Timed(NamedTuple):
    """What a process printed, and the seconds that it took: from start to end, and of all processors."""

    stdout: bytes
    wall_s: float
    cpu_s: float


def timed(home: Path, arguments: Sequence[str], *, most: timedelta, worst: int = 0) -> Timed:
    """Run this interpreter with some arguments.

    Args:
        home: The `$FLOWS_HOME` of the process.
        arguments: What the interpreter is given.
        most: How long it may take.
        worst: The highest exit code that is a result.

    Raises:
        EngineUnavailable: It did not end, or with another code.
    """
    command = [sys.executable, *arguments]
    before, started = os.times(), time.perf_counter()
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "FLOWS_HOME": str(home)},
            capture_output=True,
            timeout=most.total_seconds(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineUnavailable(f"{' '.join(command)}: did not run to its end; run it by itself") from error
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode > worst or done.returncode < 0:
        raise EngineUnavailable(f"{' '.join(command)}: ended with {done.returncode}; run it by itself")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Timed(done.stdout, wall, cpu)
