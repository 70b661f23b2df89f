"""Limits: one request more than the burst at once is refused with 429 and told when to come again."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check

NAME = "limits"
TITLE = "One request more than the burst is refused and told when to come again"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_routes()


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    return Check.model_validate(bench.probe(NAME, bench.subject()))
