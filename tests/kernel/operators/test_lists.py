"""Lists, aggregation, tables and selection: laws that hold for any list."""

from collections import Counter
from decimal import Decimal
from statistics import mean, median, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.operators import NoValueError, aggregation, lists, lookups, selection

numbers = st.lists(st.integers(-50, 50), max_size=12)
some = st.lists(st.integers(-50, 50), min_size=1, max_size=12)
amounts = st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=12)
counts = st.integers(-3, 15)
words = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(numbers, counts)
def test_a_list_is_its_start_and_the_rest(items, count):
    assert lists.take(items, count) + lists.drop(items, count) == items
    assert lists.drop_last(items, count) + lists.take_last(items, count) == items


@given(numbers)
def test_sorting(items):
    assert lists.sort(items) == sorted(items)
    assert lists.sort_descending(items) == lists.reverse(sorted(items))
    assert lists.sort_by(items, items) == sorted(items)
    assert lists.sort_by_descending(items, items) == sorted(items, reverse=True)


@given(words)
def test_sorting_by_keys_is_stable(items):
    keys = [len(item) for item in items]
    assert lists.sort_by(items, keys) == items
    assert lists.sort_by_descending(items, keys) == items


@given(numbers)
def test_unique_items_and_duplicates(items):
    tally = Counter(items)
    assert lists.unique(items) == list(tally)
    assert sorted(lists.duplicates(items)) == sorted(item for item, count in tally.items() if count > 1)
    assert lists.has_duplicates(items) == (len(tally) < len(items))


@given(numbers)
def test_items_without_a_hash_are_compared(items):
    wrapped = [[item] for item in items]
    assert lists.unique(wrapped) == [[item] for item in lists.unique(items)]
    assert lists.duplicates(wrapped) == [[item] for item in lists.duplicates(items)]


@given(numbers, numbers)
def test_sets_of_items(items, others):
    assert set(lists.common(items, others)) == set(items) & set(others)
    assert set(lists.only_in_first(items, others)) == set(items) - set(others)
    assert set(lists.union(items, others)) == set(items) | set(others)


@given(numbers, st.integers(1, 5))
def test_chunks_and_pages_are_the_list(items, size):
    assert lists.flatten(lists.chunk(items, size)) == items
    assert [lists.page(items, number, size) for number in range(1, len(lists.chunk(items, size)) + 1)] == lists.chunk(
        items, size
    )


@given(numbers, st.integers())
def test_rotation_goes_back(items, by):
    assert lists.rotate(lists.rotate(items, by), -by) == items


@given(numbers, numbers)
def test_interleaved_lists_hold_all_items(items, others):
    assert Counter(lists.interleave(items, others)) == Counter(items + others)


@given(some)
def test_aggregates_of_whole_numbers_are_those_of_the_standard_library(values):
    assert aggregation.total(values) == sum(values)
    assert type(aggregation.total(values)) is int
    assert aggregation.minimum(values) == min(values)
    assert aggregation.maximum(values) == max(values)
    assert aggregation.spread(values) == max(values) - min(values)
    assert aggregation.average(values) == pytest.approx(mean(values))
    assert aggregation.median(values) == median(values)
    assert aggregation.standard_deviation(values) == pytest.approx(pstdev(values))
    assert aggregation.variance(values) == pytest.approx(pstdev(values) ** 2)
    assert aggregation.running_totals(values)[-1] == sum(values)


@given(amounts)
def test_sums_of_decimals_are_those_of_decimal_arithmetic(values):
    floats = [float(value) for value in values]
    assert aggregation.total(floats) == float(sum(values))
    assert aggregation.average(floats) == float(sum(values) / Decimal(len(values)))
    assert aggregation.running_totals(floats)[-1] == float(sum(values))
    assert aggregation.spread(floats) == float(max(values) - min(values))


@given(some, st.integers(0, 100))
def test_percentiles_are_ranks(values, percent):
    found = aggregation.percentile(values, percent)
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < max(1, percent * len(values))


@given(words)
def test_counts_and_groups(items):
    assert aggregation.counts(items) == dict(Counter(items))
    assert list(aggregation.counts(items)) == lists.unique(items)
    assert aggregation.total_by(items, [1] * len(items)) == dict(Counter(items))
    assert {key: len(group) for key, group in aggregation.group_by(items, items).items()} == dict(Counter(items))


@given(words)
def test_the_most_common_is_the_first_of_several(items):
    if items:
        assert aggregation.most_common(items) == Counter(items).most_common(1)[0][0]


@given(st.lists(st.booleans(), max_size=6))
def test_conditions_summed_up(values):
    assert aggregation.any_true(values) == any(values)
    assert aggregation.all_true(values) == all(values)
    assert aggregation.none_true(values) == (not any(values))
    assert aggregation.count_true(values) == values.count(True)


@given(st.integers(-10, 60), st.lists(st.integers(0, 50), max_size=4).map(sorted))
def test_bands_differ_only_on_their_bounds(value, bounds):
    results = list(range(len(bounds) + 1))
    start, limit = lookups.band_from(value, bounds, results), lookups.band_up_to(value, bounds, results)
    assert (start == limit) == (value not in bounds)


@given(st.integers(0, 300), st.integers(1, 100), st.integers(1, 100))
def test_tiers_charge_each_part_at_its_rate(value, first, second):
    limits, rates = [first, first + second], [3, 2, 1]
    assert lookups.tiered_total(value, limits, rates) == sum(
        lookups.band_up_to(unit, limits, rates) for unit in range(1, value + 1)
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=8))
def test_the_item_with_the_largest_key_is_the_first_of_several(pairs):
    names, keys = [name for name, _ in pairs], [key for _, key in pairs]
    assert selection.with_largest(names, keys) == names[keys.index(max(keys))]
    assert selection.with_smallest(names, keys) == names[keys.index(min(keys))]
    chosen = [key > 4 for key in keys]
    assert selection.where(names, chosen) == [name for name, key in pairs if key > 4]
    assert selection.first_where(names, chosen) == next((name for name, key in pairs if key > 4), None)


@pytest.mark.parametrize(
    "call",
    [
        lambda: lists.first([]),
        lambda: lists.last([]),
        lambda: lists.at([1], 1),
        lambda: lists.nth([1], 0),
        lambda: lists.chunk([1], 0),
        lambda: lists.every_nth([1], 0),
        lambda: lists.page([1], 0, 1),
        lambda: lists.sort_by([1], []),
        lambda: aggregation.average([]),
        lambda: aggregation.median([]),
        lambda: aggregation.minimum([]),
        lambda: aggregation.maximum([]),
        lambda: aggregation.spread([]),
        lambda: aggregation.most_common([]),
        lambda: aggregation.standard_deviation([]),
        lambda: aggregation.sample_standard_deviation([1]),
        lambda: aggregation.weighted_average([1, 2], [1, -1]),
        lambda: aggregation.percentile([1], 101),
        lambda: aggregation.group_by(["a"], []),
        lambda: lookups.get({}, "a"),
        lambda: lookups.key_of({}, "a"),
        lambda: lookups.band_from(1, [2, 1], ["a", "b", "c"]),
        lambda: lookups.band_up_to(1, [1], ["a"]),
        lambda: selection.with_largest([], []),
        lambda: selection.where([1], []),
    ],
)
def test_what_has_no_value_says_so(call):
    with pytest.raises(NoValueError):
        call()
