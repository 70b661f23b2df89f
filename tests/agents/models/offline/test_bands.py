"""Ranges of numbers: which one counts, and what they leave open."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.models.offline.bands import Band, band_of, gaps, ordered
from flowlattice_agents.models.offline.terms import term

NOWHERE = float("inf")


def band(low, high, label="x"):
    return Band(low, True, high, False, term("str", label))


def test_a_bound_is_a_band():
    found = band_of(term("ge", term("amount", term("num", "90"))), term("str", "A"))
    assert found is not None
    assert (found.low, found.low_included, found.high) == (90, True, NOWHERE)


def test_a_band_inside_another_goes_first():
    wide, narrow = band(60, NOWHERE, "D"), band(90, NOWHERE, "A")
    assert ordered([wide, narrow]) == [narrow, wide]


def test_bands_that_merely_overlap_have_no_order():
    assert ordered([band(0, 10), band(5, 15)]) is None


def test_a_gap_is_found_between_numbers_but_not_between_whole_numbers():
    bands = [Band(80, True, 89, True, term("str", "B")), Band(90, True, NOWHERE, False, term("str", "A"))]
    assert gaps(bands, low=80, high=100, whole=True) == []
    assert gaps(bands, low=80, high=100, whole=False)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True))
def test_bands_that_meet_leave_no_gap(edges):
    edges = sorted(edges)
    bands = [
        band(-NOWHERE, edges[0]),
        *(band(a, b) for a, b in pairwise(edges)),
        band(edges[-1], NOWHERE),
    ]
    assert gaps(bands, low=-NOWHERE, high=NOWHERE, whole=False) == []
    assert ordered(bands) is not None
