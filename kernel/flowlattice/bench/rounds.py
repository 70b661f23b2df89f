"""Measuring arms in pairs: in each round one after the other, the next round in the opposite order.

So what drifts on the machine meets all arms alike. Each round gives a ratio; a result is the median over the rounds,
its quartiles are its spread.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict

Values = dict[str, float]
Watch = Callable[[str], None]
"""Called with a line about each round."""

_POINTS: Final = (0.0, 5.0, *(float(p) for p in range(10, 90, 10)), 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 100.0)


class Frozen(BaseModel):
    """What is reported."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True)
class Measured:
    """One arm in one round: its numbers by name, and each single time of which a distribution is shown, in ms."""

    values: Values
    times: Sequence[float] = ()


Arm = Callable[[], Measured]


@dataclass(frozen=True)
class Found:
    """What all rounds gave.

    Attributes:
        rounds: The numbers of each round by arm and name.
        times: All single times by arm, in ms, sorted.
    """

    rounds: list[dict[str, Values]]
    times: dict[str, list[float]] = field(default_factory=dict)


def in_rounds(arms: Mapping[str, Arm], rounds: int, watch: Callable[[int, dict[str, Values]], None]) -> Found:
    """Measure all arms so many times; `watch` is called after each round with its number from 1."""
    found: list[dict[str, Values]] = []
    times: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(rounds):
        order = list(arms) if number % 2 == 0 else [*arms][::-1]
        measured = {name: arms[name]() for name in order}
        for name, one in measured.items():
            times[name] += one.times
        found.append({name: measured[name].values for name in arms})
        watch(number + 1, found[-1])
    return Found(found, {name: sorted(one) for name, one in times.items()})


class Spread(Frozen):
    """A number over the rounds: median and quartiles."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some numbers, at least one."""
        lower, _, upper = statistics.quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
        return cls(median=statistics.median(values), lower=lower, upper=upper)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of sorted numbers; 0 for none."""
    if not ordered:
        return 0.0
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def percentiles(times: Sequence[float]) -> Values:
    """What the tables show of single times in ms."""
    ordered = sorted(times)
    return {f"p{percent}_ms": percentile(ordered, percent) for percent in (50, 95, 99)}


def curve(ordered: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Percents and percentiles of sorted numbers, closer together towards the slow end."""
    return tuple((percent, percentile(ordered, percent)) for percent in _POINTS) if ordered else ()
