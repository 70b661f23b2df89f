"""Limits: what uses too much is killed, and the error says which limit it was."""

from datetime import timedelta

import pytest

from flowlattice.sandbox import Limits, SandboxLimitExceeded, SandboxTimeout

SOON = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("source", "limits", "limit"),
    [
        ("while True: pass", Limits(wall_clock=SOON), "wall_clock"),
        ("import time; time.sleep(1000)", Limits(wall_clock=SOON), "wall_clock"),
        ("import os; os.close(1); os.close(2)\nwhile True: pass", Limits(wall_clock=SOON), "wall_clock"),
        ("import os; os.closerange(0, 99)\nwhile True: pass", Limits(wall_clock=SOON), "wall_clock"),
        ("while True: pass", Limits(cpu=SOON), "cpu"),
        ("import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", Limits(cpu=SOON), "cpu"),
    ],
)
def test_time_is_limited(attack, source, limits, limit):
    with pytest.raises(SandboxTimeout) as error:
        attack(source, limits=limits)
    assert error.value.limit == limit


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("out = len(bytearray(4 << 30))", "memory"),
        ("x = []\nwhile True: x.append(bytes(1 << 20))", "memory"),
        ("out = 'x' * (9 << 20)", "output"),
        ("while True: emit('x' * 1000)", "output"),
        ("import os\nwhile True: os.write(3, b'x' * 1000)", "output"),
        (
            "for n in range(99):\n    with open(str(n), 'wb') as f: f.write(bytes(8 << 20))\nemit(1)\nwhile True: pass",
            "scratch",
        ),
        ("for n in range(99999): open(str(n), 'w').close()\nwhile True: pass", "scratch"),
        (
            "from threading import *\nhold = Event().wait\nstack_size(65536)\nwhile True: Thread(target=hold).start()",
            "threads",
        ),
    ],
)
def test_use_is_limited(attack, source, limit):
    with pytest.raises(SandboxLimitExceeded) as error:
        attack(source)
    assert error.value.limit == limit


@pytest.mark.parametrize(
    "source",
    [
        "with open('big', 'wb') as f:\n    while True: f.write(bytes(1 << 20))",
        "opened = []\nwhile True: opened.append(open('/dev/null'))",
    ],
)
def test_files_are_limited(attack, source):
    caught = f"""
try:
    exec({source!r})
except OSError as error:
    out = error.strerror
"""
    assert attack(caught).value in ("File too large", "Too many open files")


def test_what_is_printed_is_cut_to_its_end(attack):
    result = attack("for n in range(100_000): print(n)\nout = 'done'")

    assert result.value == "done"
    assert result.stderr.endswith("99998\n99999\n")
    assert len(result.stderr) <= 1 << 14
