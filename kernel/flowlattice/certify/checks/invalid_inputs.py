"""Invalid inputs: each broken rule is refused as declared, names the field, and repeats no value."""

from __future__ import annotations

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check

NAME = "invalid_inputs"
TITLE = "Each broken rule is refused as declared, and names the field"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_routes()


def run(bench: Bench) -> Check:
    """What the probe of the same name sees."""
    found = Check.model_validate(bench.probe(NAME, bench.subject()))
    return found.model_copy(update={"parts": bench.route_parts(found.verdict)})
