"""Where flows are built and certified: sandboxes that are started early, so that nobody waits for their imports."""

from __future__ import annotations

from functools import cached_property
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the first process now, to use it later; the others start while evidence is gathered in it."""
        _ = self.work

    @cached_property
    def work(self) -> Sandbox:
        """Where flows are built and probes run; started when first asked for."""
        return Sandbox(BUILD, *map(task_of, PROBES))

    @cached_property
    def worlds(self) -> tuple[Sandbox, ...]:
        """A sandbox for each of `WORLDS`; started when first asked for."""
        return tuple(Sandbox(*map(task_of, IN_WORLDS), env=world) for world in WORLDS)

    def close(self) -> None:
        """End all processes."""
        started = vars(self)
        for sandbox in (*started.get("worlds", ()), *([started["work"]] if "work" in started else [])):
            sandbox.close()
