"""What matches: objects by subset, lists by place, numbers by value, multisets by assignment."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.evals.matching import matches, same_bag

MATCHES = [
    ({}, {"a": 1}),
    ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}),
    ([1, {"a": 1}], [1, {"a": 1, "b": 2}]),
    (1, 1.0),
    (37.78, 37.7800004),
    (2.5, "2.5"),
    (1069, "1069"),
    (True, True),
    (None, None),
    ("a", "a"),
]
DIFFERS = [
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, [1]),
    ([1], [1, 2]),
    ([1, 2], [2, 1]),
    (1, True),
    (False, 0),
    (1, 2),
    (37.78, 37.79),
    ("1069", 1069),
    (1.5, "much"),
    (1.5, None),
    (None, ""),
    (float("inf"), float("inf")),
]


@pytest.mark.parametrize(("want", "got"), MATCHES)
def test_matches(want, got):
    assert matches(want, got)


@pytest.mark.parametrize(("want", "got"), DIFFERS)
def test_differs(want, got):
    assert not matches(want, got)


ROWS = st.lists(st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=2), max_size=5)


@given(ROWS, ROWS)
def test_a_bag_matches_exactly_if_some_order_does(want, got):
    some_order = len(want) == len(got) and any(all(map(matches, want, order)) for order in permutations(got))
    assert same_bag(want, got) == some_order
