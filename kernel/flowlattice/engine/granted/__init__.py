"""What a node is given for the capabilities it asks for: each call is allowed, made and recorded under the attempt.

One module a family; `MAKERS` is the one place that says which module serves which capability. Other distributions grant
their own types (`installed`), with `Granted` as their base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Final, get_type_hints

from flowlattice.capabilities import capability_type
from flowlattice.context import Context
from flowlattice.engine.backends import Bindings
from flowlattice.engine.granted import ai, blob, creds, db, dedupe, http, kv, messages, session, sources
from flowlattice.engine.granted.base import Grant, Granted, Maker
from flowlattice.engine.granted.installed import installed_maker
from flowlattice.engine.run import Attempt
from flowlattice.errors import UsageError
from flowlattice.ir.model import CapabilityUse

__all__ = ["MAKERS", "Grant", "Granted", "Maker", "grants", "installed_maker"]

MAKERS: Final[Mapping[str, Maker]] = {
    "ai.read": ai.read,
    "blob.read": blob.read,
    "blob.read_by_hash": blob.read_by_hash,
    "blob.write": blob.write,
    "budget": ai.budget,
    "clock": sources.clock,
    "creds": creds.creds,
    "db.read": db.read,
    "db.write": db.write,
    "dedupe": dedupe.dedupe,
    "http.read": http.read,
    "http.read_pinned": http.read_pinned,
    "http.write": http.write,
    "kafka.write": messages.kafka_write,
    "kv.read": kv.read,
    "kv.write": kv.write,
    "mail.send": messages.mail,
    "queue.publish": messages.queue_publish,
    "rng": sources.rng,
    "rng.seeded": sources.seeded_rng,
    "session": session.store,
    "session.read": session.read,
}
"""How each of the kernel's capabilities is granted; what does not stand here, no host in this process serves."""


def grants(function: Callable[..., object], uses: tuple[CapabilityUse, ...], bindings: Bindings) -> dict[str, Grant]:
    """What a node's further parameters are given, by name.

    Raises:
        UsageError: A parameter asks for something that no backend offers.
    """
    by_name = {use.binding: use for use in uses}
    hints = get_type_hints(function) if len(signature(function).parameters) > 1 else {}
    given: dict[str, Grant] = {}
    for name in list(signature(function).parameters)[1:]:
        if hints.get(name) is Context:
            given[name] = _itself
        elif name in by_name and capability_type(hints.get(name)) is not None:
            given[name] = _grant(by_name[name], bindings)
        else:
            raise UsageError(f"{function.__qualname__}: nothing is known to give for its parameter {name}")
    return given


def _itself(attempt: Attempt) -> Attempt:
    return attempt


def _grant(use: CapabilityUse, bindings: Bindings) -> Grant:
    make = MAKERS.get(use.name) or installed_maker(use.name)
    if make is None:
        raise UsageError(f"binding {use.binding}: no host that runs in this process serves the capability {use.name}")
    return make(use, bindings)
