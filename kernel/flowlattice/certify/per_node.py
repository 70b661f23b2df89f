"""What checks of single nodes share: which nodes they look at, and how the parts make up a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import JsonValue

from flowlattice.certify.alone import with_code
from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.ir.model import Node

MOST_FAILURES = 10

Judged: TypeAlias = tuple[Part, tuple[str, ...]]
"""What is said of a part, and the sentences on which it failed."""


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
