"""Keys by names on the wire, whichever names the author used."""

from __future__ import annotations

from collections.abc import Sequence

from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir.schemas import wire_name
from flowlattice.language.caching import Cache
from flowlattice.language.identity import IdempotencyKey


def on_the_wire(fields: Sequence[str], record: object) -> tuple[str, ...]:
    """The names that fields of a record have on the wire; a name that is none of its fields stays."""
    return tuple(wire_name(record, name) for name in fields)


def idempotency(key: IdempotencyKey, taken: object, *, honoured: bool) -> ir.Idempotency:
    """The key of an effect, of a node that takes records of a type."""
    return ir.Idempotency(
        fields=on_the_wire(key.fields, taken), scope=key.scope, ttl_ms=in_ms(key.ttl), honoured=honoured
    )


def cache(given: Cache, taken: object) -> ir.Cache:
    """Where the results of a node are kept that takes records of a type."""
    return ir.Cache(
        fields=on_the_wire(given.key.fields, taken),
        tier=given.tier,
        ttl_ms=in_ms(given.ttl),
        invalidate=tuple(given.invalidate),
    )
