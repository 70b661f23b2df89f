"""Estimators for repeated, clustered pass/fail results, and how sure they are.

The samples of one brief are no independent evidence, so standard errors are clustered by brief.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan, comb, cos, pi, sin, sqrt
from typing import Literal

Clusters = Mapping[str, Sequence[float]]
"""Scores (0 to 1) of the samples of each brief."""

CONFIDENCE = 0.95


def pass_at_k(n: int, passed: int, k: int) -> float:
    """The chance that at least one of k samples passes, estimated without bias from n (Chen et al. 2021).

    Raises:
        ValueError: k is not 1 to n, or more passed than there are.
    """
    return 1 - comb(n - _checked(n, passed, k), k) / comb(n, k)


def pass_hat_k(n: int, passed: int, k: int) -> float:
    """The chance that all of k samples pass (pass^k), estimated without bias from n (Yao et al. 2024).

    Raises:
        ValueError: k is not 1 to n, or more passed than there are.
    """
    return comb(_checked(n, passed, k), k) / comb(n, k)


def mean(clusters: Clusters) -> float:
    """The mean over all samples; 0 for none."""
    values = [value for cluster in clusters.values() for value in cluster]
    return sum(values) / len(values) if values else 0.0


def clustered_error(clusters: Clusters) -> float | None:
    """The standard error of `mean`, clustered (Miller 2024, equation 4), with the factor G/(G-1) for G few clusters.

    None where one cluster alone says nothing about the spread between clusters.
    """
    filled = [cluster for cluster in clusters.values() if cluster]
    if len(filled) < 2:
        return None
    centre, count = mean(clusters), sum(map(len, filled))
    squares = sum(sum(value - centre for value in cluster) ** 2 for cluster in filled)
    return sqrt(squares * len(filled) / (len(filled) - 1)) / count


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far one measurement lies above another, on the briefs that both have scored.

    Attributes:
        briefs: How many those are.
        mean: The mean over briefs of the difference of their pass rates.
        error: Its standard error, over briefs; none for fewer than two.
        low: The lower end of the two-sided 95 % interval; none for fewer than two briefs.
        high: The upper end.
        is_more: More than noise: the interval leaves out 0.
        is_drop: A drop at one-sided 95 %.
    """

    briefs: int
    mean: float
    error: float | None
    low: float | None
    high: float | None
    is_more: bool
    is_drop: bool


def paired(one: Clusters, other: Clusters) -> Difference:
    """How far `one` lies above `other`, paired by brief: a t interval over the briefs' differences.

    Where every brief differs by the same amount there is no spread to go by; then the sign test decides.
    """
    both = [name for name in one if one[name] and other.get(name)]
    differences = [_mean(one[name]) - _mean(other[name]) for name in both]
    count, centre = len(differences), _mean(differences)
    if count < 2:
        return Difference(briefs=count, mean=centre, error=None, low=None, high=None, is_more=False, is_drop=False)
    error = sqrt(sum((value - centre) ** 2 for value in differences) / (count - 1) / count)
    reach = error * t_quantile(1 - (1 - CONFIDENCE) / 2, count - 1)
    if error == 0:
        all_same = 0.5**count
        is_more, is_drop = centre != 0 and 2 * all_same <= 1 - CONFIDENCE, centre < 0 and all_same <= 1 - CONFIDENCE
    else:
        is_more = abs(centre) > reach
        is_drop = centre + error * t_quantile(CONFIDENCE, count - 1) < 0
    return Difference(
        briefs=count,
        mean=centre,
        error=error,
        low=centre - reach,
        high=centre + reach,
        is_more=is_more,
        is_drop=is_drop,
    )


def t_quantile(probability: float, freedom: int) -> float:
    """The quantile of Student's t distribution, for a probability above 1/2.

    By bisection of the finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4).
    """
    low, high = 0.0, 1.0
    while _t_between(high, freedom) < 2 * probability - 1:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_between(middle, freedom) < 2 * probability - 1 else (low, middle)
    return high


def verdict(difference: Difference, one: str, other: str) -> str:
    """What a paired comparison says, as a sentence."""
    if difference.mean == 0 and not difference.error:
        return f"{one} passes as much as {other} on each of {difference.briefs} briefs"
    said = f"{one} passes {abs(difference.mean):.1%} {'more' if difference.mean >= 0 else 'less'} than {other}"
    if difference.low is None or difference.high is None:
        return f"{said} on {difference.briefs} brief(s): too few to say whether that is more than noise"
    span = f"95 % interval {difference.low:+.1%} to {difference.high:+.1%}, {difference.briefs} briefs"
    how: Literal["more than noise", "no more than noise"] = (
        "more than noise" if difference.is_more else "no more than noise"
    )
    return f"{said} ({span}): {how}"


def _t_between(t: float, freedom: int) -> float:
    """The probability of values from -t to t."""
    angle = atan(t / sqrt(freedom))
    odd = freedom % 2
    term, total = (cos(angle) if odd else 1.0), 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cos(angle) ** 2 * (power + 1) / (power + 2)
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


def _checked(n: int, passed: int, k: int) -> int:
    if not 1 <= k <= n or not 0 <= passed <= n:
        raise ValueError(f"pass@k needs 1 <= k <= n and 0 <= passed <= n, not k={k}, n={n}, passed={passed}")
    return passed


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
