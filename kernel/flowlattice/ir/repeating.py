"""Which nodes may do their effect again under the same key, because that does nothing more.

That is a contract of the receivers: the author states it (`honours_key=True`), or the capability's type does, where a
write takes the place of the one before (`upsert`, `set`, `put`) or a message is known by its key. A node that also
reads what it writes may write something else the second time, and a mail has no place for a key.
"""

from __future__ import annotations

from typing import Final

from flowlattice.capabilities import registry
from flowlattice.ir.model import CapabilityUse, Node

KEYLESS: Final = frozenset({"mail.send"})
"""Sinks whose protocol has no place for a key."""

READING: Final = frozenset({"first", "get", "list", "read", "select"})
"""Methods by which a capability that writes also reads."""


def may_repeat(node: Node) -> bool:
    """Whether a second effect of the node under its key does nothing more, by contract of all its receivers."""
    honoured = node.idempotency is not None and node.idempotency.honoured
    sinks = [use for use in node.capabilities if use.idempotent is not None]
    if not sinks:
        return honoured
    return all(use.name not in KEYLESS and (honoured or _takes_its_place(use)) for use in sinks)


def _takes_its_place(use: CapabilityUse) -> bool:
    declared = registry.named(use.name)
    repeating = frozenset[str]() if declared is None else frozenset(declared.repeats)
    return use.idempotent is True and not (repeating | READING) & set(use.methods)
