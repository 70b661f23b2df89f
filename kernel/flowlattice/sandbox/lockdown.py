"""Confining the process one is in, for ever: limits, capabilities, Landlock, seccomp, in this order.

Everything that the kernel offers is applied, or the process does not go on. Trusted code calls this once, in a process
with one thread, before it runs untrusted code.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

from flowlattice.sandbox import _landlock, _libc, _seccomp
from flowlattice.sandbox.limits import Limits
from flowlattice.sandbox.protection import Protection, machine_of, protection

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_PR_CAP_AMBIENT, _CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


class LockdownError(Exception):
    """The process could not be confined; it must not run untrusted code."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Paths that stay reachable.

    Attributes:
        read: Files, and folders with all below.
        names: Folders whose file names, also below, may be listed.
        write: Folders in which files may be made, changed and removed.
        door: Whether sockets may be handed in, over the one that the process was started with.
    """

    read: tuple[str, ...]
    names: tuple[str, ...]
    write: tuple[str, ...]
    door: bool = False


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the parent's thread that started it ends."""
    if platform.system() != "Linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def lock_down(grants: Grants, limits: Limits) -> Protection:
    """Confine this process.

    Returns:
        What confines it now.

    Raises:
        LockdownError: The process has other threads, or the kernel refused something that it offers.
    """
    offered = protection()
    try:
        if offered.system == "Linux":
            _require_one_thread()
            _give_up_privileges()
        for what, bounds in resource_bounds(limits, filtered=offered.seccomp).items():
            resource.setrlimit(what, bounds)
        if offered.landlock is not None:
            _landlock.restrict(offered.landlock, _landlock_grants(grants))
        machine = machine_of(platform.machine())
        if offered.seccomp and machine is not None:
            _seccomp.install(machine, door=grants.door)
    except (OSError, ValueError) as error:
        raise LockdownError(f"the process could not be confined: {error}") from error
    return offered


def resource_bounds(limits: Limits, *, filtered: bool) -> dict[int, tuple[int, int]]:
    """The soft and hard bound of each resource; `filtered` says that starting processes is denied anyway."""
    seconds = max(1, round(limits.cpu.total_seconds()))
    bounds = {
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_AS: (limits.memory_bytes, limits.memory_bytes),
        resource.RLIMIT_FSIZE: (limits.scratch_bytes, limits.scratch_bytes),
        resource.RLIMIT_NOFILE: (limits.open_files, limits.open_files),
        resource.RLIMIT_CORE: (0, 0),
    }
    if not filtered:
        # It counts all processes and threads of the person, so any other bound would depend on what else runs.
        bounds[resource.RLIMIT_NPROC] = (0, 0)
    return {what: _within_hard(what, bound) for what, bound in bounds.items()}


def _within_hard(what: int, bound: tuple[int, int]) -> tuple[int, int]:
    hard = resource.getrlimit(what)[1]
    return bound if hard == resource.RLIM_INFINITY else (min(bound[0], hard), min(bound[1], hard))


def _require_one_thread() -> None:
    # Landlock and capabilities are per thread, so a thread that started earlier would stay free.
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise LockdownError(f"the task's imports started {threads - 1} threads, which could not be confined")


def _give_up_privileges() -> None:
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    none = ctypes.create_string_buffer(bytes(24), 24)
    machine = machine_of(platform.machine())
    if machine is not None:
        _libc.syscall(machine.capset, header, none)
    # Last: nobody may read this process's memory or trace it, nor it others of the same user.
    _libc.prctl(_PR_SET_DUMPABLE, 0)


def _landlock_grants(grants: Grants) -> list[tuple[str, int]]:
    return [
        *((path, _landlock.READ) for path in grants.read),
        *((path, _landlock.READ_DIR) for path in grants.names),
        *((path, _landlock.WRITE) for path in grants.write),
        ("/dev/null", _landlock.READ_FILE | _landlock.WRITE_FILE),
    ]
