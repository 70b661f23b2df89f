"""How much of a flow may happen at once, and where its records are split: rate limits, runs under way, partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowlattice.capabilities import Ceilings
from flowlattice.language.ports import Element, Place


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """A token bucket: `qps` tokens a second, at most `burst` saved up; of one element, or of the flow's triggers."""

    qps: float
    burst: int
    target: Element | None
    place: Place


@dataclass(frozen=True, kw_only=True)
class InFlight:
    """How many requests may be under way at once."""

    requests: int
    place: Place


@dataclass(frozen=True, kw_only=True)
class FlowBudget:
    """The most that all nodes of the flow together may spend on language models: in a UTC day, in a run."""

    ceilings: Ceilings
    place: Place


@dataclass(frozen=True, kw_only=True)
class Partition:
    """What reaches an element is split by fields of the records; each part is worked on in order, apart from others.

    Attributes:
        target: The element.
        fields: The fields that make the key.
        max_parallel_shards: How many parts one worker works on at once; none: as many as it can.
        weights: How large a share a key gets where others wait too; 1 for each that is not named.
        place: Where it is written.
    """

    target: Element
    fields: tuple[str, ...]
    max_parallel_shards: int | None
    weights: Mapping[str, float] = field(default_factory=dict)
    place: Place
