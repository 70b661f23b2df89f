"""Processes of a benchmark: servers, and what puts them under load. Each answers lines of JSON with lines of JSON.

Where there are several cores, all servers run on one of them and everything else on another, so that neither waits for
the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from flowlattice.errors import EngineUnavailable

Side = Literal["server", "load"]
Handle = Callable[[dict[str, JsonValue]], Mapping[str, JsonValue]]

_END_S = 30.0


@dataclass(frozen=True)
class Worker:
    """A process that has begun. `ask` blocks until it has answered."""

    name: str
    process: subprocess.Popen[str]

    def ask(self, **question: JsonValue) -> dict[str, JsonValue]:
        """Have something done.

        Raises:
            EngineUnavailable: The process ended instead.
        """
        if self.process.stdin is not None:
            try:
                self.process.stdin.write(json.dumps(question) + "\n")
                self.process.stdin.flush()
            except OSError:
                raise self._ended() from None
        return self.hear()

    def hear(self) -> dict[str, JsonValue]:
        """The next line that it says.

        Raises:
            EngineUnavailable: The process ended instead.
        """
        line = self.process.stdout.readline() if self.process.stdout is not None else ""
        if not line:
            raise self._ended()
        found: dict[str, JsonValue] = json.loads(line)
        return found

    def number(self, name: str, **question: JsonValue) -> float:
        """One number of an answer."""
        return number(self.ask(**question), name)

    def _ended(self) -> EngineUnavailable:
        return EngineUnavailable(f"a process of the benchmark ended ({self.name}); what it wrote above says why")


@contextmanager
def worker(side: Side, module: str, *arguments: str) -> Iterator[Worker]:
    """Run `python -m flowlattice.bench.MODULE`; it is to end when its input is closed.

    Args:
        side: Which core it runs on.
        module: The module's name in this package.
        arguments: What it is told.
    """
    command = [sys.executable, "-m", f"flowlattice.bench.{module}", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _pin(process.pid, side)
    try:
        yield Worker(" ".join([module, *arguments]), process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def answer_lines(handle: Handle) -> None:
    """What such a process does: answer each line of its input until that is closed."""
    for line in sys.stdin:
        say(handle(json.loads(line)))


def say(told: Mapping[str, JsonValue]) -> None:
    """Say one line to whoever started this process."""
    print(json.dumps(told), flush=True)  # noqa: T201 - the protocol with the benchmark


def number(found: Mapping[str, JsonValue], name: str) -> float:
    """A number of an answer or a question."""
    value = found[name]
    if not isinstance(value, int | float):
        raise TypeError(f"{name} is no number")
    return float(value)


def numbers(found: Mapping[str, JsonValue], name: str) -> list[float]:
    """A list of numbers of an answer."""
    values = found[name]
    return [float(value) for value in values if isinstance(value, int | float)] if isinstance(values, list) else []


def cores() -> str:
    """Which cores the two sides have, in words."""
    found = _cores()
    return "one core for all" if found is None else f"servers on core {found['server']}, load on core {found['load']}"


def _cores() -> dict[Side, int] | None:
    if not hasattr(os, "sched_getaffinity"):  # macOS, Windows
        return None
    usable = sorted(os.sched_getaffinity(0))
    return {"server": usable[0], "load": usable[-1]} if len(usable) > 1 else None


def _pin(process: int, side: Side) -> None:
    found = _cores()
    if found is not None:
        os.sched_setaffinity(process, {found[side]})
