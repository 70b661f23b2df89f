"""Measure what flows cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bench import web as bench

GROUP = "flowlattice.benchmarks"


class Benchmarks(click.Group):
    """The benchmarks of all packages; each is imported when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, sorted."""
        return sorted({"check", "mutants", "web", *_others()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        if cmd_name == "web":
            return web
        if cmd_name == "check":
            from flowlattice.commands._bench_check import check

            return check
        if cmd_name == "mutants":
            from flowlattice.commands._mutants import command as mutants

            return mutants
        entry = _others().get(cmd_name)
        if entry is None:
            return None
        found = entry.load()
        if not isinstance(found, click.Command):
            raise UsageError(f"{cmd_name}: {found!r} is no command; the package that adds it has to be repaired")
        return found


def _others() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


command = Benchmarks("bench", help="Measure what flows cost, on this machine.", no_args_is_help=True)


@verb(
    name="web",
    examples="""
    flows bench web
    flows bench web --rounds 20 --seconds 10
    flows bench web --json
    """,
)
@click.option("--rounds", type=click.IntRange(2, 200), default=10, show_default=True, help="Pairs of measurements.")
@click.option(
    "--seconds", type=click.FloatRange(0.2, 120), default=4.0, show_default=True, help="Load on each server a round."
)
@click.option("--rate", type=click.FloatRange(1, 900), default=500.0, show_default=True, help="Requests a second.")
def web(console: Console, rounds: int, seconds: float, rate: float) -> Exit:
    """Measure the web host against the same endpoint written by hand with Starlette.

    CPU time per request and latency of the echo flow, both servers under the same open-loop load, in pairs whose
    order alternates. Exit code 1 when the flow needs more than 1.25 times the baseline.
    """
    from flowlattice.bench import web as bench

    def watch(number: int, pair: dict[str, bench.ArmRound]) -> None:
        words = ", ".join(f"{arm} {one.cpu_us:.0f} µs CPU, p95 {one.p95_ms:.2f} ms" for arm, one in pair.items())
        console.progress(f"round {number}/{rounds}: {words}")

    result = bench.measure(rounds=rounds, seconds=seconds, rate=rate, watch=watch)
    if console.json:
        console.emit(result)
    else:
        _show(console, result)
    return Exit.OK if result.within else Exit.PROBLEMS


def _show(console: Console, result: bench.WebBench) -> None:
    console.result(f"baseline  {result.baseline}")
    console.result(f"machine   {result.machine}")
    console.result(f"load      {result.rate:g} requests/s for {result.seconds:g} s, {len(result.rounds)} paired rounds")
    console.result(f"{'medians':<26}{'flow':>10}{'baseline':>10}{'ratio':>8}  {'quartiles':<14}bound")
    _row(console, result, "CPU per request, µs", lambda one: one.cpu_us, result.cpu)
    _row(console, result, "p50, ms", lambda one: one.p50_ms)
    _row(console, result, "p95, ms", lambda one: one.p95_ms, result.p95)
    _row(console, result, "p99, ms", lambda one: one.p99_ms)
    failed = sum(one.failed for pair in result.rounds for one in pair.values())
    console.result(f"{failed} requests failed; {'within' if result.within else 'NOT within'} the bounds")


def _row(
    console: Console,
    result: bench.WebBench,
    title: str,
    of: Callable[[bench.ArmRound], float],
    ratio: bench.Ratio | None = None,
) -> None:
    flow, baseline = (statistics.median(of(pair[arm]) for pair in result.rounds) for arm in ("flow", "baseline"))
    line = f"{title:<26}{flow:>10.2f}{baseline:>10.2f}"
    if ratio is not None:
        line += f"{ratio.median:>8.2f}  {f'{ratio.lower:.2f}-{ratio.upper:.2f}':<14}1.25"
    console.result(line)
