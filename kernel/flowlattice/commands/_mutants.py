"""`flows bench mutants`: who notices the mistakes that can be made in the examples."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

import flowlattice
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bench.mutants import MutationReport, Operator, Outcome


@verb(
    name="mutants",
    examples="""
    flows bench mutants
    flows bench mutants --only drop_key --most 10
    flows bench mutants --json
    """,
)
@click.option("--examples", "folder", type=PATH, help="The folder of examples; the checkout's by default.")
@click.option(
    "--most", type=click.IntRange(1, 100), default=1, show_default=True, help="Mutants of each operator and file."
)
@click.option("--only", metavar="OPERATOR", help="One operator alone.")
def command(console: Console, folder: Path | None, most: int, only: str | None) -> Exit:
    """Make mistakes in the examples, one at a time, and count who notices.

    A mutant is caught by a diagnostic that its operator declares, or it is a flow whose change of meaning the semantic
    diff shows, or it is missed. Exit code 1 when one is missed.
    """
    from flowlattice.bench.mutants import examples, mutate

    operators, started = _operators(only), perf_counter()
    flows = examples(folder or Path(flowlattice.__file__).parents[2] / "examples")
    counted: Counter[str] = Counter()

    def watch(outcome: Outcome) -> None:
        counted[outcome.example] += 1
        if counted[outcome.example] == 1:
            console.progress(f"mutants of {outcome.example}")

    report = mutate(flows, operators=operators, most=most, watch=watch)
    if console.json:
        counts: dict[str, JsonValue] = {str(name): count for name, count in report.counts().items()}
        console.emit({"counts": counts, "outcomes": [one.model_dump(mode="json") for one in report.outcomes]})
    else:
        _show(console, report, operators, perf_counter() - started)
    return Exit.PROBLEMS if report.missed else Exit.OK


def _operators(only: str | None) -> tuple[Operator, ...]:
    from flowlattice.bench.mutants import OPERATORS

    found = tuple(operator for operator in OPERATORS if only in (None, operator.name))
    if not found:
        near = get_close_matches(str(only), [operator.name for operator in OPERATORS], n=3, cutoff=0.0)
        raise UsageError(f"there is no mutation operator {only}; there is {', '.join(near)} and more")
    return found


def _show(console: Console, report: MutationReport, operators: tuple[Operator, ...], seconds: float) -> None:
    console.result(f"{'operator':<28}{'mutants':>8}{'caught':>8}{'shown':>8}{'missed':>8}  by")
    for operator in operators:
        own = [one for one in report.outcomes if one.operator == operator.name]
        counts = Counter(one.outcome for one in own)
        codes = sorted({code for one in own if one.outcome == "caught" for code in one.codes} & operator.codes)
        row = "".join(f"{number:>8}" for number in (len(own), counts["caught"], counts["shown"], counts["missed"]))
        console.result(f"{operator.name:<28}{row}  {' '.join(codes)}".rstrip())
    for one in report.missed:
        found = f"only {', '.join(one.codes)}" if one.codes else "nothing"
        console.result(f"missed: {one.example} {one.file}:{one.line} {one.operator}: {one.what} ({found} was reported)")
    counts_ = report.counts()
    console.result(
        f"{len(report.outcomes)} mutants in {seconds:.0f} s: {counts_['caught']} caught by a declared code, "
        f"{counts_['shown']} shown in the semantic diff, {counts_['missed']} missed"
    )
