"""The token bucket: never more than burst plus rate over any stretch of time, and always that much."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.engine.limits import TokenBucket, retry_after

RATES = st.floats(min_value=0.01, max_value=10_000, allow_nan=False)
BURSTS = st.integers(min_value=1, max_value=500)
GAPS = st.lists(st.floats(min_value=0, max_value=20, allow_nan=False), max_size=200)


class Moving:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def admitted(bucket: TokenBucket, clock: Moving, gaps: list[float]) -> list[float]:
    times = []
    for gap in gaps:
        clock.now += gap
        if bucket.take() == 0.0:
            times.append(clock.now)
    return times


@given(qps=RATES, burst=BURSTS, gaps=GAPS)
def test_no_stretch_of_time_lets_more_in_than_burst_and_rate_allow(qps, burst, gaps):
    clock = Moving()
    times = admitted(TokenBucket(qps, burst, clock), clock, gaps)
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            allowed = burst + qps * (times[last] - start)
            assert last - first + 1 <= allowed + 1e-6 * (1 + allowed)


@given(qps=RATES, burst=BURSTS, gaps=GAPS)
def test_whoever_waits_as_long_as_told_gets_in_and_not_much_earlier(qps, burst, gaps):
    clock = Moving()
    bucket = TokenBucket(qps, burst, clock)
    admitted(bucket, clock, gaps)
    while (wait := bucket.take()) == 0.0:
        pass
    assert 0 < wait <= 1 / qps * (1 + 1e-9)
    clock.now += wait * 0.99
    assert bucket.take() > 0.0
    clock.now += wait * 0.01 + 1e-6 / qps + 1e-9
    assert bucket.take() == 0.0


@given(qps=RATES, burst=BURSTS)
def test_a_full_bucket_lets_exactly_its_burst_in(qps, burst):
    clock = Moving()
    bucket = TokenBucket(qps, burst, clock)
    clock.now += 1e6
    assert len(admitted(bucket, clock, [0.0] * (burst + 3))) == burst


@pytest.mark.parametrize(("seconds", "header"), [(0.001, 1), (1.0, 1), (1.01, 2), (59.5, 60)])
def test_retry_after_is_whole_seconds(seconds, header):
    assert retry_after(seconds) == header
    assert retry_after(seconds) >= min(math.ceil(seconds), header)
