"""Bands of numbers with a value each ("below 10 is cold, from 10 to 25 is mild"): their order, gaps and overlaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from flowlattice_agents.models.offline.fields import number_of
from flowlattice_agents.models.offline.terms import Term


@dataclass(frozen=True)
class Band:
    """An interval and the term of its value."""

    low: float
    low_included: bool
    high: float
    high_included: bool
    value: Term

    def contains(self, other: Band) -> bool:
        """Whether every number of the other band is in this one."""
        low = self.low < other.low or (self.low == other.low and (self.low_included or not other.low_included))
        high = self.high > other.high or (self.high == other.high and (self.high_included or not other.high_included))
        return low and high

    def overlaps(self, other: Band) -> bool:
        """Whether a number is in both."""
        first, second = sorted((self, other), key=lambda band: (band.low, not band.low_included))
        return second.low < first.high or (second.low == first.high and second.low_included and first.high_included)


def band_of(bound: Term, value: Term) -> Band | None:
    """The band of a bound, none where it is not made of constants."""
    low, low_in, high, high_in = -math.inf, False, math.inf, False
    for part in bound.terms if bound.head == "and" else (bound,):
        numbers = [float(number_of(inner.text)) for inner in part.walk() if inner.head == "num"]
        if part.head == "between" and len(numbers) == 2:
            low, low_in, high, high_in = numbers[0], True, numbers[1], True
        elif part.head in {"ge", "gt"} and len(numbers) == 1:
            low, low_in = numbers[0], part.head == "ge"
        elif part.head in {"le", "lt"} and len(numbers) == 1:
            high, high_in = numbers[0], part.head == "le"
        elif part.head == "eq" and len(numbers) == 1:
            low = high = numbers[0]
            low_in = high_in = True
        else:
            return None
    return Band(low, low_in, high, high_in, value)


def ordered(bands: Sequence[Band]) -> list[Band] | None:
    """The bands so that the first that fits is meant: one inside another goes first; none where two merely overlap."""
    result: list[Band] = []
    for band in bands:
        for other in bands:
            if other is not band and band.overlaps(other) and not (band.contains(other) or other.contains(band)):
                return None
        place = next((index for index, known in enumerate(result) if known.contains(band)), len(result))
        result.insert(place, band)
    return result


def gaps(bands: Sequence[Band], *, low: float, high: float, whole: bool) -> list[float]:
    """Numbers between the limits that are in no band; a few witnesses are enough."""
    edges = {edge for band in bands for edge in (band.low, band.high) if math.isfinite(edge)}
    edges |= {limit for limit in (low, high) if math.isfinite(limit)}
    points: set[float] = set()
    ordered_edges = sorted(edges)
    for edge in ordered_edges:
        points |= {edge, edge - 1, edge + 1}
    if not whole:
        points |= {(one + other) / 2 for one, other in pairwise(ordered_edges)}
        points |= {edge + delta for edge in ordered_edges for delta in (-0.001, 0.001)}
    inside = sorted(point for point in points if low <= point <= high)
    return [point for point in inside if not any(_holds(band, point) for band in bands)]


def _holds(band: Band, point: float) -> bool:
    low = band.low < point or (band.low_included and band.low == point)
    high = point < band.high or (band.high_included and band.high == point)
    return low and high
