"""Nodes of the examples, called by themselves with what a run would give them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import cache
from inspect import isasyncgen, isawaitable
from typing import Any

from flowlattice.bindings import LocalBindings
from flowlattice.engine import MemoryCallLog
from flowlattice.engine.backends import Bindings
from flowlattice.engine.granted import grants
from flowlattice.engine.run import Attempt, Run
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import Program, load
from flowlattice.language.nodes import Node
from tests.support.docblocks import ROOT


@cache
def story(path: str) -> tuple[Program, FlowIR]:
    """An example, loaded: `s04_payments`, or a file of it."""
    program = load(ROOT / "examples" / path)
    return program, lower(program)


def node(path: str, name: str) -> Node[Any, Any]:
    """A node of an example."""
    program, _ = story(path)
    found = {id(end): end for c in program.flow.connections for end in (c.source, c.target) if isinstance(end, Node)}
    undoing = [one.options.compensate for one in found.values() if one.options.compensate is not None]
    return next(one for one in [*found.values(), *undoing] if isinstance(one, Node) and one.name == name)


def taken(path: str, name: str, /, **values: object) -> Any:
    """The record that a node takes, made of plain values."""
    annotation = node(path, name).function.__annotations__
    kind = next(iter(annotation.values()))
    return kind.model_validate_json(json.dumps(values))


class Bench:
    """Calls nodes; what they do to the world is in `log`, what they keep in `bindings`."""

    def __init__(self, bindings: Bindings | None = None) -> None:
        self.bindings = bindings or LocalBindings()
        self.log = MemoryCallLog()

    async def __call__(self, path: str, name: str, record: object, *, key: str = "ab" * 32) -> Any:
        """What a node gives; a list of what it streams."""
        _, flow = story(path)
        lowered = next(one for one in flow.nodes if one.name == name)
        function = node(path, name).function
        attempt = Attempt(Run(self.log, set()), name, key=key)
        given = {
            binding: grant(attempt) for binding, grant in grants(function, lowered.capabilities, self.bindings).items()
        }
        result: object = function(record, **given)
        if isasyncgen(result):
            return [item async for item in _items(result)]
        return await result if isawaitable(result) else result

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        """The effects: capability, method, target."""
        return [(call.capability, call.method, call.target) for call in self.log.calls]


async def _items(stream: AsyncIterator[object]) -> AsyncIterator[object]:
    async for item in stream:
        yield item
