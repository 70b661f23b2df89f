"""`flows bench web|sse|llm|certify`: what flows cost while they serve, against the same by hand, and certifying."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.bench.report import Measure

F = TypeVar("F", bound=Callable[..., object])


def _shared(rounds: int = 10) -> Callable[[F], F]:
    """The options of all of them; they are measured so often if nothing else is asked."""
    page = click.option("--html", "page", type=PATH, metavar="FILE", help="Also write a page with the distributions.")
    often = click.option(
        "--rounds", type=click.IntRange(1, 200), default=rounds, show_default=True, help="How often all are measured."
    )
    return lambda function: often(page(function))


@verb(
    name="web",
    examples="""
    flows bench web
    flows bench web --rounds 20 --seconds 10 --html web.html
    flows bench web --json
    """,
)
@_shared()
@click.option(
    "--seconds", type=click.FloatRange(0.2, 120), default=4.0, show_default=True, help="Load on each server a round."
)
@click.option("--rate", type=click.FloatRange(1, 900), default=500.0, show_default=True, help="Requests a second.")
def web(console: Console, rounds: int, page: Path | None, seconds: float, rate: float) -> Exit:
    """Measure the web host against the same endpoint written by hand.

    CPU time per request and latency of the echo flow, of the same with Starlette, and with FastAPI where that is
    installed, under requests at a constant rate, in rounds whose order alternates; then what one more pure node costs.
    Exit code 1 when a bound is missed.
    """
    from flowlattice.bench import web as bench

    return _run(console, rounds, page, lambda reporter: bench.measure(reporter, seconds=seconds, rate=rate))


@verb(
    name="sse",
    examples="""
    flows bench sse
    flows bench sse --streams 50 --streams 200 --html sse.html
    flows bench sse --json
    """,
)
@_shared()
@click.option(
    "--seconds", type=click.FloatRange(0.2, 120), default=4.0, show_default=True, help="How long each streams a round."
)
@click.option(
    "--streams",
    type=click.IntRange(1, 2_000),
    multiple=True,
    default=(100, 400),
    show_default=True,
    help="Streams at once; several are measured one after the other.",
)
@click.option(
    "--idle", type=click.IntRange(10, 5_000), default=400, show_default=True, help="Streams to see the memory of one."
)
def sse(  # noqa: PLR0913, PLR0917 - one for each option
    console: Console, rounds: int, page: Path | None, seconds: float, streams: tuple[int, ...], idle: int
) -> Exit:
    """Measure server-sent events against the same stream written by hand.

    CPU time per chunk, how far the gaps between chunks are from the interval, chunks delivered, and memory of an idle
    stream; against sse-starlette where that is installed. Exit code 1 when a bound is missed.
    """
    from flowlattice.bench import sse as bench

    return _run(
        console,
        rounds,
        page,
        lambda reporter: bench.measure(reporter, seconds=seconds, streams=streams, idle=idle),
    )


@verb(
    name="llm",
    examples="""
    flows bench llm
    flows bench llm --calls 60 --rate 20 --html llm.html
    flows bench llm --processes 8 --json
    """,
)
@_shared()
@click.option(
    "--calls", type=click.IntRange(1, 1_000), default=30, show_default=True, help="Calls of each length a round."
)
@click.option("--rate", type=click.FloatRange(0.1, 20), default=15.0, show_default=True, help="Calls a second.")
@click.option(
    "--processes", type=click.IntRange(1, 500), default=64, show_default=True, help="Processes with one budget."
)
@click.option(
    "--budgets", type=click.IntRange(1, 100), default=3, show_default=True, help="How many budgets they spend."
)
def llm(  # noqa: PLR0913, PLR0917 - one for each option
    console: Console, rounds: int, page: Path | None, calls: int, rate: float, processes: int, budgets: int
) -> Exit:
    """Measure what stands around a language model against the same endpoint written by hand.

    CPU time per call and per delta of the summary flow, whose model is a script that answers at once, and of the same
    with the OpenAI SDK and no budget; then many processes that spend one day's budget. Exit code 1 when a bound is
    missed.
    """
    from flowlattice.bench import llm as bench

    return _run(
        console,
        rounds,
        page,
        lambda reporter: bench.measure(reporter, calls=calls, rate=rate, processes=processes, budgets=budgets),
    )


@verb(
    name="certify",
    examples="""
    flows bench certify
    flows bench certify --rounds 5 --examples examples --html certify.html
    flows bench certify --json
    """,
)
@_shared(rounds=3)
@click.option("--examples", type=PATH, metavar="FOLDER", default=Path("examples"), help="Folder with the examples.")
def certify(console: Console, rounds: int, page: Path | None, examples: Path) -> Exit:
    """Measure flows certify on the examples S1 and S2, and on S2 after a change of one node.

    Whole processes; the changed flow is also certified as a whole, in the same round. Exit code 1 when a bound is
    missed.
    """
    from flowlattice.bench import certify as bench

    return _run(console, rounds, page, lambda reporter: bench.measure(reporter, examples))


def _run(console: Console, rounds: int, page: Path | None, measure: Measure) -> Exit:
    from flowlattice.bench.page import page_of
    from flowlattice.bench.report import Reporter
    from flowlattice.files import replace_file

    report = measure(Reporter(rounds, console.progress))
    if page is not None:
        replace_file(page, page_of(report).encode(), mode=0o644)
    if console.json:
        console.emit(report)
    else:
        for line in report.lines():
            console.result(line)
    return Exit.OK if report.within else Exit.PROBLEMS
