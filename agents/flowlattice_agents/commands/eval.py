"""Measure how good the agents are on a suite of briefs."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError
from flowlattice_agents.commands.options import MONEY, SECONDS
from flowlattice_agents.commands.outputs import check_file, check_folder, write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from flowlattice_agents.evals.results import Result, Results
    from flowlattice_agents.evals.runner import Runner
    from flowlattice_agents.evals.suite import Suite


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Which reports are wanted besides the one on the terminal."""

    junit: Path | None
    html: Path | None


@verb(
    examples="""
    flows eval web
    flows eval briefs/ --model openai:NAME --epochs 3 --jobs 4 --arm six,single --html report.html
    flows eval briefs/ --only '^web-' --out results --junit results.xml
    flows eval --rescore results --html report.html
    flows eval --compare base-results new-results
    """
)
@click.argument("suite", required=False)
@click.option("--model", help="As for author; replay:DIR has a record for each brief.")
@click.option("--arm", default="six", show_default=True, help="Agents to compare: six, single, no-fix, kernel-fixes.")
@click.option("--epochs", default=1, show_default=True, type=click.IntRange(1, 1000), help="How often to author each.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="How many briefs at once.")
@click.option("--family", default="", metavar="A,B", help="Only briefs of these families.")
@click.option("--only", default="", metavar="REGEX", help="Only briefs whose id this is found in.")
@click.option("--seed", type=int, help="The first epoch's seed; each further epoch has the next one.")
@click.option("--budget-usd", type=MONEY, metavar="X", help="What one brief may cost, USD.")
@click.option("--price", metavar="IN/OUT", help="The model's price, USD for a million tokens.")
@click.option("--timeout", default=600.0, show_default=True, type=SECONDS, help="Seconds for a command.")
@click.option("--record", type=PATH, metavar="DIR", help="Keep each brief's record here, for --model replay:DIR.")
@click.option("--out", type=PATH, metavar="DIR", help="Folder of the results; goes on where it was cut off.")
@click.option("--rescore", type=PATH, metavar="DIR", help="Score what was measured there again, running nothing.")
@click.option("--compare", type=PATH, nargs=2, metavar="BASE NEW", help="Compare two results; exit 1 on a real drop.")
@click.option("--junit", type=PATH, metavar="FILE", help="Write the results as JUnit XML.")
@click.option("--html", type=PATH, metavar="FILE", help="Write a page with every transcript.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    suite: str | None,
    model: str | None,
    arm: str,
    epochs: int,
    jobs: int,
    family: str,
    only: str,
    seed: int | None,
    budget_usd: str | None,
    price: str | None,
    timeout: float,
    record: Path | None,
    out: Path | None,
    rescore: Path | None,
    compare: tuple[Path, Path] | None,
    junit: Path | None,
    html: Path | None,
) -> Exit:
    """Author every brief of a suite, use what comes out, and say how far up the ladder it climbed.

    SUITE is a folder, a file, or a packaged suite; `all` is every packaged one. The ladder: understood, compiles,
    certifies, behaves, survives a change. Exit code 1 unless everything that is scored passes.
    """
    from flowlattice_agents.evals.results import Results
    from flowlattice_agents.evals.runner import Runner
    from flowlattice_agents.evals.solver import OFFLINE, Settings
    from flowlattice_agents.models.registry import checked_name

    shown = Shown(junit=junit, html=html)
    check_file(junit, "--junit")
    check_file(html, "--html")
    check_folder(out, f"--out {out}")
    check_folder(record, f"--record {record}")
    if compare is not None:
        return _compare(console, *compare)
    chosen = None if suite is None else _suite(console, suite, family, only)
    if rescore is not None:
        return _rescore(console, Results(rescore.absolute()), chosen, shown)
    if suite is None or chosen is None:
        raise UsageError("name a suite: flows eval web")
    if record is not None and (epochs > 1 or len(_arms(arm)) > 1):
        raise UsageError("--record keeps one record a brief, so it goes with one arm and one epoch")
    settings = Settings(
        model=checked_name(model or os.environ.get("FLOWS_MODEL") or OFFLINE),
        seed=seed,
        budget_usd=budget_usd,
        price=_price(price),
        timeout_s=timeout,
        record=record,
    )
    results = Results(_folder(out))
    runner = Runner(suite=chosen, settings=settings, arms=_arms(arm), epochs=epochs, jobs=jobs, results=results)
    return _measure(console, suite, runner, shown)


def _measure(console: Console, suite: str, runner: Runner, shown: Shown) -> Exit:
    from flowlattice_agents.evals.reports.terminal import Progress
    from flowlattice_agents.evals.results import Manifest

    results = runner.results
    progress = Progress(console, len(runner.samples()))
    with results.held(), _stops_on_term():
        results.begin(Manifest.of(suite, runner.settings))
        try:
            found = runner.run(progress.watch)
        except KeyboardInterrupt:
            console.progress(
                f"interrupted; what has ended is kept, go on with the same options and --out {results.folder}"
            )
            raise
    return _show(console, results, found, shown)


def _rescore(console: Console, results: Results, chosen: Suite | None, shown: Shown) -> Exit:
    from flowlattice_agents.evals.runner import rescored

    results.manifest()  # a folder that holds none is left alone
    with results.held():
        found = rescored(results, chosen)
    return _show(console, results, found, shown)


def _suite(console: Console, name: str, family: str, only: str) -> Suite:
    from flowlattice_agents.errors import SuiteError
    from flowlattice_agents.evals.brief import Family
    from flowlattice_agents.evals.suite import load_suite

    families = _listed(family)
    unknown = [one for one in families if one not in get_args(Family)]
    if unknown:
        raise UsageError(f"--family: no family is named {', '.join(unknown)}; there are {', '.join(get_args(Family))}")
    try:
        re.compile(only)
    except re.error as error:
        raise UsageError(f"--only: {only!r} is no regular expression: {error}") from error
    try:
        chosen = load_suite(name).only(families=families, pattern=only)
    except SuiteError as error:
        first, *more = error.problems
        for problem in more and error.problems:
            console.progress(problem)
        raise UsageError(f"{name}: {len(error.problems)} problems stand above" if more else first) from error
    if not chosen.briefs:
        raise UsageError(f"{name}: no brief is left; --family and --only leave out all")
    return chosen


def _arms(text: str) -> Sequence[str]:
    from flowlattice_agents.evals.solver import ARMS

    arms = list(dict.fromkeys(_listed(text)))
    if not arms or set(arms) - set(ARMS):
        raise UsageError(f"--arm: {text!r} names no arms; there are {', '.join(ARMS)}")
    return arms


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _price(text: str | None) -> str | None:
    from flowlattice_agents.chat.prices import parse_price

    if text is not None:
        parse_price(text)
    return text


def _folder(out: Path | None) -> Path:
    from flowlattice.home import flows_home

    if out is not None:
        return out.absolute()
    return flows_home() / "evals" / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")


def _show(console: Console, results: Results, found: Sequence[Result], shown: Shown) -> Exit:
    from flowlattice_agents.evals.reports.html import page
    from flowlattice_agents.evals.reports.junit import junit
    from flowlattice_agents.evals.reports.terminal import lines_of
    from flowlattice_agents.evals.summary import summarise

    summary = summarise(results.manifest(), str(results.folder), found)
    if console.json:
        console.emit(summary)
    else:
        for line in lines_of(summary):
            console.result(line)
    if shown.junit is not None:
        write_report(shown.junit, junit(summary, found))
    if shown.html is not None:
        write_report(shown.html, page(summary, found).encode())
    return Exit.OK if summary.all_pass else Exit.PROBLEMS


def _compare(console: Console, base: Path, new: Path) -> Exit:
    from flowlattice_agents.evals.comparison import compare
    from flowlattice_agents.evals.reports.terminal import comparison_lines
    from flowlattice_agents.evals.results import Results

    found = compare(Results(base.absolute()), Results(new.absolute()))
    if console.json:
        console.emit(found)
    else:
        for line in comparison_lines(found):
            console.result(line)
    return Exit.PROBLEMS if found.is_drop else Exit.OK


@contextmanager
def _stops_on_term() -> Iterator[None]:
    """SIGTERM stops an eval as Ctrl-C does, with everything that it started."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
