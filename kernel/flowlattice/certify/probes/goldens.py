"""Goldens beside the flow: recording what nodes make of inputs, and trying recorded examples again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.alone import Alone, NotAlone, alone, pinned_bindings, with_code
from flowlattice.certify.doubles import BackendCall, WatchedBindings
from flowlattice.certify.goldens import GOLDENS, NodeGolden, RouteGolden
from flowlattice.certify.requests import Request
from flowlattice.certify.subject import Subject
from flowlattice.certify.tolerance import within_tolerance
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import Program, load
from flowlattice.sandbox import Emit

INPUTS: Final = 5
"""So many examples are recorded of a node, at most."""


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """Record examples of nodes, or try examples again."""
    given = cast(Mapping[str, JsonValue], request)
    program = load(Path(str(given["path"])))
    ir = lower(program)
    if given["do"] == "record":
        return asyncio.run(_record(program, ir, cast(list[str], given["nodes"])))
    return asyncio.run(_replay(program, ir, GOLDENS.validate_python(given["goldens"])))


async def _record(program: Program, ir: FlowIR, nodes: list[str]) -> JsonValue:
    found: list[NodeGolden | RouteGolden] = []
    repeating = {node.name for node in with_code(ir) if node.determinism in {"strict", "stable"}}
    for name in (name for name in nodes if name in repeating):
        try:
            one = alone(program, ir, name)
            async with one.host() as host:
                for value in one.inputs(INPUTS)[:INPUTS]:
                    outcome = await host.run(value)
                    if outcome.failure is None:
                        found.append(NodeGolden(node=name, input=value, output=outcome.output))
        except NotAlone:
            continue  # there is nothing to record of it
    recorded: JsonValue = GOLDENS.dump_python(found, mode="json")
    return recorded


async def _replay(program: Program, ir: FlowIR, goldens: list[NodeGolden | RouteGolden]) -> JsonValue:
    failures = await _routes(program, ir, [golden for golden in goldens if isinstance(golden, RouteGolden)])
    caches = _Caches()
    for name in dict.fromkeys(golden.node for golden in goldens if isinstance(golden, NodeGolden)):
        examples = [golden for golden in goldens if isinstance(golden, NodeGolden) and golden.node == name]
        try:
            one = alone(program, ir, name)
            failures += await _node(one, examples)
            if one.node.cache is not None:
                await _cached(alone(program, _kept_locally(ir), name), examples, caches)
        except NotAlone as error:
            failures.append(f"{name}: {error}")
    return {"failures": [*failures], "lookups": caches.lookups, "hits": caches.lookups - caches.misses}


async def _routes(program: Program, ir: FlowIR, goldens: list[RouteGolden]) -> list[str]:
    failures = []
    for golden in goldens:
        sample = golden.sample
        async with Subject(program=program, ir=ir, examples=(), routes=()).host() as host:
            answer = await host.send(
                Request(
                    method=sample.method,
                    target=sample.target,
                    body=sample.body,
                    content_type=sample.content_type,
                    headers=sample.headers,
                )
            )
        if answer.status != sample.status:
            failures.append(f"{sample.route} answers {answer.status}, recorded was {sample.status}")
        elif sample.repeats and answer.text != sample.answer:
            failures.append(f"{sample.route} answers otherwise than recorded")
    return failures


async def _node(one: Alone, examples: list[NodeGolden]) -> list[str]:
    """How a node comes to other results than recorded, each in a sentence."""
    declared = one.node.ai.tolerance if one.node.ai is not None else None
    tolerance = Decimal(declared) if declared is not None else Decimal(0)
    failures = []
    async with one.host() as host:
        for number, golden in enumerate(examples, 1):
            outcome = await host.run(golden.input)
            if outcome.failure is not None:
                failures.append(f"node {one.name} fails on recorded example {number} ({outcome.failure.kind})")
            elif not within_tolerance(outcome.output, golden.output, tolerance):
                failures.append(f"node {one.name} makes something else of recorded example {number}")
    return failures


@dataclass
class _Caches:
    """Counts look-ups in the caches of nodes while it is told to, and those that found nothing."""

    counting: bool = False
    lookups: int = 0
    misses: int = 0

    async def before(self, call: BackendCall) -> None:
        """A result that was not found is made, and kept then."""
        if self.counting and call.family == "results":
            self.lookups += call.method == "get"
            self.misses += call.method == "set"

    async def after(self, call: BackendCall) -> None:
        """Nothing more is counted."""


async def _cached(one: Alone, examples: list[NodeGolden], caches: _Caches) -> None:
    """Send the examples twice, and count the second time."""
    async with one.host(WatchedBindings(pinned_bindings(), caches)) as host:
        for caches.counting in (False, True):
            for value in {json.dumps(golden.input): golden.input for golden in examples}.values():
                await host.run(value)
    caches.counting = False


def _kept_locally(ir: FlowIR) -> FlowIR:
    """The flow with all caches in a store, where look-ups can be counted; what is found does not depend on that."""
    nodes = (
        node
        if node.cache is None
        else node.model_copy(update={"cache": node.cache.model_copy(update={"tier": "local"})})
        for node in ir.nodes
    )
    return ir.model_copy(update={"nodes": tuple(nodes)})
