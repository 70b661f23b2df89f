"""Effects: runs each node alone and says what it reached for besides its capabilities, and which of these it called."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.capabilities import registry
from flowlattice.certify.alone import Alone, NotAlone, Outcome, alone
from flowlattice.certify.auditing import Audit
from flowlattice.ir.lower import lower
from flowlattice.ir.model import Node
from flowlattice.language.loading import load
from flowlattice.lattice import Effects
from flowlattice.sandbox import Emit

LINGERING_S = 0.3
"""How long threads and tasks that a node leaves behind are watched."""


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """Run each node that is asked for on its inputs; what it did, by its name."""
    given = cast(Mapping[str, JsonValue], request)
    program = load(Path(str(given["path"])))
    flow = lower(program)
    audit = Audit(program.package)
    audit.start()
    found: dict[str, JsonValue] = {}
    for name, values in cast(Mapping[str, list[JsonValue]], given["nodes"]).items():
        try:
            found[name] = _seen(alone(program, flow, name), values, audit)
        except NotAlone as error:
            found[name] = {"cannot": str(error)}
    return found


def _seen(one: Alone, values: list[JsonValue], audit: Audit) -> JsonValue:
    before = set(threading.enumerate())
    with audit.of(one.name):
        outcomes = asyncio.run(_outcomes(one, values))
        for thread in set(threading.enumerate()) - before:
            thread.join(LINGERING_S)
    beyond = dict.fromkeys(sentence for outcome in outcomes for sentence in _beyond(one.node, outcome))
    gave = sum(outcome.failure is None and not outcome.aside for outcome in outcomes)
    reached: list[JsonValue] = [{"changes": reach.changes, "said": reach.sentence} for reach in audit.found(one.name)]
    return {"ran": len(outcomes), "gave": gave, "reached": reached, "beyond": cast(JsonValue, list(beyond))}


async def _outcomes(one: Alone, values: list[JsonValue]) -> list[Outcome]:
    """What the node came to, when also the tasks that it left behind had some time."""
    async with one.host() as host:
        outcomes = [await host.run(value) for value in values]
        await asyncio.sleep(0)  # callbacks
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=LINGERING_S)
    return outcomes


def _beyond(node: Node, outcome: Outcome) -> Iterator[str]:
    """Calls of capabilities that do more than the node is said to."""
    for call in outcome.calls:
        declared = registry.named(call.capability)
        if declared is not None and Effects(node.effects) < declared.effects:
            yield f"calls {call.method} of {call.capability}, which is {str(declared.effects).replace('_', ' ')}"
