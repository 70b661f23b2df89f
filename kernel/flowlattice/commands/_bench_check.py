"""`flows bench check`: what checking costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.bench import check as bench

_TITLES: Final[dict[bench.Arm, str]] = {
    "start": "python -c pass",
    "import": "from flowlattice import Flow",
    "cold": "checked anew",
    "unchanged": "checked again, unchanged",
    "changed": "checked again, one file changed",
    "examples": "all examples, anew",
}


@verb(
    name="check",
    examples="""
    flows bench check
    flows bench check --rounds 9 --examples examples
    flows bench check --json
    """,
)
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="How often each is measured.")
@click.option("--examples", type=PATH, metavar="FOLDER", help="Folder of flows to check too; examples/, where it is.")
def check(console: Console, rounds: int, examples: Path | None) -> Exit:
    """Measure flows check on a flow of 200 nodes in 20 files: anew, unchanged, and with one file changed.

    Whole processes, as ratios to importing what flows import, which is measured in the same run. Exit code 1 when a
    ratio is over its bound.
    """
    from flowlattice.bench import check as bench

    def watch(number: int, took: dict[bench.Arm, bench.Took]) -> None:
        words = ", ".join(f"{_TITLES[arm]} {one.wall_s:.2f} s" for arm, one in took.items())
        console.progress(f"round {number}/{rounds}: {words}")

    folder = examples or Path("examples")
    result = bench.measure(rounds=rounds, examples=folder if examples or folder.is_dir() else None, watch=watch)
    if console.json:
        console.emit(result)
        return Exit.OK if result.within else Exit.PROBLEMS
    console.result(f"machine   {result.machine}")
    console.result(f"flow      {result.nodes} nodes in {result.files} files, {len(result.rounds)} rounds")
    console.result(f"{'medians':<34}{'wall, s':>9}{'CPU, s':>9}{'ratio':>8}{'bound':>8}")
    for arm in result.arms:
        took, bound = result.median(arm), bench.BOUNDS.get(arm)
        line = f"{_TITLES[arm]:<34}{took.wall_s:>9.3f}{took.cpu_s:>9.3f}{result.ratio(arm):>8.2f}"
        console.result(line if bound is None else f"{line}{bound:>8.1f}")
    console.result("within the bounds" if result.within else "NOT within the bounds")
    return Exit.OK if result.within else Exit.PROBLEMS
