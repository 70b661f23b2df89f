"""Valid inputs: whatever fits the schema gets one of the flow's own answers, never a failure."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check

NAME = "valid_inputs"
TITLE = "Whatever fits the schema gets one of the flow's own answers"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_routes()


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    found = Check.model_validate(bench.probe(NAME, bench.subject()))
    return found.model_copy(update={"parts": bench.route_parts(found.verdict)})
