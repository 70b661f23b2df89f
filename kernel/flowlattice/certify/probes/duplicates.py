"""Duplicates: a request that is sent again, at once or later, has each of its effects once."""

from __future__ import annotations

import asyncio
from collections import Counter

from pydantic import JsonValue

from flowlattice.capabilities import registry
from flowlattice.certify.model import Check
from flowlattice.certify.probes.subjects import seen
from flowlattice.certify.reach import worthwhile
from flowlattice.certify.subject import Subject
from flowlattice.lattice import Effects
from flowlattice.sandbox import Emit

NAME = "duplicates"
_INPUTS = 5


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The check of the same name, beside the flow."""
    return seen(request, run)


async def run(subject: Subject) -> Check:
    """Send each input three times, twice of it at the same time, and count the effects by key."""
    effectful = [node.name for node in subject.ir.nodes if node.effects == "effectful"]
    if not effectful:
        return Check(name=NAME, verdict="not_applicable", summary="no node has an effect")
    failures, sent = [], 0
    async with subject.host() as host:
        for route in subject.routes:
            for request in await worthwhile(subject, route, most=_INPUTS):
                await asyncio.gather(host.send(request), host.send(request))
                await host.send(request)
                sent += 3
        calls = [call for call in host.calls() if call.key is not None and call.capability != "dedupe"]
        for (node, key, method), times in Counter((call.node, call.key, call.method) for call in calls).items():
            if times > 1:
                failures.append(f"node {node} made the effect {method} of key {str(key)[:12]} {times} times")
        if any(call.key is None and _has_effect(call.capability) for call in host.calls()):
            failures.append("an effect carried no key")
    if not calls and not failures:
        why = f"no effect was seen of {', '.join(effectful)} in {sent} requests; state an example that has one"
        return Check(name=NAME, verdict="could_not_run", summary=why, measured={"sent": sent, "effects": 0})
    summary = f"{sent} requests, {len(calls)} effects, {len(failures)} of them more than once"
    return Check(
        name=NAME,
        verdict="failed" if failures else "passed",
        summary=summary,
        failures=tuple(failures[:10]),
        measured={"sent": sent, "effects": len(calls)},
    )


def _has_effect(capability: str) -> bool:
    declared = registry.named(capability)
    return declared is not None and declared.effects is Effects.EFFECTFUL
