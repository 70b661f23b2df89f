"""Duplicates: a request that is sent again, at once or later, has each of its effects once."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check

NAME = "duplicates"
TITLE = "A request that is sent again has each of its effects once"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_effects() or bench.no_routes()


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    found = Check.model_validate(bench.probe(NAME, bench.subject()))
    return found.model_copy(update={"parts": bench.route_parts(found.verdict)})
