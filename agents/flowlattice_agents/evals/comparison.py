"""Two evals against each other: which briefs changed, and whether that is a real drop or only flakiness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from flowlattice_agents.evals.brief import Part
from flowlattice_agents.evals.results import Result, Results
from flowlattice_agents.evals.statistics import Clusters, paired, verdict
from flowlattice_agents.evals.summary import rates


class Changed(Part):
    """A brief whose pass rate changed."""

    id: str
    before: float
    after: float


class ArmComparison(Part):
    """One arm in both evals.

    Attributes:
        arm: The arm.
        exact: Whether every change counts, because the model gives the same result every time.
        briefs: How many briefs are scored in both.
        mean: The mean change of the pass rate.
        low: The lower end of its 95 % interval.
        high: The upper end.
        changed: The briefs that changed.
        lost: The briefs that were scored and are no longer.
        is_drop: Whether this is a real drop.
        text: What this says, as a sentence.
    """

    arm: str
    exact: bool
    briefs: int
    mean: float
    low: float | None
    high: float | None
    changed: tuple[Changed, ...]
    lost: tuple[str, ...]
    is_drop: bool
    text: str


class Comparison(Part):
    """Two evals; `is_drop` if any arm that is in both dropped."""

    base: str
    new: str
    arms: tuple[ArmComparison, ...]

    @property
    def is_drop(self) -> bool:
        """Whether any arm dropped."""
        return any(arm.is_drop for arm in self.arms)


def compare(base: Results, new: Results) -> Comparison:
    """Compare the scores of two folders.

    Raises:
        UsageError: One holds no results.
    """
    before, after = list(base.all()), list(new.all())
    same_model = base.manifest().deterministic and new.manifest().deterministic
    exact = same_model and all(result.epoch == 0 for result in (*before, *after))
    arms = [arm for arm in _arms(before) if arm in _arms(after)]
    return Comparison(
        base=str(base.folder),
        new=str(new.folder),
        arms=tuple(_arm(arm, rates(before, arm), rates(after, arm), exact) for arm in arms),
    )


def _arm(arm: str, before: Clusters, after: Clusters, exact: bool) -> ArmComparison:
    difference = paired(after, before)
    changed = tuple(_changed(before, after))
    fell = [one for one in changed if one.after < one.before]
    is_drop = bool(fell) if exact else difference.is_drop
    said = f"{arm}: {verdict(difference, 'the new run', 'the base')}"
    if exact:
        said += "; the model gives the same result every time, so every brief that fell is a real drop"
    return ArmComparison(
        arm=arm,
        exact=exact,
        changed=changed,
        lost=tuple(name for name, values in before.items() if values and not after.get(name)),
        text=said,
        **{name: value for name, value in asdict(difference).items() if name in ("briefs", "mean", "low", "high")},
        is_drop=is_drop,
    )


def _changed(before: Clusters, after: Clusters) -> Iterator[Changed]:
    for name, values in before.items():
        now = after.get(name, ())
        if values and now:
            rate, rate_now = sum(values) / len(values), sum(now) / len(now)
            if rate != rate_now:
                yield Changed(id=name, before=rate, after=rate_now)


def _arms(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(result.arm for result in results))
