"""What is said about a machine, whatever this one has."""

import resource
import subprocess
import sys

import pytest

from flowlattice.sandbox import Limits, Protection, protection
from flowlattice.sandbox.lockdown import resource_bounds


def machine(*, system="Linux", name="x86_64", landlock=7, seccomp=True):
    return protection(system=system, machine=name, landlock=lambda: landlock, seccomp=lambda _: seccomp)


def test_nothing_is_said_where_nothing_is_missing():
    assert machine().notice is None
    assert machine(name="aarch64", landlock=1).complete
    assert machine().summary == "Landlock ABI 7, seccomp on Linux"


@pytest.mark.parametrize(
    ("offered", "missing"),
    [
        (machine(landlock=None), ["no Landlock"]),
        (machine(seccomp=False), ["no seccomp"]),
        (machine(landlock=None, seccomp=False), ["no Landlock", "no seccomp"]),
        (machine(landlock=3, seccomp=False), ["ABI 3 alone does not deny TCP", "no seccomp"]),
        (machine(landlock=5, seccomp=False), ["ABI 5 alone does not deny abstract", "no seccomp"]),
        (machine(name="riscv64"), ["no seccomp"]),
        (machine(system="Darwin"), ["no Landlock", "no seccomp"]),
    ],
)
def test_what_is_missing_is_named_in_one_line(offered, missing):
    assert len(offered.missing) == len(missing)
    for gap, expected in zip(offered.missing, missing, strict=True):
        assert expected in gap
        assert gap in offered.notice
    assert "\n" not in offered.notice


def test_nothing_is_asked_of_other_systems():
    def never(*_):
        raise AssertionError("asked")

    assert protection(system="Darwin", landlock=never, seccomp=never) == Protection(
        system="Darwin", landlock=None, seccomp=False
    )


def test_processes_are_forbidden_by_limits_where_calls_are_not_filtered():
    assert resource_bounds(Limits(), filtered=False)[resource.RLIMIT_NPROC] == (0, 0)
    assert resource.RLIMIT_NPROC not in resource_bounds(Limits(), filtered=True)


def test_a_process_with_other_threads_is_not_locked_down():
    program = """
import threading
from flowlattice.sandbox import Limits
from flowlattice.sandbox.lockdown import Grants, LockdownError, lock_down
stop = threading.Event()
threading.Thread(target=stop.wait, daemon=True).start()
try:
    lock_down(Grants(read=(), names=(), write=()), Limits())
except LockdownError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "1 threads, which could not be confined" in done.stdout
