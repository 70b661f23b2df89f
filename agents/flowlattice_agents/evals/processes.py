"""Child processes of an eval: each leads a group of its own, is bounded in time, and dies when the eval is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from flowlattice_agents.evals.evidence import TAIL, Told

_PRIVATE = ("OPENAI_", "FLOWS_")
_PATIENCE_S = 5.0


class Stopped(Exception):
    """The eval was stopped, so nothing that is under way counts."""


class Children:
    """The processes that are running; `stop` ends them all, and no other starts after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def flows(
        self, *arguments: str, cwd: Path, env: Mapping[str, str], timeout_s: float, whole_out: bool = False
    ) -> Told:
        """Run `flows` to its end, or to the end of its time; `whole_out` keeps all of stdout.

        Raises:
            Stopped: `stop` was called.
        """
        command = [sys.executable, "-m", "flowlattice", *arguments]
        process = self._start(command, cwd, env)
        try:
            out, err = process.communicate(timeout=timeout_s)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            _kill(process)
            out, err = process.communicate()
            code = None
        finally:
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise Stopped
        text = without_secrets(out.decode("utf-8", "replace"), env)
        return Told(
            code=code,
            out=text if whole_out else text[-TAIL:],
            err=without_secrets(err.decode("utf-8", "replace"), env)[-TAIL:],
        )

    def check(self) -> None:
        """Go no further once stopped.

        Raises:
            Stopped: `stop` was called.
        """
        if self._stopped:
            raise Stopped

    def stop(self) -> None:
        """End every process and its children."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _kill(process)

    def _start(self, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._lock:
            self.check()
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._running.add(process)
        return process


def environment(home: Path, *, keys: bool = False) -> dict[str, str]:
    """The environment of a child: this one with a home of its own; the model's keys only where they are needed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    if keys:
        kept |= {name: value for name, value in os.environ.items() if name.startswith("OPENAI_")}
    return {**kept, "NO_COLOR": "1", "FLOWS_HOME": str(home)}


def without_secrets(text: str, env: Mapping[str, str]) -> str:
    """A text in which no key of the environment stands."""
    for name, value in env.items():
        if name.endswith(("_KEY", "_TOKEN", "_SECRET")) and len(value) >= 8:
            text = text.replace(value, "(secret)")
    return text


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process group, in an orderly way first."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
