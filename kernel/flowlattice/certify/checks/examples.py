"""Examples: what the brief states as a request and its answer is what the flow does."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check

NAME = "examples"
TITLE = "What the brief states as a request and its answer is what the flow does"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_routes() or (None if bench.examples else "the brief states no example")


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    return Check.model_validate(bench.probe(NAME, bench.subject(())))
