"""The parent's side of the pipes: the request out, lines in, until there is an answer or a reason why there is none.

Where the process has a door, it is opened here too, meanwhile.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable

from flowlattice.sandbox._fork import Fork
from flowlattice.sandbox._template import Ending
from flowlattice.sandbox._watch import INTERVAL_S, Watch
from flowlattice.sandbox._wire import JsonValue, WireError, decode, printable
from flowlattice.sandbox.door import Doorkeeper, Opening
from flowlattice.sandbox.errors import (
    SandboxCrashed,
    SandboxError,
    SandboxLimitExceeded,
    SandboxTaskError,
    SandboxTimeout,
    SandboxUnavailable,
)
from flowlattice.sandbox.protection import Protection

_CHUNK = 65_536
_REAP_INTERVAL_S = 0.01
_KEPT_STDERR = 16_384


class Conversation:
    """One request and what comes back."""

    def __init__(
        self, fork: Fork, watch: Watch, on_event: Callable[[JsonValue], None] | None, opening: Opening | None = None
    ) -> None:
        self._fork = fork
        self._watch = watch
        self._on_event = on_event
        self._unsent = b""
        self._partial = bytearray()
        self._received = 0
        self._stderr = bytearray()
        self._protection: Protection | None = None
        self._answer: tuple[str, JsonValue] | None = None
        self._keeper = None if fork.door is None or opening is None else Doorkeeper(fork.door, opening)

    @property
    def protection(self) -> Protection:
        """What confines the process."""
        assert self._protection is not None, "asked before the answer"
        return self._protection

    @property
    def stderr(self) -> str:
        """The end of what the process printed, safe to show."""
        return printable(self._stderr.decode("utf-8", errors="replace"))

    def hold(self, order: bytes) -> JsonValue:
        """Send the order and return the task's value.

        Raises:
            SandboxError: There is none; see `errors` for the cases.
        """
        self._unsent = order
        with selectors.DefaultSelector() as selector:
            for pipe, event, serve in (
                (self._fork.order, selectors.EVENT_WRITE, self._send),
                (self._fork.answers, selectors.EVENT_READ, self._hear),
                (self._fork.printed, selectors.EVENT_READ, self._overhear),
            ):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, event, serve)
            if self._keeper is not None:
                selector.register(self._keeper.socket, selectors.EVENT_READ, self._keep_door)
            while self._answer is None and self._is_heard(selector):
                self._serve(selector)
                self._watch.check()
        if self._answer is None:
            raise self._ended()
        self._drain()
        return self._value(*self._answer)

    def _serve(self, selector: selectors.BaseSelector) -> None:
        for key, _ in selector.select(INTERVAL_S):
            serve: Callable[[int], bool] = key.data
            if not serve(key.fd):
                selector.unregister(key.fileobj)

    def _is_heard(self, selector: selectors.BaseSelector) -> bool:
        """Whether a pipe is open over which an answer, or the reason of an end, may come."""
        return any(key.data != self._keep_door for key in selector.get_map().values())

    def _keep_door(self, _: int) -> bool:
        if self._keeper is None:
            return False
        asked = self._keeper.serve()
        self._count(asked)
        return asked > 0

    def _send(self, pipe: int) -> bool:
        try:
            self._unsent = self._unsent[os.write(pipe, self._unsent) :]
        except BrokenPipeError:
            return False  # it ended; its exit says why
        return bool(self._unsent)

    def _drain(self) -> None:
        """Take what was printed before the answer and not read yet."""
        try:
            self._overhear(self._fork.printed.fileno())
        except BlockingIOError:
            return

    def _overhear(self, pipe: int) -> bool:
        chunk = os.read(pipe, _CHUNK)
        self._stderr += chunk
        del self._stderr[:-_KEPT_STDERR]
        return bool(chunk)

    def _hear(self, pipe: int) -> bool:
        chunk = os.read(pipe, _CHUNK)
        self._count(len(chunk))
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._understand(bytes(self._partial) + line)
            self._partial.clear()
        self._partial += rest
        return bool(chunk)

    def _count(self, size: int) -> None:
        self._received += size
        most = self._watch.limits.output_bytes
        if self._received > most:
            raise SandboxLimitExceeded(self._watch.task, "output", f"answered more than {most:,} bytes")

    def _understand(self, line: bytes) -> None:
        try:
            kind, value = decode(line)
        except WireError as error:
            raise self._crashed(f"answered what is no answer ({error})") from error
        match kind:
            case _ if self._answer is not None:
                pass  # nothing counts after the answer
            case "ready" if self._protection is None:
                self._protection = Protection.from_json(value)  # sent before anything untrusted ran
            case "unavailable" if self._protection is None:
                raise SandboxUnavailable(self._watch.task, printable(str(value)))
            case "event" if self._protection:
                if self._on_event is not None:
                    self._on_event(value)
            case "value" | "raised" if self._protection:
                self._answer = kind, value
            case _:
                raise self._crashed("answered what is no answer (out of turn)")

    def _value(self, kind: str, value: JsonValue) -> JsonValue:
        if kind == "value":
            return value
        if not isinstance(value, dict):
            raise self._crashed("answered what is no answer (a strange error)")
        name, message, trace = (printable(str(value.get(part, ""))) for part in ("type", "message", "traceback"))
        if name == "MemoryError":
            most = self._watch.limits.memory_bytes
            raise SandboxLimitExceeded(self._watch.task, "memory", f"needed more than {most:,} bytes of memory")
        raise SandboxTaskError(self._watch.task, type_name=name, message=message, traceback=trace)

    def _ended(self) -> SandboxError:
        """Why there will be no answer: both pipes are closed."""
        while (ending := self._fork.ending()) is None:
            self._watch.check()
            time.sleep(_REAP_INTERVAL_S)
        if self._protection is None:
            return SandboxUnavailable(self._watch.task, f"it did not start: {self.stderr or ending.describe()}")
        allowed = self._watch.limits.cpu.total_seconds()
        if ending.signal == "SIGXCPU" or (ending.signal == "SIGKILL" and ending.cpu_seconds >= allowed):
            return SandboxTimeout(self._watch.task, "cpu", f"used more than {allowed:g} s of processor time")
        return self._crashed(f"{ending.describe()} without an answer", ending)

    def _crashed(self, message: str, ending: Ending | None = None) -> SandboxCrashed:
        code, name = (ending.exit_code, ending.signal) if ending else (None, None)
        return SandboxCrashed(self._watch.task, message, exit_code=code, signal=name, stderr=self.stderr)
