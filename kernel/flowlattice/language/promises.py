"""What a flow promises and where its data may be: SLOs, egress, residency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flowlattice.language.ports import Place


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A promise on latency at a rate, or on throughput."""

    percentile: float | None = None
    latency: timedelta | None = None
    at_qps: float | None = None
    records_per_second: float | None = None
    place: Place


@dataclass(frozen=True, kw_only=True)
class Egress:
    """The hosts that one binding may reach."""

    binding: str
    hosts: tuple[str, ...]
    place: Place
