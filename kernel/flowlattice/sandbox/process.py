"""Running trusted tasks together with untrusted code, each time in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from flowlattice.sandbox import _paths
from flowlattice.sandbox._conversation import Conversation
from flowlattice.sandbox._fork import Fork, forked
from flowlattice.sandbox._template import Template
from flowlattice.sandbox._watch import Watch
from flowlattice.sandbox._wire import JsonValue, encode
from flowlattice.sandbox.door import Opening
from flowlattice.sandbox.errors import SandboxUnavailable
from flowlattice.sandbox.limits import Limits
from flowlattice.sandbox.protection import Protection


@dataclass(frozen=True, kw_only=True)
class SandboxResult:
    """What a sandboxed task answered.

    Attributes:
        value: Its answer. It ran together with untrusted code, so it is a claim of that code, not a fact.
        stderr: The end of what was printed, control characters escaped.
        protection: What confined it.
    """

    value: JsonValue
    stderr: str
    protection: Protection


class Sandbox:
    """A process that has imported trusted tasks; each run is a fork of it, locked down before it does anything.

    Starting one early hides the time that imports take, and keeping it saves that time for every further run. Closing
    it, like the end of this process, kills whatever still runs. Runs may be asked for from several threads. They share
    a hash seed: where another one is to be tried, start another sandbox.

    Args:
        tasks: The trusted functions that can be run, as `package.module:function`. Each takes the request and a
            function that emits events, and returns JSON. A `prepare()` in its module is called once, before any run.
        env: Environment variables for all runs, such as PYTHONHASHSEED. Nothing else is passed on but the locale and
            the time zone.

    Raises:
        SandboxUnavailable: The process cannot be started.
    """

    def __init__(self, *tasks: str, env: Mapping[str, str] | None = None) -> None:
        self._tasks = tasks
        self._template = Template(tasks, env or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and whatever still runs."""
        self._template.close()

    def run(  # noqa: PLR0913 - each says something else of the run, and all but two are optional
        self,
        task: str,
        request: JsonValue,
        *,
        read: Sequence[Path] = (),
        write: Sequence[Path] = (),
        limits: Limits | None = None,
        on_event: Callable[[JsonValue], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        door: Opening | None = None,
    ) -> SandboxResult:
        """Run one of the tasks in a new process and wait for its answer.

        Args:
            task: One of the names that the sandbox was made with.
            request: What the task gets.
            read: Files, and folders with all below, that may be read. All else but the interpreter, its libraries and
                an empty scratch folder (the working directory) is closed.
            write: Folders in which files may be made, changed and removed, and that outlive the run (`kept_folder`).
                What is left in them was written beside untrusted code: it is a claim, like the answer.
            limits: What may be used.
            on_event: Called in this thread with each event that the task emits; it counts towards the time.
            should_stop: Asked several times a second; true kills the process.
            door: Called in this thread with each connection that the process asks for (`Door`); the socket that it
                gives is handed in, none refuses. Without it nothing can be asked for. What it gives is all that the
                process reaches, and its code may ask for whatever it likes.

        Raises:
            SandboxError: There is no answer; see `errors` for the cases.
        """
        if task not in self._tasks:
            raise SandboxUnavailable(task, f"this sandbox was made for {', '.join(self._tasks)}")
        limits, kept = limits or Limits(), _paths.writable(task, write)
        with forked(self._template, with_door=door is not None) as fork:
            written = (fork.scratch, *kept)
            watch = Watch(task=task, pid=fork.pid, limits=limits, written=written, should_stop=should_stop)
            conversation = Conversation(fork, watch, on_event, door)
            value = conversation.hold(encode(_order(task, request, read, written, limits, fork)))
            return SandboxResult(value=value, stderr=conversation.stderr, protection=conversation.protection)


def run(  # noqa: PLR0913 - the parameters of `Sandbox` and of its `run`, all but two optional
    task: str,
    request: JsonValue,
    *,
    read: Sequence[Path] = (),
    limits: Limits | None = None,
    env: Mapping[str, str] | None = None,
    on_event: Callable[[JsonValue], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> SandboxResult:
    """Run one task, with a `Sandbox` for it alone; that and its `run` say what the parameters mean.

    Raises:
        SandboxError: There is no answer; see `errors` for the cases.
    """
    with Sandbox(task, env=env) as sandbox:
        return sandbox.run(task, request, read=read, limits=limits, on_event=on_event, should_stop=should_stop)


def _order(  # noqa: PLR0913, PLR0917 - all that the process is told
    task: str, request: JsonValue, read: Sequence[Path], written: Sequence[Path], limits: Limits, fork: Fork
) -> JsonValue:
    readable, names = _paths.given(read)
    grants: JsonValue = {"read": [*_paths.code([task]), *readable], "names": [*names], "write": [*map(str, written)]}
    return {
        "task": task,
        "request": request,
        "grants": grants,
        "limits": {**limits.to_json()},
        "door": fork.door is not None,
    }
