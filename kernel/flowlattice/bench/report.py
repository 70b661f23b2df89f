"""What a benchmark found, whatever it measured: for people as a table, for machines as JSON, as a page by `page`."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from pydantic import computed_field

from flowlattice.bench.rounds import Arm, Found, Frozen, Spread, Values, Watch, curve, in_rounds

FLOW = "flow"
"""The arm that bounds are about."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What is asked of one number of the flow.

    Attributes:
        field: Its name.
        most: The bound.
        against: The arm that it is divided by; none for the number itself.
        at_least: Whether it may not be less, rather than not more.
        always: Whether every round has to keep to it, rather than the median.
    """

    field: str
    most: float
    against: str | None = None
    at_least: bool = False
    always: bool = False


@dataclass(frozen=True, kw_only=True)
class Task:
    """One section to be measured.

    Attributes:
        title: What is measured, and under which load.
        fields: The titles of its numbers, with units, by name.
        arms: What measures each arm; `FLOW` first.
        bounds: What is asked.
        times: What the single times are, with the unit ms; empty where there are none.
    """

    title: str
    fields: Mapping[str, str]
    arms: Mapping[str, Arm]
    bounds: Sequence[Bound] = ()
    times: str = ""


class Check(Frozen):
    """One number against its bound.

    Attributes:
        title: What it is.
        unit: Its unit; empty for a ratio or a count.
        spread: Its median and quartiles.
        worst: What is held to the bound: the median, or the worst round where every round has to keep to it.
        bound: The bound.
        at_least: Whether it may not be less, rather than not more.
    """

    title: str
    unit: str
    spread: Spread
    worst: float
    bound: float
    at_least: bool

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to add a property to JSON
    @property
    def within(self) -> bool:
        """Whether it keeps to the bound."""
        return self.worst >= self.bound if self.at_least else self.worst <= self.bound

    @property
    def asked(self) -> str:
        """The bound in words."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


class Section(Frozen):
    """One thing that was measured in rounds.

    Attributes:
        title: What, and under which load.
        fields: The titles of its numbers by name.
        rounds: The numbers of each round by arm and name.
        checks: Those that have a bound.
        times: What the distributions are of.
        curves: Percents and percentiles in ms of all rounds together, by arm.
    """

    title: str
    fields: dict[str, str]
    rounds: tuple[dict[str, Values], ...]
    checks: tuple[Check, ...]
    times: str
    curves: dict[str, tuple[tuple[float, float], ...]]

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms."""
        return tuple(self.rounds[0])

    @property
    def turns(self) -> str:
        """How many rounds there were, in words."""
        return "1 round" if len(self.rounds) == 1 else f"{len(self.rounds)} rounds"

    def medians(self, name: str) -> dict[str, float]:
        """The median of one number over the rounds, for each arm."""
        return {arm: statistics.median(found[arm][name] for found in self.rounds) for arm in self.arms}


class Report(Frozen):
    """The result of a benchmark.

    Attributes:
        name: Its name.
        arms: What each arm is.
        machine: Where it was measured.
        busy: How busy the machine was, as load averages before and after.
        sections: What was measured.
        notes: What has to be known to read it.
    """

    name: str
    arms: dict[str, str]
    machine: str
    busy: tuple[float, float]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def within(self) -> bool:
        """Whether everything keeps to its bound."""
        return all(check.within for section in self.sections for check in section.checks)

    def lines(self) -> Iterator[str]:
        """The report as text."""
        for arm, words in self.arms.items():
            yield f"{arm:<15}{words}"
        yield f"{'machine':<15}{self.machine}; load average {self.busy[0]:.1f} before, {self.busy[1]:.1f} after"
        for note in self.notes:
            yield f"{'note':<15}{note}"
        for section in self.sections:
            yield ""
            yield from _section_lines(section)
        yield ""
        yield "within the bounds" if self.within else "NOT within the bounds"


def machine() -> str:
    """Where this is measured."""
    return f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def load_average() -> float:
    """How many processes wanted a core during the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


@dataclass
class Reporter:
    """Measures sections one after the other and makes a report of them.

    Args:
        rounds: How many rounds each has.
        watch: Called with a line after each round.
    """

    rounds: int
    watch: Watch
    sections: list[Section] = field(default_factory=list)
    before: float = field(default_factory=load_average)

    def measure(self, task: Task, rounds: int | None = None) -> None:
        """Measure one section."""
        most = rounds or self.rounds

        def watched(number: int, measured: dict[str, Values]) -> None:
            first, words = next(iter(task.fields.items()))
            told = ", ".join(f"{arm} {value:.2f}" for arm, value in _of(measured, first))
            self.watch(f"{task.title}: round {number}/{most}: {words}: {told}")

        self.sections.append(_section(task, in_rounds(task.arms, most, watched)))

    def report(self, name: str, arms: Mapping[str, str], *notes: str) -> Report:
        """What has been measured."""
        return Report(
            name=name,
            arms=dict(arms),
            machine=machine(),
            busy=(self.before, load_average()),
            sections=tuple(self.sections),
            notes=notes,
        )


def versions(*packages: str) -> str:
    """Packages and their versions."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def _section(task: Task, found: Found) -> Section:
    return Section(
        title=task.title,
        fields=dict(task.fields),
        rounds=tuple(found.rounds),
        checks=tuple(_check(task, bound, found) for bound in task.bounds),
        times=task.times,
        curves={arm: curve(times) for arm, times in found.times.items() if times},
    )


def _check(task: Task, bound: Bound, found: Found) -> Check:
    title, _, unit = task.fields[bound.field].partition(", ")
    own = dict(enumerate(measured[FLOW][bound.field] for measured in found.rounds))
    if bound.against is not None:
        title, unit = f"{title}, {FLOW} / {bound.against}", ""
        own = {number: value / found.rounds[number][bound.against][bound.field] for number, value in own.items()}
    spread, worst = Spread.of([*own.values()]), (min if bound.at_least else max)(own.values())
    return Check(
        title=title,
        unit=unit,
        spread=spread,
        worst=worst if bound.always else spread.median,
        bound=bound.most,
        at_least=bound.at_least,
    )


def _section_lines(section: Section) -> Iterator[str]:
    yield f"{section.title} ({section.turns})"
    yield f"{'  medians':<42}" + "".join(f"{arm:>14}" for arm in section.arms)
    for name, title in section.fields.items():
        yield f"  {title:<40}" + "".join(f"{value:>14.2f}" for value in section.medians(name).values())
    if section.checks:
        yield f"{'  against the bounds':<46}{'median':>10}  {'quartiles':<16}bound"
    for check in section.checks:
        spread, title = check.spread, ", ".join(filter(None, (check.title, check.unit)))
        quartiles = f"{spread.lower:.2f}-{spread.upper:.2f}"
        kept = "" if check.within else "  MISSED"
        yield f"  {title:<44}{spread.median:>10.2f}  {quartiles:<16}{check.asked}{kept}"


def _of(measured: Mapping[str, Values], name: str) -> Iterator[tuple[str, float]]:
    return ((arm, values[name]) for arm, values in measured.items())


Measure = Callable[[Reporter], Report]
