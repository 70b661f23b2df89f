"""`flows bench web`: what the web host costs, against the same endpoint by hand.

Both servers run side by side in processes of their own, on 127.0.0.1 with the same uvicorn settings. A round measures
one after the other under the same open-loop load, and the order alternates (A B, B A, ...), so that what drifts on
the machine meets both. Each round gives a ratio; the median over rounds is the result, the quartiles its spread.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from pydantic import BaseModel, ConfigDict, JsonValue

from flowlattice.errors import EngineUnavailable

CPU_BOUND = 1.25
P95_BOUND = 1.25
_START_S = 30.0
_SLACK_S = 30.0


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class ArmRound(_Model):
    """One arm in one round: CPU time of the server per request, and latencies from when requests were due."""

    cpu_us: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    answered: int
    failed: int


class Ratio(_Model):
    """Flow divided by baseline over the rounds."""

    median: float
    lower: float
    upper: float


class WebBench(_Model):
    """The result.

    Attributes:
        baseline: What it was measured against.
        machine: Where.
        rate: Requests a second.
        seconds: How long each measurement took.
        rounds: Both arms of each round.
        cpu: Ratio of CPU time per request, with quartiles.
        p95: Ratio of the 95th percentiles, with quartiles.
        within: Whether both medians are within their bounds.
    """

    baseline: str
    machine: str
    rate: float
    seconds: float
    rounds: list[dict[str, ArmRound]]
    cpu: Ratio
    p95: Ratio
    within: bool


def measure(*, rounds: int, seconds: float, rate: float, watch: Callable[[int, dict[str, ArmRound]], None]) -> WebBench:
    """Measure both arms.

    Args:
        rounds: How many pairs; at least 2.
        seconds: How long each arm is under load in each round.
        rate: Requests a second.
        watch: Called after each round with its number from 1.

    Raises:
        EngineUnavailable: A server or the load generator failed.
    """
    found: list[dict[str, ArmRound]] = []
    with ExitStack() as stack:
        arms = {name: stack.enter_context(_arm(name)) for name in ("flow", "baseline")}
        for arm in arms.values():
            _load(arm, rate, min(seconds, 1.0))  # warm: imports done, caches filled
        for number in range(rounds):
            order = list(arms) if number % 2 == 0 else list(reversed(arms))
            measured = {name: _load(arms[name], rate, seconds) for name in order}
            found.append({name: measured[name] for name in arms})
            watch(number + 1, found[-1])
    cpu, p95 = _ratio(found, "cpu_us"), _ratio(found, "p95_ms")
    return WebBench(
        baseline=f"Starlette {version('starlette')} by hand on uvicorn {version('uvicorn')}, httptools, uvloop",
        machine=f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        rate=rate,
        seconds=seconds,
        rounds=found,
        cpu=cpu,
        p95=p95,
        within=cpu.median <= CPU_BOUND and p95.median <= P95_BOUND,
    )


@dataclass
class _Arm:
    """A server process and how to ask it what it has used."""

    process: subprocess.Popen[str]
    port: int

    def cpu_s(self) -> float:
        if self.process.stdin is None:
            raise EngineUnavailable("the server's input is closed")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(_answer(self.process)["cpu_s"])


@contextmanager
def _arm(name: str) -> Iterator[_Arm]:
    command = [sys.executable, "-m", "flowlattice.bench.server", name]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Arm(process, int(_answer(process)["port"]))
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _answer(process: subprocess.Popen[str]) -> dict[str, float]:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise EngineUnavailable("a server of the benchmark ended; run flows bench web --debug to see why")
    found: dict[str, float] = json.loads(line)
    return found


def _load(arm: _Arm, rate: float, seconds: float) -> ArmRound:
    command = [sys.executable, "-m", "flowlattice.bench.load", str(arm.port), str(rate), str(seconds)]
    before = arm.cpu_s()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + _SLACK_S, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise EngineUnavailable(f"the load generator failed ({type(error).__name__})") from error
    used = arm.cpu_s() - before
    result: dict[str, JsonValue] = json.loads(done.stdout)
    statuses = result["statuses"]
    fine = statuses.get("200", 0) if isinstance(statuses, dict) else 0
    answered = int(str(result["answered"]))
    if not answered:
        raise EngineUnavailable("a server of the benchmark answered nothing")
    return ArmRound(
        cpu_us=used / answered * 1e6,
        p50_ms=float(str(result["p50_ms"])),
        p95_ms=float(str(result["p95_ms"])),
        p99_ms=float(str(result["p99_ms"])),
        answered=answered,
        failed=answered - int(str(fine)) + int(str(result["unanswered"])),
    )


def _ratio(rounds: list[dict[str, ArmRound]], field: str) -> Ratio:
    ratios = [getattr(pair["flow"], field) / getattr(pair["baseline"], field) for pair in rounds]
    lower, _, upper = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return Ratio(median=statistics.median(ratios), lower=lower, upper=upper)
