"""Limits: one request more than the burst at once is refused with 429 and told when to come again."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part
from flowlattice.certify.parts import FLOW

NAME = "limits"
TITLE = "One request more than the burst is refused and told when to come again"


def applies(bench: Bench) -> str | None:
    """It needs a route; what it shows is of the flow, so one does."""
    return bench.no_routes() if bench.flow else "the flow's limits are as they were"


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    found = Check.model_validate(bench.probe(NAME, bench.subject()))
    return found.model_copy(update={"parts": (Part(name=FLOW, verdict=found.verdict),)})
