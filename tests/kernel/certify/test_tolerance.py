"""When two results of a node are the same within a tolerance."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from flowlattice.certify.tolerance import within_tolerance

TENTH = Decimal("0.1")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
TEN = "one two three four five six seven eight nine ten"


@given(value=VALUES, tolerance=st.decimals(0, 1))
def test_a_value_is_the_same_as_itself(value, tolerance):
    assert within_tolerance(value, value, tolerance)


@given(one=VALUES, other=VALUES, tolerance=st.decimals(0, 1))
def test_both_are_treated_alike(one, other, tolerance):
    assert within_tolerance(one, other, tolerance) == within_tolerance(other, one, tolerance)


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "same"),
    [
        ("a b", "a  b", 0, False),
        ("a b", "a  b", TENTH, True),
        (1, True, 0, False),
        (0, False, TENTH, False),
        (1, 1.0, 0, False),
        ([1], [True], 0, False),
        (1, 1.0, TENTH, True),
        (TEN, TEN.replace("six", "6"), TENTH, True),
        (TEN, TEN.replace("six", "6").replace("two", "2"), TENTH, False),
        (TEN, TEN.replace("six ", ""), TENTH, True),
        (TEN, f"zero {TEN}", TENTH, True),
        (TEN, TEN.replace("six", "6"), 0, False),
        (100, 90, TENTH, True),
        (100, 89, TENTH, False),
        (-5, 5, 1, False),
        (0, 0.0, TENTH, True),
        ([1, 2], [1], TENTH, False),
        ({"a": 1}, {"a": 1, "b": None}, TENTH, False),
        ({"a": [100, {"b": "x"}]}, {"a": [95, {"b": "x"}]}, TENTH, True),
        (None, "", TENTH, False),
        ("", "", TENTH, True),
        ("", "word", TENTH, False),
    ],
)
def test_what_is_the_same(one, other, tolerance, same):
    assert within_tolerance(one, other, Decimal(tolerance)) == same


def test_where_a_stream_is_cut_into_pieces_means_nothing():
    one: JsonValue = [{"text": "one two three four five "}, {"text": "six seven eight nine ten", "end": None}]
    other: list[JsonValue] = [{"text": word} for word in TEN.replace("ten", "10").partition("five")]
    assert within_tolerance(one, other, TENTH)
    assert not within_tolerance(one, [*other, {"text": "", "end": "budget_exhausted"}], TENTH)
    assert not within_tolerance(one, other, Decimal(0))
