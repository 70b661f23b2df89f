"""Tables: what stands under a key, and what a number falls into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from flowlattice.operators._decimal import decimal_of, float_of, wide
from flowlattice.operators.base import NoValueError, example, operator

T = TypeVar("T")


@operator(
    "looked up in the table, found in the table, taken from the table, according to the table, from the table, "
    "looked up, look up, lookup",
    examples=(example({"a": 1}, "a", gives=1), example({"": 2}, "", gives=2)),
)
def get(table: Mapping[str, T], key: str) -> T:
    """What the table holds under the key; an unknown key has nothing."""
    if key in table:
        return table[key]
    raise NoValueError("the table has no such key")


@operator(
    "looked up with a default, looked up or else, from the table or else, any other gets, anything else gets, "
    "otherwise",
    examples=(example({"a": 1}, "b", 0, gives=0), example({"a": 1}, "a", 0, gives=1)),
)
def get_or(table: Mapping[str, T], key: str, default: T) -> T:
    """What the table holds under the key, or else the default."""
    return table.get(key, default)


@operator(
    "looked up or null, null if it is not in the table, null if unknown",
    examples=(example({"a": 1}, "b", gives=None), example({"a": 1}, "a", gives=1)),
)
def get_or_null(table: Mapping[str, T], key: str) -> T | None:
    """What the table holds under the key; null for an unknown one."""
    return table.get(key)


@operator(
    "looked up ignoring case, looked up in either case, looked up whatever the case",
    examples=(example({"De": 1}, "DE", gives=1), example({"a": 1}, "A", gives=1)),
)
def get_ignoring_case(table: Mapping[str, T], key: str) -> T:
    """What the table holds under the key whatever its case, the first of several; an unknown key has nothing."""
    wanted = key.casefold()
    return get(table, next((known for known in table if known.casefold() == wanted), key))


@operator(
    "is in the table, is a known key, is known, is listed, is on the list of known",
    examples=(example({"a": 1}, "a", gives=True), example({}, "a", gives=False)),
)
def has(table: Mapping[str, T], key: str) -> bool:
    """Whether the table holds something under the key."""
    return key in table


@operator(
    "keys of the table, all known keys, names in the table, list of keys",
    examples=(example({"b": 1, "a": 2}, gives=["b", "a"]), example({}, gives=[])),
)
def keys(table: Mapping[str, T]) -> list[str]:
    """The keys of the table in its order."""
    return list(table)


@operator(
    "values of the table, all values in the table, list of values in the table",
    examples=(example({"b": 1, "a": 2}, gives=[1, 2]), example({}, gives=[])),
)
def values(table: Mapping[str, T]) -> list[T]:
    """The values of the table in its order."""
    return list(table.values())


@operator(
    "key of the value, which key holds, reverse lookup, looked up backwards",
    examples=(example({"a": "x", "b": "y"}, "y", gives="b"), example({"a": "x", "b": "x"}, "x", gives="a")),
)
def key_of(table: Mapping[str, str], value: str) -> str:
    """The first key that holds the value; an unknown value has none."""
    found = next((key for key, held in table.items() if held == value), None)
    if found is None:
        raise NoValueError("the table has no such value")
    return found


@operator(
    "band it falls into, from each bound on, from the bound on, from so much on, bracket it falls into, grade for, "
    "tier it is in, band, bracket",
    examples=(
        example(9, [10, 25], ["cold", "mild", "hot"], gives="cold"),
        example(10, [10, 25], ["cold", "mild", "hot"], gives="mild"),
        example(25.5, [10, 25], ["cold", "mild", "hot"], gives="hot"),
    ),
)
def band_from(value: float, starts: Sequence[float], results: Sequence[T]) -> T:
    """The result of the band that the number is in; each start begins the next band, and belongs to it.

    The starts ascend, and there is one result more than starts.
    """
    _check_bands(starts, results)
    return results[sum(value >= start for start in starts)]


@operator(
    "up to each bound, up to and including each bound, band up to, bracket up to, up to so much",
    examples=(
        example(2000, [2000, 5000], ["letter", "parcel", "freight"], gives="letter"),
        example(2001, [2000, 5000], ["letter", "parcel", "freight"], gives="parcel"),
    ),
)
def band_up_to(value: float, limits: Sequence[float], results: Sequence[T]) -> T:
    """The result of the band that the number is in; each limit ends a band, and still belongs to it.

    The limits ascend, and there is one result more than limits.
    """
    _check_bands(limits, results)
    return results[sum(value > limit for limit in limits)]


@operator(
    "each band at its own rate, progressive rates, marginal rates, tiered price, tiered pricing, tiered rate, "
    "graduated rates, rate for the part in each band, tax brackets",
    examples=(
        example(150, [100], [10, 8], gives=1400.0),
        example(100, [100], [10, 8], gives=1000.0),
        example(0, [100], [10, 8], gives=0.0),
    ),
)
def tiered_total(value: float, limits: Sequence[float], rates: Sequence[float]) -> float:
    """The sum over the bands of the part of the number in each, times its rate; what is below 0 counts nothing.

    The limits ascend, and there is one rate more than limits.
    """
    _check_bands(limits, rates)
    exact, total, below = wide(), decimal_of(0), decimal_of(0)
    amount = max(decimal_of(value), below)
    for limit, rate in zip([*map(decimal_of, limits), amount], rates, strict=True):
        upper = min(max(limit, below), amount)
        total = exact.add(total, exact.multiply(exact.subtract(upper, below), decimal_of(rate)))
        below = upper
    return float_of(total)


def _check_bands(bounds: Sequence[float], results: Sequence[T]) -> None:
    if len(results) != len(bounds) + 1 or list(bounds) != sorted(bounds):
        raise NoValueError("bands need ascending bounds and one result more than bounds")
