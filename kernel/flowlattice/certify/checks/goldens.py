"""Goldens: what was recorded of the flow comes out again, and what is cached is found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.goldens import GOLDENS, Golden, RouteGolden
from flowlattice.certify.model import Check, Sample

NAME = "goldens"
TITLE = "What was recorded comes out again, and what is cached is found again"

HIT_RATE: Final = 0.95
"""The share of look-ups in caches that has to be answered when the goldens come a second time (the stories' bound)."""


def applies(bench: Bench) -> str | None:
    """It needs something recorded."""
    return None if bench.goldens else "nothing was recorded; flows certify --record records examples"


def run(bench: Bench) -> Check:
    """Send what was recorded once more, and what has caches twice."""
    served = tuple(golden for golden in bench.goldens if _is_there(golden, bench))
    answer = bench.probe(NAME, {"do": "replay", "goldens": GOLDENS.dump_python([*served], mode="json")})
    seen = cast(Mapping[str, JsonValue], answer)
    failures = [str(failure) for failure in cast(list[JsonValue], seen["failures"])]
    gone = len(bench.goldens) - len(served)
    failures += [f"{gone} recorded examples are of nodes or routes that are gone; record anew"] if gone else []
    lookups, hits = int(str(seen["lookups"])), int(str(seen["hits"]))
    rate = hits / lookups if lookups else None
    if rate is not None and rate < HIT_RATE:
        failures.append(f"caches answered {rate:.0%} of {lookups} look-ups when the examples came again, not 95 %")
    cached = "" if rate is None else f", caches answered {rate:.0%} of {lookups} look-ups when they came again"
    return Check(
        name=NAME,
        verdict="failed" if failures else "passed",
        summary=f"{len(bench.goldens)} recorded examples, {len(failures)} came out otherwise{cached}",
        failures=tuple(failures[:10]),
        measured={"goldens": len(bench.goldens), "lookups": lookups, "hits": hits},
    )


def recorded(bench: Bench, samples: tuple[Sample, ...]) -> tuple[Golden, ...]:
    """What can be recorded of a flow: a sample of each route, and some inputs and outputs of each node that repeats.

    Raises:
        SandboxError: The flow could not be run.
    """
    nodes: list[JsonValue] = [*bench.nodes]
    found = bench.probe(NAME, {"do": "record", "nodes": nodes})
    return (*(RouteGolden(sample=sample) for sample in samples), *GOLDENS.validate_python(found))


def _is_there(golden: Golden, bench: Bench) -> bool:
    if isinstance(golden, RouteGolden):
        return golden.sample.route in bench.routes
    return golden.node in bench.nodes
