"""The sandboxed halves of the checks: one module each with `probe(request, emit)`, run by `Bench.probe` under its name.

A probe runs beside the flow's own code, so what it answers is a claim. It takes and gives JSON.
"""

from __future__ import annotations

from typing import Final

PROBES: Final = (
    "inputs",
    "node_inputs",
    "samples",
    "examples",
    "valid_inputs",
    "invalid_inputs",
    "contract",
    "idempotency",
    "resubmitted",
    "limits",
    "effects",
    "replayed",
    "replay",
    "latency",
    "goldens",
    "data",
)
"""The module names of all probes, one line each."""

IN_WORLDS: Final = ("replay", "idempotency")
"""The probes that also run in the other worlds; they import as little as they can."""


CRASHED: Final = 86
"""The exit code of a probe that ended itself where it was told to."""


def task_of(probe: str) -> str:
    """A probe as the sandbox names it."""
    return f"{__name__}.{probe}:probe"
