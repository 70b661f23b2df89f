"""The checks: one module each, with `NAME` and `run`; the harness runs them in the order below."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from flowlattice.certify.checks import duplicates, examples, invalid_inputs, latency, limits, valid_inputs
from flowlattice.certify.model import Check
from flowlattice.certify.subject import Subject

CHECKS: tuple[tuple[str, Callable[[Subject], Awaitable[Check]]], ...] = (
    (examples.NAME, examples.run),
    (valid_inputs.NAME, valid_inputs.run),
    (invalid_inputs.NAME, invalid_inputs.run),
    (duplicates.NAME, duplicates.run),
    (limits.NAME, limits.run),
    (latency.NAME, latency.run),
)
