"""`flows bench author`: how long it takes from a brief to a deployed endpoint, offline, and where the time goes."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import click
from pydantic import JsonValue

from flowlattice.console import Console, Exit, verb
from flowlattice.errors import FlowlatticeError

BRIEF = (
    "POST /echo takes {v: string}, trims and lower-cases v and returns {v}. "
    "p95 under 50 ms at 500 requests a second, reject bodies without v."
)
_PATIENCE_S = 120


class AuthorFailed(FlowlatticeError):
    """The brief that is measured did not deploy."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One run, in ms.

    Attributes:
        total: The whole process, from its start to its end.
        start: Until the graph began: the interpreter, imports, the model.
        steps: Each step of the graph.
        graph: The graph itself and its checkpoints: between the first step and the last, less the steps.
    """

    total: float
    start: float
    steps: dict[str, float]
    graph: float


@verb(
    examples="""
    flows bench author
    flows bench author --rounds 10 --json
    """,
    name="author",
)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100), help="How many runs.")
@click.option("--brief", default=BRIEF, help="The brief; by default the echo of the README.")
def command(console: Console, rounds: int, brief: str) -> Exit:
    """Measure from a brief to a deployed endpoint, offline: time per phase."""
    if not console.json:
        console.progress(f"{rounds} runs, each a process with a home of its own, after one that is not counted")
    measured = [one_round(brief) for _ in range(rounds + 1)][1:]
    medians = {name: _median([r.steps.get(name, 0.0) for r in measured]) for name in measured[0].steps}
    total = _median([r.total for r in measured])
    graph = _median([r.graph for r in measured])
    report: dict[str, JsonValue] = {
        "brief": brief,
        "rounds": cast(JsonValue, [asdict(r) for r in measured]),
        "median_ms": {
            "total": total,
            "start": _median([r.start for r in measured]),
            **medians,
            "graph and checkpoints": graph,
        },
        "graph_share": round(graph / total, 4),
        "machine": f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.system()}",
    }
    if console.json:
        console.emit(report)
        return Exit.OK
    for name, value in cast(dict[str, float], report["median_ms"]).items():
        console.result(f"{name:<22} {value:8.0f} ms  {value / total:6.1%}")
    spread = f"{min(r.total for r in measured):.0f} to {max(r.total for r in measured):.0f} ms"
    console.result(f"{rounds} runs, medians; total {spread}; {report['machine']}")
    return Exit.OK


def one_round(brief: str) -> Round:
    """Author the brief once, in a process and a home of its own.

    Raises:
        AuthorFailed: It did not deploy.
    """
    with tempfile.TemporaryDirectory(prefix="flows-bench-") as folder:
        home = Path(folder) / "home"
        began = time.time()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "flowlattice",
                "author",
                brief,
                "--yes",
                "--json",
                "--out",
                str(Path(folder) / "out"),
            ],
            env={**os.environ, "FLOWS_HOME": str(home)},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
        total = (time.time() - began) * 1000
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise AuthorFailed(f"the brief did not deploy: {' '.join(last)[:300]}")
        steps = cast(dict[str, float], json.loads(done.stdout.splitlines()[-1])["timings"])
        at = [float(json.loads(line)["at"]) for line in next(home.glob("runs/*/events.jsonl")).read_text().splitlines()]
    span = (at[-1] - at[0]) * 1000
    return Round(
        total=round(total, 1),
        start=round((at[0] - began) * 1000, 1),
        steps=steps,
        graph=round(max(0.0, span - sum(steps.values())), 1),
    )


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 1)
