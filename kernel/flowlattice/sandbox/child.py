"""The sandboxed process, from its fork on: take the request, lock down, run the task, answer, end.

What standard output gets is moved to standard error, so that nothing a flow prints can be taken for an answer by
accident.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from flowlattice.sandbox._wire import JsonValue, Task, encode, printable
from flowlattice.sandbox.limits import Limits
from flowlattice.sandbox.lockdown import Grants, LockdownError, die_with, lock_down


class _Speaker:
    """The way to the parent: whole lines, from whichever thread."""

    def __init__(self) -> None:
        self._pipe = os.fdopen(os.dup(1), "wb")
        self._lock = threading.Lock()
        os.dup2(2, 1)

    def say(self, kind: str, value: JsonValue) -> None:
        line = encode({kind: value})
        with self._lock:
            self._pipe.write(line)
            self._pipe.flush()


def main(tasks: Mapping[str, Task], descriptors: Sequence[int], scratch: Path, template: int) -> NoReturn:
    """Answer one request and end the process, without the interpreter's own clean-up.

    Args:
        tasks: What may be asked for, by name.
        descriptors: What becomes standard input (the request), output (the answer) and error (what is printed), and,
            where there is one, the door (`door`).
        scratch: The folder that may be written.
        template: The process forked from; this one dies with it.
    """
    try:
        os.setsid()
        die_with(template)
        _take_over(descriptors)
        os.chdir(scratch)
        os.environ.update(HOME=str(scratch), TMPDIR=str(scratch))
        _serve(_Speaker(), tasks)
    except BaseException:  # noqa: BLE001 - the fork must not fall back into the template's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _take_over(descriptors: Sequence[int]) -> None:
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
    os.closerange(len(descriptors), os.sysconf("SC_OPEN_MAX"))


def _serve(speaker: _Speaker, tasks: Mapping[str, Task]) -> None:
    with os.fdopen(0, "rb") as pipe:
        order = json.loads(pipe.readline())
    os.open(os.devnull, os.O_RDONLY)  # takes the place of standard input
    paths = {kind: tuple(paths) for kind, paths in order["grants"].items()}
    grants = Grants(**paths, door=order["door"])
    try:
        confined_by = lock_down(grants, Limits.from_json(order["limits"]))
    except LockdownError as error:
        speaker.say("unavailable", str(error))
        return
    speaker.say("ready", asdict(confined_by))
    _answer(speaker, tasks[order["task"]], order["request"])


def _answer(speaker: _Speaker, task: Task, request: JsonValue) -> None:
    try:
        value = task(request, lambda event: speaker.say("event", event))
        sys.stdout.flush()
        speaker.say("value", value)
    except BaseException as error:  # noqa: BLE001 - whatever untrusted code raises is an answer, exits included
        trace = "".join(traceback.format_exception(error, limit=-20))
        raised: JsonValue = {
            "type": type(error).__name__,
            "message": printable(str(error)),
            "traceback": printable(trace),
        }
        speaker.say("raised", raised)
