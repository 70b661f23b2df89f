"""What the kernel under us offers to confine a process, and what to tell people where something is missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flowlattice.sandbox import _landlock, _seccomp
from flowlattice.sandbox._wire import JsonValue


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What confines, or would confine, a sandboxed process.

    Attributes:
        system: The operating system, such as `Linux`.
        landlock: The version of Landlock, which limits the file system; None where it is missing.
        seccomp: Whether system calls are filtered, which denies network, other processes and programs.
    """

    system: str
    landlock: int | None
    seccomp: bool

    @classmethod
    def from_json(cls, value: JsonValue) -> Protection:
        """What `dataclasses.asdict` made of one.

        Raises:
            ValueError: It is not one.
        """
        match value:
            case {"system": str(system), "landlock": int() | None as landlock, "seccomp": bool(seccomp)}:
                return cls(system=system, landlock=landlock, seccomp=seccomp)
            case _:
                raise ValueError(f"{value!r} describes no protection")

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """What untrusted code could do here that it should not, one text a gap."""
        return tuple(gap for gap in (self._files_gap(), self._calls_gap()) if gap)

    @property
    def notice(self) -> str | None:
        """One line for people; None where nothing is missing."""
        if self.complete:
            return None
        return f"sandbox: incomplete on this machine: {'; '.join(self.missing)}. Only run flows that you trust here."

    @property
    def summary(self) -> str:
        """One line that says what is there, for `flows doctor`."""
        landlock = f"Landlock ABI {self.landlock}" if self.landlock else "no Landlock"
        return f"{landlock}, {'seccomp' if self.seccomp else 'no seccomp'} on {self.system}"

    def _files_gap(self) -> str | None:
        if self.landlock is None:
            return "no Landlock (Linux 5.13 or newer with it enabled), so a flow's code can read and write files"
        if self.seccomp or self.landlock >= 6:
            return None
        return (
            f"Landlock ABI {self.landlock} alone does not deny "
            + ("" if self.landlock >= 4 else "TCP connections, ")
            + "abstract sockets and signals"
        )

    def _calls_gap(self) -> str | None:
        if self.seccomp:
            return None
        return "no seccomp filter (Linux on x86_64 or aarch64), so a flow's code can reach other processes and hosts"


def protection(
    *,
    system: str | None = None,
    machine: str | None = None,
    landlock: Callable[[], int | None] = _landlock.abi,
    seccomp: Callable[[_seccomp.Machine], bool] = _seccomp.available,
) -> Protection:
    """What this machine offers. The arguments replace what is asked of it."""
    system = platform.system() if system is None else system
    if system != "Linux":
        return Protection(system=system, landlock=None, seccomp=False)
    known = machine_of(platform.machine() if machine is None else machine)
    filtered = partial(seccomp, known) if known else bool
    return Protection(system=system, landlock=landlock(), seccomp=filtered())


def machine_of(name: str) -> _seccomp.Machine | None:
    """The kind of machine whose system calls are known; None for others and for 32-bit interpreters."""
    return _seccomp.MACHINES.get(name) if sys.maxsize > 1 << 32 else None
