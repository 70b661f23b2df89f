"""`Cache`: a node's result is kept under a key, so that the same input is not worked on twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flowlattice.language.identity import IdempotencyKey

CacheTier = Literal["memory", "local", "shared"]


@dataclass(frozen=True)
class Cache:
    """Where and for how long a node's results are kept: `cache=Cache(by("tick", "id"), tier="local", ttl=hours(1))`.

    Attributes:
        key: The fields of the input that make the key.
        tier: Kept in the process, on its machine, or where all of them see it.
        ttl: How long; none: until it is void.
        invalidate: What makes entries void: `version`, the flow's, or the names of variables.
    """

    key: IdempotencyKey
    tier: CacheTier = "memory"
    ttl: timedelta | None = None
    invalidate: Sequence[str] = ("version",)
