"""Landlock: which files may be reached, and (newer kernels) no TCP, no abstract sockets and no signals to others.

Source of numbers and layouts: Linux `linux/landlock.h`. What Landlock does not cover (chmod, chown, connecting to the
path of a unix socket) is the seccomp filter's business; asking for a path's size and times (stat) stays possible.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from typing import Final

from flowlattice.sandbox import _libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_ONLY = 1
_PATH_BENEATH = 1

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3  # executing is 1 << 0, and never granted
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_UP_TO_MAKE_SYM = (1 << 13) - 1
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

READ: Final = READ_FILE | READ_DIR
WRITE: Final = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
_OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE

_BIND_AND_CONNECT_TCP = 1 | 2
_ABSTRACT_SOCKETS_AND_SIGNALS = 1 | 2


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int | None:
    """The version that the kernel offers, from 1; None where it has no Landlock or it is off."""
    try:
        return _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_ONLY)
    except OSError:
        return None


def restrict(version: int, grants: Iterable[tuple[str, int]]) -> None:
    """Close everything to this thread, for ever, but what is granted; grants of what does not exist are left out.

    Args:
        version: The kernel's version, from `abi`.
        grants: Paths, each with the accesses allowed at and below it. Symbolic links are followed.

    Raises:
        OSError: The kernel refused.
    """
    handled = _handled(version)
    network = _BIND_AND_CONNECT_TCP if version >= 4 else 0
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    ruleset = _Ruleset(handled, network, scoped)
    # Older kernels refuse a longer structure only where the part that they do not know is not zero.
    descriptor = _libc.syscall(_CREATE_RULESET, ruleset, ctypes.sizeof(ruleset), 0)
    try:
        for path, access in grants:
            _grant(descriptor, path, access & handled)
        _libc.syscall(_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)


def _handled(version: int) -> int:
    newer = {2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
    return _UP_TO_MAKE_SYM | sum(access for since, access in newer.items() if version >= since)


def _grant(ruleset: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            return
        raise
    try:
        allowed = access if stat.S_ISDIR(os.fstat(parent).st_mode) else access & _OF_FILES
        if allowed:
            _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, _PathBeneath(allowed, parent), 0)
    finally:
        os.close(parent)
