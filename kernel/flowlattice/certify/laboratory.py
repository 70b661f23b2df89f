"""Where flows are built and certified: sandboxes that are started early, so that nobody waits for their imports."""

from __future__ import annotations

from threading import RLock
from types import TracebackType
from typing import Self

from flowlattice.certify.probes import IN_WORLDS, PROBES, task_of
from flowlattice.ir.build import TASK as BUILD
from flowlattice.sandbox import Sandbox

# Processes that differ in what must not matter: the hash seed, the time zone, the locale.
WORLDS = (
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
)


class Laboratory:
    """The sandboxes of one certification or of many; closing it ends them.

    Raises:
        SandboxUnavailable: A process cannot be started.
    """

    def __init__(self) -> None:
        self._starting = RLock()
        self._work: Sandbox | None = None
        self._worlds: tuple[Sandbox, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the first process now, to use it later."""
        _ = self.work

    def start_worlds(self) -> None:
        """Start the processes of the other worlds now, to use them later."""
        _ = self.worlds

    @property
    def work(self) -> Sandbox:
        """Where flows are built and probes run; started when first asked for."""
        with self._starting:
            if self._work is None:
                self._work = Sandbox(BUILD, *map(task_of, PROBES))
            return self._work

    @property
    def worlds(self) -> tuple[Sandbox, ...]:
        """A sandbox for each of `WORLDS`; started when first asked for."""
        with self._starting:
            if self._worlds is None:
                self._worlds = tuple(Sandbox(*map(task_of, IN_WORLDS), env=world) for world in WORLDS)
            return self._worlds

    def close(self) -> None:
        """End all processes."""
        for sandbox in (*(self._worlds or ()), *((self._work,) if self._work is not None else ())):
            sandbox.close()
