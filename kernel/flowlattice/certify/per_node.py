"""What checks of single nodes share: which nodes they look at, and how the parts make up a check."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import JsonValue

from flowlattice.certify.alone import with_code
from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.ir.model import Node

MOST_FAILURES = 10

Judged: TypeAlias = tuple[Part, tuple[str, ...]]
"""What is said of a part, and the sentences on which it failed."""


_WORST: Final[tuple[Verdict, ...]] = ("failed", "could_not_run", "passed")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found of a part: how it failed, else why it could not be looked at, else that it is well."""

    name: str
    summary: str = ""
    failures: tuple[str, ...] = ()
    gap: str | None = None

    @property
    def verdict(self) -> Verdict:
        """What it comes to."""
        return "failed" if self.failures else "could_not_run" if self.gap else "passed"

    @property
    def part(self) -> Part:
        """The part of the check, with the first failure in its summary."""
        said = self.failures[0] if self.failures else self.gap or self.summary
        return Part(name=self.name, verdict=self.verdict, summary=said)


def worst(verdicts: Collection[Verdict]) -> Verdict:
    """What a check comes to whose parts came to these."""
    return next((one for one in _WORST if one in verdicts), "not_applicable")


def nodes_of(bench: Bench) -> tuple[Node, ...]:
    """The nodes to exercise that have code of their own."""
    return tuple(node for node in with_code(bench.ir) if node.name in bench.nodes)


def no_code(bench: Bench) -> str | None:
    """Why there is no node to run alone; none if there is one."""
    return None if nodes_of(bench) else "no node has code of its own"


def of_parts(name: str, judged: Sequence[Judged], summary: str, measured: Mapping[str, JsonValue]) -> Check:
    """A check made up of parts, each with what failed there; it passes where each does."""
    parts = tuple(part for part, _ in judged)
    failures = tuple(dict.fromkeys(failure for _, failed in judged for failure in failed))
    missing = [part.summary for part in parts if part.verdict == "could_not_run"]
    verdict: Verdict = "failed" if failures else "could_not_run" if missing else _passing(parts)
    bad = sum(part.verdict == "failed" for part in parts)
    said = f"{summary}; {bad} failed" if failures else f"{summary}; {missing[0]}" if missing else summary
    return Check(
        name=name,
        verdict=verdict,
        summary=said,
        failures=(*failures, *missing)[:MOST_FAILURES],
        measured=dict(measured),
        parts=parts,
    )


def _passing(parts: Sequence[Part]) -> Verdict:
    return "passed" if any(part.verdict == "passed" for part in parts) else "not_applicable"
