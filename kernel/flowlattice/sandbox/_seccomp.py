"""The seccomp filter: which system calls may be made with which arguments, assembled by hand as classic BPF.

An allow-list: what stands in no table of `_syscalls` fails with EPERM, or ENOSYS where it is so new that programs
expect it to be missing (so the C library falls back, from `clone3` to `clone` for one). Another calling convention of
the machine (32-bit or x32 calls) kills the process, for its numbers mean other calls. Source of the layout: Linux
`linux/seccomp.h` and `linux/bpf_common.h`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from flowlattice.sandbox import _libc
from flowlattice.sandbox._syscalls import ANYHOW, CHECKED, FIRST_UNIFIED, WITH_DOOR

Instruction: TypeAlias = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_AT_LEAST = 0x15, 0x35
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32 = 0x40000000

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_GET_ACTION_AVAIL = 2


@dataclass(frozen=True)
class Machine:
    """How a kind of machine numbers and calls: `column` is its place in the tables of `_syscalls`."""

    architecture: int
    column: int
    seccomp: int
    capset: int


MACHINES: Final = {
    "x86_64": Machine(architecture=0xC000003E, column=0, seccomp=317, capset=126),
    "aarch64": Machine(architecture=0xC00000B7, column=1, seccomp=277, capset=91),
}


@dataclass(frozen=True)
class _OneOf:
    """The low 32 bits of an argument are one of some values."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class _Bits:
    """The low 32 bits of an argument, masked, have a value, or (`holds=False`) do not have it."""

    argument: int
    mask: int
    value: int
    holds: bool = True


@dataclass(frozen=True)
class _Null:
    """A pointer argument is null."""

    argument: int


_Condition: TypeAlias = _OneOf | _Bits | _Null

_THREAD = 0x10000 | 0x100 | 0x800  # CLONE_THREAD | CLONE_VM | CLONE_SIGHAND
_NAMESPACES = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
_ACCESS_MODE = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
# Duplicating, close-on-exec, status flags, record locks, pipe size. Not F_SETOWN and F_SETSIG: they signal others.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
_IOCTL = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_PRCTL = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA
_AF_UNIX, _SOCK_STREAM, _SOCK_KIND = 1, 1, 0xF


def _conditions(pid: int) -> Mapping[str, tuple[_Condition, ...]]:
    return {
        "open": _no_truncation(1),
        "openat": _no_truncation(2),
        "fcntl": (_OneOf(1, _FCNTL),),
        "ioctl": (_OneOf(1, _IOCTL),),
        "clone": (_Bits(0, _THREAD | _NAMESPACES, _THREAD),),
        "kill": (_OneOf(0, (pid,)),),
        "tgkill": (_OneOf(0, (pid,)),),
        "prlimit64": (_OneOf(0, (0,)),),
        # An event loop wakes itself through a pair; a datagram pair could be addressed elsewhere.
        "socketpair": (_OneOf(0, (_AF_UNIX,)), _Bits(1, _SOCK_KIND, _SOCK_STREAM)),
        "sendto": (_Null(4),),
        "prctl": (_OneOf(0, _PRCTL),),
    }


def _no_truncation(flags: int) -> tuple[_Condition, ...]:
    # Without an access mode that writes, O_TRUNC still truncates, and Landlock notices only from ABI 3 on.
    mask = os.O_TRUNC | _ACCESS_MODE
    return tuple(_Bits(flags, mask, os.O_TRUNC | mode, holds=False) for mode in (os.O_RDONLY, _ACCESS_MODE))


def program(machine: Machine, pid: int, *, door: bool = False) -> list[Instruction]:
    """The filter for a process with this id; only itself may it signal. With a door it may also be handed sockets."""
    conditions = _conditions(pid)
    instructions = [*_prologue(machine)]
    for name, numbers in (ANYHOW | CHECKED | (WITH_DOOR if door else {})).items():
        number = numbers[machine.column]
        if number is not None:
            block = [*_check(conditions.get(name, ())), _return(_ALLOW)]
            instructions += [(_IF_EQUAL, 0, len(block), number), *block]
    refused = _return(_ERRNO | errno.EPERM)
    return [*instructions, (_IF_AT_LEAST, 0, 1, FIRST_UNIFIED), _return(_ERRNO | errno.ENOSYS), refused]


def install(machine: Machine, *, door: bool) -> None:
    """Put the filter on all threads of this process, for ever.

    Raises:
        OSError: The kernel refused.
    """
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program(machine, os.getpid(), door=door))
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_program = _FilterProgram(len(code) // 8, ctypes.addressof(buffer))
    stray = _libc.syscall(machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, filter_program)
    if stray:
        raise OSError(errno.EBUSY, f"thread {stray} could not be given the seccomp filter")


def available(machine: Machine) -> bool:
    """Whether the kernel takes filters that kill."""
    try:
        _libc.syscall(machine.seccomp, _GET_ACTION_AVAIL, 0, ctypes.create_string_buffer(struct.pack("=I", _KILL), 4))
    except OSError:
        return False
    return True


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _prologue(machine: Machine) -> list[Instruction]:
    return [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 1, 0, machine.architecture),
        _return(_KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, 0, 1, _X32),
        _return(_KILL),
    ]


def _check(conditions: tuple[_Condition, ...]) -> list[Instruction]:
    """Instructions that go on where all conditions hold and refuse where one does not."""
    instructions: list[Instruction] = []
    for condition in conditions:
        match condition:
            case _OneOf(argument, values):
                instructions += [_low(argument), *_one_of(values)]
            case _Bits(argument, mask, value, holds):
                refuse = (_IF_EQUAL, 1, 0, value) if holds else (_IF_EQUAL, 0, 1, value)
                instructions += [_low(argument), (_AND, 0, 0, mask), refuse, _return(_ERRNO | errno.EPERM)]
            case _Null(argument):
                instructions += [_low(argument), *_one_of((0,)), _high(argument), *_one_of((0,))]
    return instructions


def _one_of(values: tuple[int, ...]) -> list[Instruction]:
    tests = [(_IF_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [*tests, _return(_ERRNO | errno.EPERM)]


def _return(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _low(argument: int) -> Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument)  # both machines are little-endian


def _high(argument: int) -> Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument + 4)
