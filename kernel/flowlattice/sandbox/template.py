"""The process that runs of a sandbox are forked from: it has imported the trusted tasks and runs nothing else.

Started as `python -m flowlattice.sandbox.template CONTROL TASK...`, where CONTROL is the file descriptor of a socket.
Over it the parent says, one at a time, `{"fork": true}` with three descriptors (to become 0, 1 and 2 of the fork) and
`{"reap": pid, "wait": bool}`. Fork and reap are apart so that a process id stays reserved until the parent is done with
it. The process ends when the socket closes, which takes its forks with it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence

from flowlattice.sandbox import child
from flowlattice.sandbox._wire import JsonValue, Task

_LONGEST_MESSAGE = 4096


def main() -> None:
    """Import, then fork and reap as asked."""
    with socket.socket(fileno=int(sys.argv[1])) as control:
        tasks = {name: _resolve(name) for name in sys.argv[2:]}
        gc.freeze()  # so that a fork's collector does not touch, and thereby copy, what was imported
        _say(control, {"ready": True})
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, _LONGEST_MESSAGE, 3)
            if not message:
                return
            asked = json.loads(message)
            _say(control, _reap(asked["reap"], asked["wait"]) if "reap" in asked else _fork(tasks, descriptors))


def _resolve(name: str) -> Task:
    module, _, function = name.partition(":")
    task: Task = getattr(importlib.import_module(module), function)
    return task


def _fork(tasks: Mapping[str, Task], descriptors: Sequence[int]) -> JsonValue:
    template = os.getpid()
    pid = os.fork()
    if pid == 0:
        child.main(tasks, descriptors, template)
    for descriptor in descriptors:
        os.close(descriptor)
    return {"pid": pid}


def _reap(pid: int, wait: bool) -> JsonValue:
    ended, status, usage = os.wait4(pid, 0 if wait else os.WNOHANG)
    if not ended:
        return {"code": None}
    return {"code": os.waitstatus_to_exitcode(status), "cpu_seconds": usage.ru_utime + usage.ru_stime}


def _say(control: socket.socket, value: JsonValue) -> None:
    control.sendall(json.dumps(value).encode())


if __name__ == "__main__":
    main()
