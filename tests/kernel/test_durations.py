"""Durations as people write them, and in whole milliseconds for the IR."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice import days, hours, minutes, ms, seconds
from flowlattice.durations import in_ms


def test_units():
    assert ms(1000) == seconds(1)
    assert seconds(60) == minutes(1)
    assert minutes(60) == hours(1)
    assert hours(24) == days(1)
    assert ms(0.5) == timedelta(microseconds=500)


@pytest.mark.parametrize(
    ("duration", "whole"),
    [(None, None), (ms(250), 250), (ms(0.2), 1), (ms(-0.2), -1), (ms(1.5), 2), (ms(0), 0), (days(1), 86_400_000)],
)
def test_in_milliseconds(duration, whole):
    assert in_ms(duration) == whole


@given(st.timedeltas())
def test_no_bound_vanishes(duration):
    whole = in_ms(duration)
    assert whole is not None
    assert (whole == 0) == (duration == timedelta())
    assert 0 <= abs(whole) - abs(duration / ms(1)) < 1.001


@pytest.mark.parametrize("value", [250, "1s", 1.5, True])
def test_a_bare_number_is_no_duration(value):
    with pytest.raises(TypeError, match=r"a duration is written ms\(250\)"):
        in_ms(value)
