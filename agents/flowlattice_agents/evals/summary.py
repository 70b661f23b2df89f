"""What all samples come to: by arm and family, with how sure it is, what it cost, and arms against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import median

from flowlattice_agents.evals.brief import Part
from flowlattice_agents.evals.evidence import Authored
from flowlattice_agents.evals.results import Manifest, Result, fixes_of, number_of
from flowlattice_agents.evals.scoring import LADDER
from flowlattice_agents.evals.statistics import clustered_error, mean, paired, pass_at_k, pass_hat_k, verdict

TOTAL = "all"


class Fixes(Part):
    """Who resolved the diagnostics of the first round."""

    kernel: int = 0
    model: int = 0
    none: int = 0

    @property
    def share(self) -> float | None:
        """The share that the kernel resolved for nothing; none where there were no diagnostics."""
        total = self.kernel + self.model + self.none
        return self.kernel / total if total else None


class Group(Part):
    """The samples of one arm and family.

    Attributes:
        arm: Which agents worked.
        family: The family, or `all`.
        samples: How many there are; each is scored, an error, or unscored.
        scored: How many are scored.
        passed: How many of these climbed the whole ladder.
        errors: How many were no answer of the agents.
        unscored: How many have nothing to judge.
        stale: How many come of a record that does not fit any more, scored or not.
        rate: The share of scored samples that passed.
        error: Its standard error, clustered by brief.
        k: For pass@k and pass^k: the most scored samples that every brief has.
        pass_at_k: The chance that one of k passes.
        pass_hat_k: The chance that all k pass.
        rungs: For each rung of the ladder, how many climbed it and for how many it exists.
        categories: How many failed, erred or are unscored for which reason.
        calls: Model calls a brief, median.
        prompt_tokens: Prompt tokens a brief, median.
        usd: The cost of everything, USD.
        fixes: Who resolved first-round diagnostics.
    """

    arm: str
    family: str
    samples: int
    scored: int
    passed: int
    errors: int
    unscored: int
    stale: int
    rate: float | None
    error: float | None
    k: int
    pass_at_k: float | None
    pass_hat_k: float | None
    rungs: dict[str, tuple[int, int]]
    categories: dict[str, int]
    calls: float
    prompt_tokens: float
    usd: float
    fixes: Fixes


class Against(Part):
    """Two arms, paired by brief.

    Attributes:
        one: The one arm.
        other: The arm that it is compared with.
        briefs: How many briefs are scored under both.
        mean: How far the pass rate of `one` lies above the other's.
        low: The lower end of its 95 % interval; none for fewer than two briefs.
        high: The upper end.
        is_more: Whether the difference is more than noise.
        text: The same as a sentence.
    """

    one: str
    other: str
    briefs: int
    mean: float
    low: float | None
    high: float | None
    is_more: bool
    text: str


class Row(Part):
    """One sample in a report for machines."""

    id: str
    family: str
    arm: str
    epoch: int
    status: str
    passed: bool
    reached: tuple[str, ...]
    failed_at: str | None
    category: str | None
    why: str
    stale: tuple[str, ...]
    seconds: float
    usd: float
    calls: int
    prompt_tokens: int


class Summary(Part):
    """A whole eval.

    Attributes:
        manifest: What it was started with.
        folder: Where its results are.
        groups: For each arm its total, then its families.
        arms: Every arm against every later one.
        samples: Every sample.
    """

    manifest: Manifest
    folder: str
    groups: tuple[Group, ...]
    arms: tuple[Against, ...]
    samples: tuple[Row, ...]

    @property
    def totals(self) -> tuple[Group, ...]:
        """The totals of all arms."""
        return tuple(group for group in self.groups if group.family == TOTAL)

    @property
    def all_pass(self) -> bool:
        """Whether something was scored, all of it passed, and nothing erred."""
        total = self.totals
        scored = sum(group.scored for group in total)
        return scored > 0 and all(group.passed == group.scored and not group.errors for group in total)


def summarise(manifest: Manifest, folder: str, results: Sequence[Result]) -> Summary:
    """The summary of results."""
    arms = list(dict.fromkeys(result.arm for result in results))
    return Summary(
        manifest=manifest,
        folder=folder,
        groups=tuple(_groups(arms, results)),
        arms=tuple(_against(arms, results)),
        samples=tuple(map(_row, results)),
    )


def rates(results: Sequence[Result], arm: str) -> dict[str, list[float]]:
    """For each brief the scores of an arm's scored samples, 1 for a pass."""
    found: dict[str, list[float]] = {}
    for result in results:
        if result.arm == arm:
            scored = [float(result.score.passed)] if result.score.status == "scored" else []
            found.setdefault(result.brief.id, []).extend(scored)
    return found


def own_run(result: Result) -> Authored | None:
    """The run of the agents on the brief itself, which calls and tokens are counted for."""
    attempt = result.evidence.attempt
    return None if attempt is None else attempt.authored


def _groups(arms: Sequence[str], results: Sequence[Result]) -> Iterator[Group]:
    families = list(dict.fromkeys(result.brief.family for result in results))
    for arm in arms:
        of_arm = [result for result in results if result.arm == arm]
        yield _group(arm, TOTAL, of_arm)
        for family in families:
            yield _group(arm, family, [result for result in of_arm if result.brief.family == family])


def _group(arm: str, family: str, results: Sequence[Result]) -> Group:
    scores = [result.score for result in results]
    clusters = {name: values for name, values in rates(results, arm).items() if values}
    k = min(map(len, clusters.values()), default=0)
    counts = [(len(values), round(sum(values))) for values in clusters.values()]
    runs = [run for run in map(own_run, results) if run is not None]
    fixes = Counter(str(fix.get("by")) for fix in fixes_of(runs))
    return Group(
        arm=arm,
        family=family,
        samples=len(results),
        scored=sum(score.status == "scored" for score in scores),
        passed=sum(score.passed for score in scores),
        errors=sum(score.status == "error" for score in scores),
        unscored=sum(score.status == "unscored" for score in scores),
        stale=sum(bool(score.stale) for score in scores),
        rate=mean(clusters) if clusters else None,
        error=clustered_error(clusters),
        k=k,
        pass_at_k=sum(pass_at_k(n, c, k) for n, c in counts) / len(counts) if k else None,
        pass_hat_k=sum(pass_hat_k(n, c, k) for n, c in counts) / len(counts) if k else None,
        rungs=_rungs(results),
        categories=dict(Counter(score.category for score in scores if score.category).most_common()),
        calls=median([number_of(run, "calls") for run in runs] or [0]),
        prompt_tokens=median([number_of(run, "prompt_tokens") for run in runs] or [0]),
        usd=sum(result.usd for result in results),
        fixes=Fixes(
            kernel=fixes["kernel"], model=fixes["model"], none=fixes.total() - fixes["kernel"] - fixes["model"]
        ),
    )


def _rungs(results: Sequence[Result]) -> dict[str, tuple[int, int]]:
    scored = [result.score for result in results if result.score.status == "scored"]
    counts = {r: (sum(r in s.reached for s in scored), sum(r in s.ladder for s in scored)) for r in LADDER}
    return {rung: count for rung, count in counts.items() if count[1]}


def _against(arms: Sequence[str], results: Sequence[Result]) -> Iterator[Against]:
    for one, other in combinations(arms, 2):
        found = paired(rates(results, one), rates(results, other))
        yield Against(
            one=one,
            other=other,
            briefs=found.briefs,
            mean=found.mean,
            low=found.low,
            high=found.high,
            is_more=found.is_more,
            text=verdict(found, one, other),
        )


def _row(result: Result) -> Row:
    run, score = own_run(result), result.score
    return Row(
        id=result.brief.id,
        family=result.brief.family,
        arm=result.arm,
        epoch=result.epoch,
        status=score.status,
        passed=score.passed,
        reached=score.reached,
        failed_at=score.failed_at,
        category=score.category,
        why=score.why,
        stale=score.stale,
        seconds=round(sum(run.seconds for run in result.evidence.runs), 3),
        usd=round(result.usd, 6),
        calls=int(number_of(run, "calls")) if run is not None else 0,
        prompt_tokens=int(number_of(run, "prompt_tokens")) if run is not None else 0,
    )
