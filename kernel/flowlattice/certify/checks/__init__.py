"""The checks: one module each, on the trusted side; what has to run beside the flow's code is a probe (`probes`).

Adding one is adding a module with what `CheckModule` says, and a line in `CHECKS`; the report keeps this order.
"""

from __future__ import annotations

from typing import Final, Protocol

from flowlattice.certify.bench import Bench
from flowlattice.certify.checks import (
    budget,
    contract,
    data,
    effects,
    examples,
    goldens,
    host,
    idempotency,
    invalid_inputs,
    latency,
    limits,
    policy,
    replay,
    valid_inputs,
)
from flowlattice.certify.model import Check


class CheckModule(Protocol):
    """What a check's module has."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """Its name, for people and for `--only`."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802 - a module's constant
        """What it shows, in one line for people."""
        ...

    def applies(self, bench: Bench, /) -> str | None:
        """Why there is nothing to look at; none where there is."""
        ...

    def run(self, bench: Bench, /) -> Check:
        """Gather the evidence; blocking, in a thread beside other checks.

        Raises:
            SandboxError: A probe gave no answer; then the check could not run.
        """
        ...


CHECKS: Final[tuple[CheckModule, ...]] = (
    host,
    policy,
    budget,
    examples,
    valid_inputs,
    invalid_inputs,
    contract,
    idempotency,
    limits,
    latency,
    data,
    effects,
    replay,
    goldens,
)

ALONE: Final = frozenset({latency.NAME})
"""The checks that measure times: each runs alone, after the others."""
