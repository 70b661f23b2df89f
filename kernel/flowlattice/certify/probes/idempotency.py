"""Idempotency, beside the flow's code: repeat effects, be the process that ends, and be the one after it.

The request says which of them under `do`; a folder that outlives the process (`folder`) has what landed meanwhile.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.alone import NotAlone, alone, with_code
from flowlattice.certify.identities import Keys
from flowlattice.certify.once import IN_WORDS
from flowlattice.certify.repetition import Found, Once, Repetition
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import Program, load
from flowlattice.sandbox import Emit

_HANDS_ON: Final = frozenset({"if", "switch", "merge", "distinct"})

Request = Mapping[str, JsonValue]


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """Do what the request says."""
    given = cast(Request, request)
    stand = _Stand.of(given)
    match given["do"]:
        case "repeat":
            return asyncio.run(
                _repeated(stand, str(given["node"]), cast("list[JsonValue] | None", given.get("inputs")))
            )
        case "crash":
            return asyncio.run(_crash(stand, given))
        case "recover":
            return asyncio.run(_recovered(stand, given))
        case _:
            return asyncio.run(_other_process(stand, given))


@dataclass(frozen=True)
class _Stand:
    """The loaded flow and the folder."""

    program: Program
    ir: FlowIR
    folder: Path

    @classmethod
    def of(cls, given: Request) -> _Stand:
        program = load(Path(str(given["path"])))
        return cls(program, lower(program), Path(str(given.get("folder", "."))))

    def repetition(self, name: str) -> Repetition:
        """A node and those before it."""
        before = [alone(self.program, self.ir, one) for one in _before(self.ir, name)]
        return Repetition(alone(self.program, self.ir, name), before, self.folder / name)

    def once(self, given: Request) -> Once:
        """An input that was run once."""
        return Once.from_json((self.folder / str(given["node"]) / f"once-{given['input']}.json").read_text("utf-8"))


async def _repeated(stand: _Stand, name: str, given: list[JsonValue] | None) -> JsonValue:
    """Everything but crashes: keys, duplicates, bursts, reordering, delays; and how far there is to crash."""
    try:
        repetition = stand.repetition(name)
        keys = Keys(repetition.alone)
        inputs = await repetition.chosen(keys, given)
    except NotAlone as error:
        return {"gap": str(error)}
    if not inputs:
        return {"gap": f"no effect was seen of {name}; state or record an input that has one"}
    found = await repetition.many(inputs)
    unsteady = [failure for one in inputs for failure in keys.unsteady(one.value)]
    unsteady += [failure async for failure in repetition.led_otherwise(keys)]
    read = [value for one in inputs for value in (one.value, *keys.bare(one.value))]
    for number, one in enumerate(inputs):
        (stand.folder / name / f"once-{number}.json").write_text(json.dumps(one.to_json()), encoding="utf-8")
    known = await _keys(repetition, read, "here")
    return {
        "promise": IN_WORDS[repetition.demand.promise],
        "failures": [*dict.fromkeys([*unsteady, *found.failures])],
        "runs": found.runs + len(inputs),
        "effects": sum(one.effects for one in inputs),
        "read": read,
        "keys": known,
        "calls": [one.calls for one in inputs],
    }


async def _crash(stand: _Stand, given: Request) -> JsonValue:
    """End this process behind a call; an answer says that there was none so far."""
    place, last = str(given["place"]), int(str(given["last"]))
    await stand.repetition(str(given["node"])).until_crash(stand.once(given), place, last)
    return "there was no such call"


async def _recovered(stand: _Stand, given: Request) -> JsonValue:
    """Be the process after each of some that ended; modules are loaded anew for each, as in a process of its own."""
    whole = Found(failures=[])
    for crash in cast(list[Request], given["crashes"]):
        fresh = _Stand.of(given)
        once = fresh.once({**given, **crash})
        found = await fresh.repetition(str(given["node"])).recovered(once, str(crash["place"]), int(str(crash["last"])))
        whole.failures += found.failures
        whole.runs += found.runs
        whole.in_doubt += found.in_doubt
    return {"failures": [*dict.fromkeys(whole.failures)], "runs": whole.runs, "in_doubt": whole.in_doubt}


async def _other_process(stand: _Stand, given: Request) -> JsonValue:
    """The keys of some inputs, in this process."""
    repetition = stand.repetition(str(given["node"]))
    return {"keys": await _keys(repetition, cast(list[JsonValue], given["read"]), "there")}


async def _keys(repetition: Repetition, read: list[JsonValue], process: str) -> list[JsonValue]:
    """The keys of inputs as they are read, and of what the nodes before make of theirs."""
    keys = Keys(repetition.alone)
    return [*map(keys.key, read), *await repetition.led_keys(keys, process)]


def _before(ir: FlowIR, name: str) -> list[str]:
    """The nodes with code of their own whose records reach a node as they are, and those whose effects it undoes."""
    nodes, known = {node.id: node for node in ir.nodes}, {node.name for node in with_code(ir)}
    [start] = [node.id for node in ir.nodes if node.name == name]
    waiting = [start]
    found, seen = [node.name for node in ir.nodes if node.compensate == start], set[object]()
    while waiting:
        for edge in ir.incoming(waiting.pop()):
            node = nodes[edge.source_id]
            if node.id not in seen and node.kind in _HANDS_ON:
                waiting.append(node.id)
            elif node.id not in seen and node.name in known:
                found.append(node.name)
            seen.add(node.id)
    return found
