"""An eval on a terminal: a line for each sample while it runs, then tables."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import click

from flowlattice.console import Console
from flowlattice_agents.evals.comparison import ArmComparison, Comparison
from flowlattice_agents.evals.results import Result
from flowlattice_agents.evals.summary import TOTAL, Group, Summary
from flowlattice_agents.visible import visible

_WHY = 160


@dataclass
class Progress:
    """Says how far an eval is: samples that ended, how many passed, what it cost so far.

    Attributes:
        console: Where.
        total: How many samples there are.
    """

    console: Console
    total: int
    _ended: int = 0
    _passed: int = 0
    _usd: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, result: Result) -> None:
        """Count a sample and say how it went."""
        with self._lock:
            self._ended += 1
            self._passed += result.score.passed
            self._usd += result.usd
            if self.console.json:
                return
            head = f"{self._ended:>{len(str(self.total))}}/{self.total}"
            so_far = f"{self._passed} pass, {self._usd:.4f} USD"
            self.console.progress(f"{head}  {so_far:<22}  {line_of(result)}")


def line_of(result: Result) -> str:
    """A sample on one line."""
    score = result.score
    repeated = f" #{result.epoch + 1}" if result.epoch else ""
    name = f"{result.brief.id}{repeated} ({result.arm})"
    if score.passed:
        said = click.style("pass", fg="green")
    else:
        where = score.failed_at if score.status == "scored" else score.status
        colour = "red" if score.status == "scored" else "yellow"
        said = f"{click.style(f'{where}: {score.category}', fg=colour)}  {visible(' '.join(score.why.split()))[:_WHY]}"
    return f"{name:<40} {said}" + ("  (stale record)" if score.stale and score.category != "stale" else "")


def lines_of(summary: Summary) -> Iterator[str]:
    """A whole eval."""
    yield f"suite {summary.manifest.suite}, model {summary.manifest.model}"
    width = max([len(group.arm) for group in summary.groups] or [0])
    yield ""
    yield f"{'arm':<{width}}  {'family':<8} {'passed':>8}  {'rate':<15} {'error':>5} {'unscored':>8}  ladder"
    for group in summary.groups:
        if group.samples:
            yield _line(group, width)
    for total in summary.totals:
        yield ""
        yield from _closing(total)
    if summary.arms:
        yield ""
        yield from (pair.text for pair in summary.arms)
    yield ""
    if not any(total.scored for total in summary.totals):
        yield "nothing was scored"
    yield f"results: {summary.folder}"


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Two evals against each other."""
    for arm in comparison.arms:
        yield arm.text
        yield from _changes(arm)
    if not comparison.arms:
        yield "no arm is in both"
    yield click.style("a real drop", fg="red") if comparison.is_drop else "no real drop"


def _changes(arm: ArmComparison) -> Iterator[str]:
    for one in arm.changed:
        mark = click.style("fell", fg="red") if one.after < one.before else click.style("rose", fg="green")
        yield f"  {mark}  {one.id}  {one.before:.0%} -> {one.after:.0%}"
    if arm.lost:
        yield f"  scored before and not now: {', '.join(arm.lost)}"


def _line(group: Group, width: int) -> str:
    rate = "" if group.rate is None else f"{group.rate:.0%}" + ("" if group.error is None else f" ± {group.error:.1%}")
    ladder = "  ".join(f"{rung} {climbed}/{of}" for rung, (climbed, of) in group.rungs.items())
    passed = f"{group.passed}/{group.scored}"
    text = f"{group.arm:<{width}}  {group.family:<8} {passed:>8}  {rate:<15} "
    text += f"{group.errors:>5} {group.unscored:>8}  {ladder}"
    return click.style(text, bold=True) if group.family == TOTAL else text


def _closing(total: Group) -> Iterator[str]:
    if total.k > 1:
        yield f"{total.arm}: pass@{total.k} {total.pass_at_k:.1%}, pass^{total.k} {total.pass_hat_k:.1%}"
    reasons = ", ".join(f"{name} {count}" for name, count in total.categories.items())
    yield f"{total.arm}: " + (f"what went wrong: {reasons}" if reasons else "nothing went wrong")
    if total.stale:
        yield f"{total.arm}: {total.stale} of records that do not fit any more (stale)"
    calls = f"{total.calls:g} model calls and {total.prompt_tokens:g} prompt tokens a brief (median)"
    share = total.fixes.share
    fixed = "" if share is None else f"; the kernel fixed {share:.0%} of first-round diagnostics for nothing"
    yield f"{total.arm}: {calls}, {total.usd:.4f} USD in all{fixed}"
