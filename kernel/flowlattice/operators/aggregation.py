"""Aggregation: what sums a list up. Sums and averages calculate in decimal: 0.1 and 0.2 are 0.3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate, pairwise
from typing import TypeVar

from flowlattice.operators._decimal import checked, decimal_of, float_of, narrow, wide
from flowlattice.operators.base import NoValueError, example, operator

T = TypeVar("T")
N = TypeVar("N", int, float)
K = TypeVar("K", int, float, str, date)

_EMPTY = "the list must not be empty"


@operator(
    "sum of all, sum of the, sum of, total of all, total of the, total of, added together, added up, adds up, all "
    "added, summed up, the sum, the total, sum, total, altogether",
    examples=(example([1, 2, 3], gives=6), example([0.1, 0.2], gives=0.3), example([], gives=0)),
)
def total(values: Sequence[N]) -> N:
    """The sum of the numbers, as a decimal calculation gives it; 0 for none."""
    if _whole(values):
        return sum(values)
    return _like(values, _sum(values))


@operator(
    "average of all, average of the, average of, mean of, arithmetic mean, on average, the average, the mean, "
    "average, mean",
    examples=(example([1, 2], gives=1.5), example([0.1, 0.2, 0.3], gives=0.2)),
)
def average(values: Sequence[float]) -> float:
    """The arithmetic mean of the numbers; an empty list has none."""
    if not values:
        raise NoValueError(_EMPTY)
    return float_of(narrow().divide(_sum(values), Decimal(len(values))))


@operator(
    "weighted average, weighted mean, weighted by, average weighted by",
    examples=(example([1, 2], [3, 1], gives=1.25), example([5], [0.5], gives=5.0)),
)
def weighted_average(values: Sequence[float], weights: Sequence[float]) -> float:
    """The mean of the numbers, each counted with its weight; the weights must not add up to 0."""
    if len(values) != len(weights):
        raise NoValueError("there must be one weight for each number")
    weight = _sum(weights)
    if not weight:
        raise NoValueError("the weights must not add up to 0")
    pairs = zip(values, weights, strict=True)
    products = [wide().multiply(decimal_of(value), decimal_of(share)) for value, share in pairs]
    return float_of(narrow().divide(_added(products), weight))


@operator(
    "median of, the median, middle value, value in the middle, median",
    examples=(example([5, 1, 3], gives=3.0), example([4, 1, 3, 2], gives=2.5)),
)
def median(values: Sequence[float]) -> float:
    """The number in the middle of the sorted ones, or the mean of the two there; an empty list has none."""
    if not values:
        raise NoValueError(_EMPTY)
    ordered, middle = sorted(values), len(values) // 2
    return average(ordered[middle : middle + 1] if len(values) % 2 else ordered[middle - 1 : middle + 1])


@operator(
    "smallest of all, smallest number in the list, smallest one in the list, smallest value, smallest number, "
    "lowest value, lowest number, minimum of the list, minimum, the smallest, the lowest, earliest, cheapest, "
    "shortest time, least",
    examples=(example([3, -1, 2], gives=-1), example(["b", "a"], gives="a")),
)
def minimum(values: Sequence[K]) -> K:
    """The smallest of the values; an empty list has none."""
    if not values:
        raise NoValueError(_EMPTY)
    return min(values)


@operator(
    "largest of all, largest number in the list, largest one in the list, largest value, largest number, biggest "
    "number, highest value, highest number, maximum of the list, maximum, the largest, the biggest, the highest, "
    "latest, greatest",
    examples=(example([3, -1, 2.5], gives=3), example(["b", "a"], gives="b")),
)
def maximum(values: Sequence[K]) -> K:
    """The largest of the values; an empty list has none."""
    if not values:
        raise NoValueError(_EMPTY)
    return max(values)


@operator(
    "minimum or null, smallest if there is one, smallest or null",
    examples=(example([3, 1], gives=1), example([], gives=None)),
)
def minimum_or_null(values: Sequence[K]) -> K | None:
    """The smallest of the values; null for an empty list."""
    return min(values) if values else None


@operator(
    "maximum or null, largest if there is one, largest or null",
    examples=(example([3, 1], gives=3), example([], gives=None)),
)
def maximum_or_null(values: Sequence[K]) -> K | None:
    """The largest of the values; null for an empty list."""
    return max(values) if values else None


@operator(
    "difference between the largest and the smallest, difference between largest and smallest, "
    "difference between maximum and minimum, range of the values, spread, range",
    examples=(example([3, -1, 2], gives=4), example([0.3, 0.1], gives=0.2)),
)
def spread(values: Sequence[N]) -> N:
    """How far the largest number is above the smallest; an empty list has no answer."""
    if not values:
        raise NoValueError(_EMPTY)
    return _minus(max(values), min(values))


@operator(
    "product of all, product of the, product of, all multiplied, multiplied together, multiplied with each other, "
    "product",
    examples=(example([2, 3, 4], gives=24), example([0.5, 0.1], gives=0.05), example([], gives=1)),
)
def product(values: Sequence[N]) -> N:
    """The numbers multiplied, as a decimal calculation gives it; 1 for none."""
    if _whole(values):
        whole: N = values[0] if values else 1
        for value in values[1:]:
            whole = whole * value
            checked(int(whole))
        return whole
    result = Decimal(1)
    for value in values:
        result = wide().multiply(result, decimal_of(value))
    return _like(values, result)


@operator(
    "number of those that are true, how many are true, how many hold, count of true ones",
    examples=(example([True, False, True], gives=2), example([], gives=0)),
)
def count_true(values: Sequence[bool]) -> int:
    """How many of the values are true."""
    return sum(values)


@operator(
    "at least one is, any of them, at least one of them, is there any, any one of them, whether any, any",
    examples=(example([False, True], gives=True), example([], gives=False)),
)
def any_true(values: Sequence[bool]) -> bool:
    """Whether at least one of the values is true."""
    return any(values)


@operator(
    "every one of them is, all of them are, each of them is, whether all, all are, every one of them",
    examples=(example([True, False], gives=False), example([], gives=True)),
)
def all_true(values: Sequence[bool]) -> bool:
    """Whether all of the values are true; of none they are."""
    return all(values)


@operator(
    "none of them is, none of them are, not a single one, whether none, none of them",
    examples=(example([False], gives=True), example([True], gives=False)),
)
def none_true(values: Sequence[bool]) -> bool:
    """Whether none of the values is true."""
    return not any(values)


@operator(
    "number of times it is in the list, how often it is in the list, how often the item occurs, occurrences in the "
    "list, count of the item",
    examples=(example(["a", "b", "a"], "a", gives=2), example([], 1, gives=0)),
)
def count_of(items: Sequence[T], item: T) -> int:
    """How often the item is in the list."""
    return list(items).count(item)


@operator(
    "most common item, most common value, most frequent item, most frequent value, occurs most often, the mode, "
    "most common, most frequent, mode",
    examples=(example(["a", "b", "b"], gives="b"), example([2, 1], gives=2)),
)
def most_common(values: Sequence[K]) -> K:
    """The value that occurs most often, the first of several; an empty list has none."""
    if not values:
        raise NoValueError(_EMPTY)
    return max(values, key=_tally(values).__getitem__)


@operator(
    "how often each occurs, how often each value occurs, how many of each, number of each, count per value, counts "
    "per value, count for each, counted by, counts by, count of each, histogram, tally, frequencies, frequency of "
    "each",
    examples=(example(["a", "b", "a"], gives={"a": 2, "b": 1}), example([], gives={})),
)
def counts(values: Sequence[str]) -> dict[str, int]:
    """How often each value occurs, by value in the order of their first occurrence."""
    return _tally(values)


@operator(
    "total per, sum per, totals by, total for each, sum for each, totals per, sums by, summed by, added up by, sum "
    "by, total by",
    examples=(example(["a", "b", "a"], [1, 2, 3], gives={"a": 4, "b": 2}), example([], [], gives={})),
)
def total_by(keys: Sequence[str], amounts: Sequence[N]) -> dict[str, N]:
    """The sum of the amounts of each key, a key for each amount, in the order of first occurrence."""
    return {key: total(group) for key, group in group_by(keys, amounts).items()}


@operator(
    "grouped by, group by, in groups by, collected by, arranged by, sorted into groups by",
    examples=(example(["a", "b", "a"], [1, 2, 3], gives={"a": [1, 3], "b": [2]}), example([], [], gives={})),
)
def group_by(keys: Sequence[str], items: Sequence[T]) -> dict[str, list[T]]:
    """The items of each key, a key for each item, in the order of first occurrence."""
    if len(keys) != len(items):
        raise NoValueError("there must be one key for each item")
    groups: dict[str, list[T]] = {}
    for key, item in zip(keys, items, strict=True):
        groups.setdefault(key, []).append(item)
    return groups


@operator(
    "running total, running totals, running sum, cumulative sum, cumulative totals, balance after each",
    examples=(example([1, 2, 3], gives=[1, 3, 6]), example([0.1, 0.2], gives=[0.1, 0.3]), example([], gives=[])),
)
def running_totals(values: Sequence[N]) -> list[N]:
    """The sum up to each number, as a decimal calculation gives it."""
    if _whole(values):
        return list(accumulate(values))
    sums = accumulate(map(decimal_of, values), wide().add)
    return [_like(values, each) for each in sums]


@operator(
    "differences between neighbours, change from one to the next, differences between consecutive, steps between",
    examples=(example([1, 4, 2], gives=[3, -2]), example([5], gives=[])),
)
def steps(values: Sequence[N]) -> list[N]:
    """How far each number is above the one before it."""
    return [_minus(other, one) for one, other in pairwise(values)]


@operator(
    "population standard deviation, standard deviation, how much they vary",
    examples=(example([2, 4, 4, 4, 5, 5, 7, 9], gives=2.0), example([3], gives=0.0)),
)
def standard_deviation(values: Sequence[float]) -> float:
    """The standard deviation of all the numbers there are (population); an empty list has none."""
    return float_of(narrow().sqrt(_mean_square(values, len(values))))


@operator(
    "sample standard deviation, standard deviation of the sample, estimated standard deviation",
    examples=(example([1, 2, 3], gives=1.0), example([5, 5], gives=0.0)),
)
def sample_standard_deviation(values: Sequence[float]) -> float:
    """The standard deviation estimated from a sample (divided by one less); for at least 2 numbers."""
    if len(values) < 2:
        raise NoValueError("a sample needs at least 2 numbers")
    return float_of(narrow().sqrt(_mean_square(values, len(values) - 1)))


@operator(
    "population variance, variance",
    examples=(example([2, 4, 4, 4, 5, 5, 7, 9], gives=4.0), example([3], gives=0.0)),
)
def variance(values: Sequence[float]) -> float:
    """The mean squared distance of the numbers from their mean (population); an empty list has none."""
    return float_of(_mean_square(values, len(values)))


@operator(
    "percentile of, percentile, nth percentile, quantile",
    examples=(example([15, 20, 35, 40, 50], 40, gives=20), example([1.5], 99, gives=1.5)),
)
def percentile(values: Sequence[N], percent: float) -> N:
    """The smallest number that at least so many percent of them do not exceed (nearest rank); for 0 to 100."""
    if not values:
        raise NoValueError(_EMPTY)
    if not 0 <= percent <= 100:
        raise NoValueError("a percentile is one of 0 to 100")
    share = wide().multiply(decimal_of(percent), Decimal(len(values))).scaleb(-2, wide())
    rank = int(share.to_integral_value(ROUND_CEILING, wide()))
    return sorted(values)[max(0, rank - 1)]


def _whole(values: Sequence[N]) -> bool:
    return all(isinstance(value, int) for value in values)


def _like(values: Sequence[N], result: Decimal) -> N:
    """A result as the float that some of the values are."""
    kind = next(type(value) for value in values if isinstance(value, float))
    return kind(float_of(result))


def _minus(one: N, other: N) -> N:
    if _whole((one, other)):
        return one - other
    return _like((one, other), wide().subtract(decimal_of(one), decimal_of(other)))


def _sum(values: Sequence[float]) -> Decimal:
    return _added([decimal_of(value) for value in values])


def _added(values: Sequence[Decimal]) -> Decimal:
    context, result = wide(), Decimal(0)
    for value in values:
        result = context.add(result, value)
    return result


def _mean_square(values: Sequence[float], count: int) -> Decimal:
    """The sum of the squared distances from the mean, divided by a count."""
    if not values:
        raise NoValueError(_EMPTY)
    context = narrow()
    mean = context.divide(_sum(values), Decimal(len(values)))
    squares = [context.power(context.subtract(decimal_of(value), mean), 2) for value in values]
    return context.divide(_added(squares), Decimal(count))


def _tally(values: Sequence[K]) -> dict[K, int]:
    tally: dict[K, int] = {}
    for value in values:
        tally[value] = tally.get(value, 0) + 1
    return tally
