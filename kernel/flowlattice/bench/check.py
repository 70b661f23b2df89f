"""`flows bench check`: what checking costs, against importing what flows import, in the same run.

Whole processes are measured, from their start to their end: a flow of 200 nodes in 20 files checked anew, checked again
without a change, and after a change in one helper file; and the examples anew, all by one command. The order is the
same in each round, and the baselines are measured in each; a result is the median over the rounds.
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from flowlattice.bench.big_flow import FILES, NODES, write_big_flow
from flowlattice.bench.processes import timed

Arm = Literal["start", "import", "cold", "unchanged", "changed", "examples"]

# 1.5 s, 0.3 s and 5 s where importing what flows import takes 0.2 s.
BOUNDS: Final[Mapping[Arm, float]] = {"cold": 7.5, "unchanged": 1.5, "examples": 25.0}

_PROBLEMS: Final = 1
_LONGEST: Final = timedelta(minutes=5)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Took(_Model):
    """One measurement: the time that passed and the CPU time of all processes, in seconds."""

    wall_s: float
    cpu_s: float


class CheckBench(_Model):
    """The result.

    Attributes:
        machine: Where.
        nodes: Nodes of the flow that is checked.
        files: Its files.
        examples: The examples that were checked together, by name.
        rounds: What each arm took, round by round.
    """

    machine: str
    nodes: int
    files: int
    examples: tuple[str, ...]
    rounds: tuple[dict[Arm, Took], ...]

    def median(self, arm: Arm) -> Took:
        """The medians of one arm."""
        took = [found[arm] for found in self.rounds]
        wall, cpu = (statistics.median(values) for values in zip(*((t.wall_s, t.cpu_s) for t in took), strict=True))
        return Took(wall_s=wall, cpu_s=cpu)

    def ratio(self, arm: Arm) -> float:
        """How many times as long as the import it took: the median over the rounds, each by its own import."""
        return statistics.median(found[arm].wall_s / found["import"].wall_s for found in self.rounds)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """What was measured."""
        return tuple(self.rounds[0])

    @property
    def within(self) -> bool:
        """Whether all that has a bound is within it."""
        return all(self.ratio(arm) <= bound for arm, bound in BOUNDS.items() if arm in self.arms)


def measure(*, rounds: int, examples: Path | None, watch: Callable[[int, dict[Arm, Took]], None]) -> CheckBench:
    """Measure all arms.

    Args:
        rounds: How often; at least 1.
        examples: A folder of folders with flows; none to leave them out.
        watch: Called after each round with its number from 1.

    Raises:
        EngineUnavailable: A process could not be run, or did not end.
    """
    flows = [] if examples is None else sorted(file.parent for file in examples.glob("*/flow.py"))
    found: list[dict[Arm, Took]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_big_flow(folder / "big")
        for number in range(1, rounds + 1):
            found.append(dict(_round(folder, flows, number)))
            watch(number, found[-1])
    return CheckBench(
        machine=f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        nodes=NODES,
        files=FILES,
        examples=tuple(flow.name for flow in flows),
        rounds=tuple(found),
    )


def _round(folder: Path, flows: Sequence[Path], number: int) -> Iterator[tuple[Arm, Took]]:
    big, home = folder / "big", folder / f"home-{number}"
    python, check = ["-c"], ["-m", "flowlattice", "check"]
    yield "start", _took(home, [*python, "pass"])
    yield "import", _took(home, [*python, "from flowlattice import Flow"])
    yield "cold", _took(home, [*check, str(big)])
    yield "unchanged", _took(home, [*check, str(big)])
    with (big / "rules_0.py").open("a", encoding="utf-8") as file:
        file.write(f"\n# change {number}\n")
    yield "changed", _took(home, [*check, str(big)])
    if flows:
        yield "examples", _took(home, [*check, "--no-cache", *map(str, flows)])


def _took(home: Path, arguments: Sequence[str]) -> Took:
    took = timed(home, arguments, most=_LONGEST, worst=_PROBLEMS)
    return Took(wall_s=took.wall_s, cpu_s=took.cpu_s)
