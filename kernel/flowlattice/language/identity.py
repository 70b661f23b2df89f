"""Keys: which fields of a record say that two of them are the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

KeyScope = Literal["node", "edge", "partition"]


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """Which fields of the input identify an effect or a result, among what, and for how long that is remembered."""

    fields: tuple[str, ...]
    ttl: timedelta | None = None
    scope: KeyScope = "node"


def by(*fields: str, ttl: timedelta | None = None, scope: KeyScope = "node") -> IdempotencyKey:
    """The key of an effect or a result: `idempotency=by("invoice_id", "amount_cents", ttl=days(1))`.

    Args:
        fields: Fields of the node's input.
        ttl: How long it is remembered.
        scope: Among what it is unique: among all records of the node, of an edge, or of a partition.
    """
    return IdempotencyKey(fields=fields, ttl=ttl, scope=scope)
