"""What can go wrong with a sandboxed run.

SandboxError
├── SandboxUnavailable      the process could not be started or locked down; nothing untrusted ran
├── SandboxLimitExceeded    a limit was passed: memory, output, scratch or threads
│   └── SandboxTimeout      … wall clock or CPU time
├── SandboxCrashed          the process ended, or answered nonsense, without an answer
├── SandboxTaskError        the task raised
└── SandboxCancelled        the caller asked to stop

Texts that come from inside are untrusted: control characters in them are escaped, and they are cut to a length.
"""

from __future__ import annotations

from typing import Literal

from flowlattice.errors import EngineUnavailable, FlowlatticeError

LimitName = Literal["wall_clock", "cpu", "memory", "output", "scratch", "threads"]


class SandboxError(FlowlatticeError):
    """Root of what can go wrong with a sandboxed run; `task` names the trusted function that was run."""

    def __init__(self, task: str, message: str) -> None:
        self.task = task
        super().__init__(f"sandbox, {task}: {message}")


class SandboxUnavailable(SandboxError, EngineUnavailable):
    """The process could not be started or locked down. Nothing untrusted ran."""


class SandboxLimitExceeded(SandboxError):
    """A limit was passed and the process killed; `limit` names the field of `Limits`."""

    def __init__(self, task: str, limit: LimitName, message: str) -> None:
        self.limit = limit
        super().__init__(task, message)


class SandboxTimeout(SandboxLimitExceeded):
    """The run took longer than its wall-clock or CPU limit."""


class SandboxCrashed(SandboxError):
    """The process ended without an answer.

    Attributes:
        exit_code: Its exit code; None where a signal ended it or it answered nonsense.
        signal: The signal's name, such as `SIGSEGV`.
        stderr: The end of what it wrote to standard output and error.
    """

    def __init__(
        self, task: str, message: str, *, exit_code: int | None = None, signal: str | None = None, stderr: str = ""
    ) -> None:
        self.exit_code = exit_code
        self.signal = signal
        self.stderr = stderr
        super().__init__(task, message)


class SandboxTaskError(SandboxError):
    """The task raised.

    Attributes:
        type: The exception's class name.
        message: Its text.
        traceback: Its traceback as text, for `--debug`.
    """

    def __init__(self, task: str, *, type_name: str, message: str, traceback: str) -> None:
        self.type = type_name
        self.message = message
        self.traceback = traceback
        super().__init__(task, f"{type_name}: {message}")


class SandboxCancelled(SandboxError):
    """The caller asked to stop, and the process was killed."""
