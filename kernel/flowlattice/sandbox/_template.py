"""The parent's handle on the process that runs are forked from (`template`)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flowlattice.sandbox import _paths
from flowlattice.sandbox._wire import JsonValue, printable
from flowlattice.sandbox.errors import SandboxUnavailable

_KEPT_VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_SET_VARIABLES = {
    # Threads that libraries start on import do not survive the fork, and what waits for them would hang.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # each arena reserves address space, which is limited
}
# No user site, no start-up files, no folder of the script: only the path that it is given.
_FLAGS = ("-P", "-s", "-S", "-X", "utf8", "-X", "faulthandler")
_LONGEST_MESSAGE = 4096
_LONGEST_START_S = 60.0
_LONGEST_END_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a process ended: by itself with an exit code, or by a signal."""

    exit_code: int | None
    signal: str | None
    cpu_seconds: float

    def describe(self) -> str:
        """In words."""
        return f"killed by {self.signal}" if self.signal else f"ended with exit code {self.exit_code}"


class Template:
    """A started template process. Methods may be called from any thread.

    Raises:
        SandboxUnavailable: It cannot be started, or (by its methods) its imports failed or it is gone.
    """

    def __init__(self, tasks: Sequence[str], variables: Mapping[str, str]) -> None:
        environment = _environment(tasks, variables)
        self._tasks = tasks
        self._lock = threading.Lock()
        self._ready = False
        self._running: set[int] = set()
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_LONGEST_START_S)
        with theirs:
            try:
                self._process = _start(tasks, environment, theirs, self._printed)
            except OSError as error:
                self._control.close()
                self._printed.close()
                raise self._unavailable(f"{sys.executable or 'Python'} cannot be started: {error}") from error

    def fork(self, descriptors: Sequence[int]) -> tuple[int, Path]:
        """The process id and the scratch folder of a new fork.

        Args:
            descriptors: What becomes its standard input, output and error, and its door where it has one.
        """
        said = self._ask({"fork": tempfile.gettempdir()}, descriptors)
        pid, scratch = said["pid"], said["scratch"]
        assert isinstance(pid, int)
        self._running.add(pid)
        return pid, Path(str(scratch))

    def reap(self, pid: int, *, wait: bool) -> Ending | None:
        """How a fork ended, once; None while it runs. With its end its scratch folder is removed."""
        said = self._ask({"reap": pid, "wait": wait})
        code, cpu_seconds = said["code"], said.get("cpu_seconds")
        if not isinstance(code, int) or not isinstance(cpu_seconds, float):
            return None
        self._running.discard(pid)
        if code >= 0:
            return Ending(exit_code=code, signal=None, cpu_seconds=cpu_seconds)
        return Ending(exit_code=None, signal=signal.Signals(-code).name, cpu_seconds=cpu_seconds)

    def close(self) -> None:
        """End the process, and with it every fork that still runs."""
        with suppress(OSError):  # closed before
            self._control.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for an answer
        self._control.close()
        if self._running:
            with suppress(subprocess.TimeoutExpired):  # it removes them and their folders
                self._process.wait(_LONGEST_END_S)
        self._process.kill()
        self._process.wait()
        self._printed.close()

    def _ask(self, question: JsonValue, descriptors: Sequence[int] = ()) -> dict[str, JsonValue]:
        with self._lock, ExitStack() as on_failure:
            # An exchange that was cut short would give the next question this one's answer.
            on_failure.callback(self._control.close)
            try:
                if not self._ready:
                    self._hear()
                    self._ready = True
                socket.send_fds(self._control, [json.dumps(question).encode()], [*descriptors])
                said = self._hear()
            except (OSError, EOFError) as error:
                raise self._unavailable(self._why_gone()) from error
            on_failure.pop_all()
            return said

    def _hear(self) -> dict[str, JsonValue]:
        message = self._control.recv(_LONGEST_MESSAGE)
        if not message:
            raise EOFError("no answer")
        said: dict[str, JsonValue] = json.loads(message)
        return said

    def _why_gone(self) -> str:
        if self._printed.closed:
            return "this sandbox is closed"
        self._printed.seek(0)
        printed = printable(self._printed.read().decode("utf-8", errors="replace"))
        return f"its process did not start or is gone: {printed.strip().rpartition(chr(10))[2]}"

    def _unavailable(self, message: str) -> SandboxUnavailable:
        return SandboxUnavailable(", ".join(self._tasks), message)


def _environment(tasks: Sequence[str], variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    path = {"PYTHONPATH": os.pathsep.join(_paths.import_path(tasks))}
    return {**kept, **_SET_VARIABLES, **variables, **path}


def _start(
    tasks: Sequence[str], environment: Mapping[str, str], control: socket.socket, printed: IO[bytes]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, *_FLAGS, "-m", "flowlattice.sandbox.template", str(control.fileno()), *tasks]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=printed,
        pass_fds=(control.fileno(),),
        cwd="/",
        env=environment,
        start_new_session=True,
    )
