"""The process that runs of a sandbox are forked from: it has imported the trusted tasks and runs nothing else.

Started as `python -m flowlattice.sandbox.template CONTROL TASK...`, where CONTROL is the file descriptor of a socket.
Over it the parent says, one at a time, `{"fork": place for its scratch folder}` with three descriptors (to become 0, 1
and 2 of the fork; a fourth is its door) and `{"reap": pid, "wait": bool}`. Fork and reap are apart so that a process id
stays reserved until the parent is done with it. Scratch folders are made and removed here, so that a killed parent
leaves none: when the socket closes, because the parent is done or dead, what is left of forks and folders is removed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flowlattice.sandbox import _scratch, child
from flowlattice.sandbox._wire import JsonValue, Task

_LONGEST_MESSAGE = 4096
_MOST_DESCRIPTORS = 4
_COLLECT_AFTER = 50_000
"""New objects before the collector looks: runs are short and keep what they make, syntax above all."""


def main() -> None:
    """Import, then fork and reap as asked."""
    gc.set_threshold(_COLLECT_AFTER)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        forks = _Forks({name: _resolve(name) for name in sys.argv[2:]})
        _prepare(sys.argv[2:])
        sys.dont_write_bytecode = True  # whatever is imported from here on, a fork imports
        gc.freeze()  # so that a fork's collector does not touch, and thereby copy, what was imported
        _say(control, {"ready": True})
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, _LONGEST_MESSAGE, _MOST_DESCRIPTORS)
            if not message:
                break
            _say(control, forks.do(json.loads(message), descriptors))
    forks.abandon()


class _Forks:
    """The forks that were not reaped yet, each with its scratch folder."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = tasks
        self._scratch: dict[int, Path] = {}

    def do(self, asked: dict[str, JsonValue], descriptors: Sequence[int]) -> JsonValue:
        match asked:
            case {"fork": str(place)}:
                return self._fork(_scratch.create(place), descriptors)
            case {"reap": int(pid), "wait": bool(wait)}:
                return self._reap(pid, wait)
            case _:
                raise ValueError(f"not a question: {asked}")

    def abandon(self) -> None:
        """End all of them and remove their folders, as nobody else will."""
        for pid, scratch in self._scratch.items():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            _scratch.remove(scratch)

    def _fork(self, scratch: Path, descriptors: Sequence[int]) -> JsonValue:
        template = os.getpid()
        pid = os.fork()
        if pid == 0:
            child.main(self._tasks, descriptors, scratch, template)
        self._scratch[pid] = scratch
        for descriptor in descriptors:
            os.close(descriptor)
        return {"pid": pid, "scratch": str(scratch)}

    def _reap(self, pid: int, wait: bool) -> JsonValue:
        ended, status, usage = os.wait4(pid, 0 if wait else os.WNOHANG)
        if not ended:
            return {"code": None}
        _scratch.remove(self._scratch.pop(pid))
        return {"code": os.waitstatus_to_exitcode(status), "cpu_seconds": usage.ru_utime + usage.ru_stime}


def _resolve(name: str) -> Task:
    module, _, function = name.partition(":")
    task: Task = getattr(importlib.import_module(module), function)
    return task


def _prepare(names: Sequence[str]) -> None:
    """Call the `prepare()` of each task's module that has one: what every fork would do first is done once."""
    for name in names:
        prepare: Callable[[], None] | None = getattr(sys.modules[name.partition(":")[0]], "prepare", None)
        if prepare is not None:
            prepare()


def _say(control: socket.socket, value: JsonValue) -> None:
    control.sendall(json.dumps(value).encode())


if __name__ == "__main__":
    main()
