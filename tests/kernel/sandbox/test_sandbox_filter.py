"""The seccomp filter of both machines, run by an independent interpreter of classic BPF."""

import errno
import os
import struct

import pytest

from flowlattice.sandbox._seccomp import MACHINES, program

PID = 4711
ALLOW, KILL = "allow", "kill"

# name: (x86_64, aarch64)
NUMBERS = {
    "read": (0, 63),
    "openat": (257, 56),
    "futex": (202, 98),
    "mmap": (9, 222),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "recvmsg": (47, 212),
    "socketpair": (53, 199),
    "execve": (59, 221),
    "clone": (56, 220),
    "clone3": (435, 435),
    "ptrace": (101, 117),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "fchmodat": (268, 53),
    "utimensat": (280, 88),
    "linkat": (265, 37),
    "io_uring_setup": (425, 425),
    "a call of the future": (999, 999),
}
THREAD, FORK = 0x3D0F00, 0x11
CASES = [
    ("read", (), ALLOW),
    ("futex", (), ALLOW),
    ("mmap", (), ALLOW),
    ("openat", (0, 0, os.O_RDWR | os.O_CREAT | os.O_TRUNC), ALLOW),
    ("openat", (0, 0, os.O_RDONLY), ALLOW),
    ("openat", (0, 0, os.O_RDONLY | os.O_TRUNC), errno.EPERM),
    ("openat", (0, 0, 3 | os.O_TRUNC), errno.EPERM),
    ("socket", (2, 1), errno.EPERM),
    ("connect", (), errno.EPERM),
    ("bind", (), errno.EPERM),
    ("sendmsg", (), errno.EPERM),
    ("recvmsg", (), errno.EPERM),
    ("sendto", (3, 0, 0, 0, 0), ALLOW),
    ("sendto", (3, 0, 0, 0, 0x7FFF0000), errno.EPERM),
    ("sendto", (3, 0, 0, 0, 0x7FFF00000000), errno.EPERM),
    ("socketpair", (1, 1 | 0x80000 | 0x800), ALLOW),
    ("socketpair", (1, 2), errno.EPERM),
    ("socketpair", (2, 1), errno.EPERM),
    ("execve", (), errno.EPERM),
    ("clone", (THREAD,), ALLOW),
    ("clone", (FORK,), errno.EPERM),
    ("clone", (THREAD | 0x10000000,), errno.EPERM),
    ("clone3", (), errno.ENOSYS),
    ("ptrace", (), errno.EPERM),
    ("kill", (PID, 9), ALLOW),
    ("kill", (PID + 1, 9), errno.EPERM),
    ("kill", (0, 9), errno.EPERM),
    ("kill", (2**64 - 1, 9), errno.EPERM),
    ("kill", (2**64 - PID, 9), errno.EPERM),
    ("tgkill", (PID, 1, 9), ALLOW),
    ("tgkill", (1, 1, 9), errno.EPERM),
    ("tkill", (PID, 9), errno.EPERM),
    ("fcntl", (3, 3), ALLOW),
    ("fcntl", (3, 8), errno.EPERM),
    ("fcntl", (3, 10), errno.EPERM),
    ("ioctl", (0, 0x5401), ALLOW),
    ("ioctl", (0, 0x5412), errno.EPERM),
    ("prctl", (15,), ALLOW),
    ("prctl", (4, 1), errno.EPERM),
    ("prlimit64", (0,), ALLOW),
    ("prlimit64", (1,), errno.EPERM),
    ("fchmodat", (), errno.EPERM),
    ("utimensat", (), errno.EPERM),
    ("linkat", (), errno.EPERM),
    ("io_uring_setup", (), errno.ENOSYS),
    ("a call of the future", (), errno.ENOSYS),
]


def interpret(instructions, data):
    """Run classic BPF over the seccomp data; jumps and reads must stay inside."""
    accumulator, place = 0, 0
    while True:
        code, if_true, if_false, operand = instructions[place]
        assert 0 <= if_true <= 255
        assert 0 <= if_false <= 255
        place += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x15:
                place += if_true if accumulator == operand else if_false
            case 0x35:
                place += if_true if accumulator >= operand else if_false
            case 0x06:
                return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(operand, operand & 0xFFFF)
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


def decide(machine, number, arguments=(), *, architecture=None, door=False):
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, architecture or machine.architecture, 0, *padded)
    return interpret(program(machine, PID, door=door), data)


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize(("call", "arguments", "decision"), CASES)
def test_decisions(name, call, arguments, decision):
    machine = MACHINES[name]

    assert decide(machine, NUMBERS[call][machine.column], arguments) == decision


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize(("call", "arguments", "decision"), CASES)
def test_a_door_lets_messages_in_and_changes_nothing_else(name, call, arguments, decision):
    machine = MACHINES[name]
    expected = ALLOW if call == "recvmsg" else decision

    assert decide(machine, NUMBERS[call][machine.column], arguments, door=True) == expected


@pytest.mark.parametrize("name", MACHINES)
def test_other_calling_conventions_are_killed(name):
    machine = MACHINES[name]

    assert decide(machine, 0, architecture=0x40000003) == KILL  # 32-bit x86
    assert decide(machine, 0x40000000) == KILL  # x32


@pytest.mark.parametrize("name", MACHINES)
def test_the_filter_is_short_enough(name):
    assert len(program(MACHINES[name], PID)) <= 4096
