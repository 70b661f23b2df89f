"""Host: an engine of this version runs the flow; what none runs is planned only, and has no evidence of its routes."""

from __future__ import annotations

from flowlattice.certify.bench import Bench, unhosted
from flowlattice.certify.model import Check

NAME = "host"
TITLE = "An engine of this version runs the flow"


def applies(_bench: Bench) -> str | None:
    """It always does."""
    return None


def run(bench: Bench) -> Check:
    """Ask the engine whether it runs the flow's plan."""
    lacking = unhosted(bench.ir)
    if lacking is not None:
        return Check(name=NAME, verdict="could_not_run", summary=lacking)
    return Check(name=NAME, verdict="passed", summary=f"the engine here runs {bench.ir.profile} flows like this one")
