"""Latency: how long requests take at a constant rate of arrival, held against the flow's promise."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part
from flowlattice.certify.parts import FLOW

NAME = "latency"
TITLE = "Requests take no longer than the flow promises"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_routes()


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    found = Check.model_validate(bench.probe(NAME, bench.subject()))
    return found.model_copy(
        update={"parts": (*bench.route_parts(found.verdict), Part(name=FLOW, verdict=found.verdict))}
    )
