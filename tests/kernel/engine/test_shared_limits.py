"""Buckets in files: what several processes let in together is what one bucket would."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.engine.limits import OwnLimits, TokenBucket
from flowlattice.engine.shared_limits import SharedLimits

TAKES = st.lists(
    st.tuples(st.integers(0, 2), st.floats(min_value=0, max_value=20, allow_nan=False)), min_size=1, max_size=60
)


class Moving:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(takes=TAKES, qps=st.floats(min_value=0.01, max_value=100), burst=st.integers(min_value=1, max_value=20))
def test_three_holders_of_a_shared_bucket_are_told_what_one_bucket_says(takes, qps, burst):
    clock = Moving()
    alone = TokenBucket(qps, burst, clock)
    with tempfile.TemporaryDirectory() as folder:
        shared = [SharedLimits(Path(folder), clock).bucket("echo 0", qps, burst) for _ in range(3)]
        for holder, gap in takes:
            clock.now += gap
            assert shared[holder].take() == alone.take()


def test_limits_have_buckets_of_their_own(tmp_path):
    limits = SharedLimits(tmp_path, Moving())
    one, other = limits.bucket("one 0", 1, 1), limits.bucket("other 0", 1, 1)
    assert [one.take(), other.take()] == [0.0, 0.0]
    assert one.take() == 1.0


@pytest.mark.parametrize("kind", ["own", "shared"])
def test_a_limit_that_is_asked_for_again_brings_no_new_tokens(tmp_path, kind):
    clock = Moving()
    limits = OwnLimits(clock) if kind == "own" else SharedLimits(tmp_path, clock)
    before = limits.bucket("echo 0", qps=1, burst=3)
    assert [before.take() for _ in range(2)] == [0.0, 0.0]
    after = limits.bucket("echo 0", qps=2, burst=10)
    assert after.take() == 0.0
    assert after.take() == 0.5


def test_a_process_that_dies_while_it_takes_a_token_holds_up_nobody(tmp_path):
    bucket = SharedLimits(tmp_path, Moving()).bucket("echo 0", 1, 5)
    [file] = tmp_path.iterdir()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        fcntl.lockf(os.open(file, os.O_RDWR), fcntl.LOCK_EX)
        os.write(writer, b"locked")
        signal.pause()
    assert os.read(reader, 6) == b"locked"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)
    assert bucket.take() == 0.0
