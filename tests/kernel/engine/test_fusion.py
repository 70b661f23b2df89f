"""Fused or not, a flow gives the same outputs, answers and failures."""

from __future__ import annotations

import asyncio
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flowlattice.bindings import LocalBindings
from flowlattice.engine import RejectedInput, bind
from flowlattice.errors import NodeFailed
from flowlattice.plan import Segment, plan
from tests.support.flows import flow_of

STEPS = ["add", "double", "fail_on_7", "refuse_odd", "pause", "wait", "clock"]
SHAPES = ["chain", "if", "filter", "switch", "fan", "merge"]

HEAD = """
class In(Record, data="public"):
    n: int

def _add(n: int) -> int: return n + 1
def _double(n: int) -> int: return n * 2
"""

BODIES = {
    "add": "def {name}(r: In) -> In:\n    return In(n=_add(r.n))",
    "double": "def {name}(r: In) -> In:\n    return In(n=_double(r.n))",
    "fail_on_7": "def {name}(r: In) -> In:\n    if r.n % 7 == 0:\n        raise ValueError(r.n)\n    return r",
    "refuse_odd": "def {name}(r: In) -> In:\n    require(r.n % 2 == 0, 'n', 'must be even')\n    return r",
    "pause": "async def {name}(r: In) -> In:\n    await asyncio.sleep(0)\n    return In(n=r.n + 3)",
    "wait": "def {name}(r: In, ctx: Context) -> In:\n    return In(n=r.n - 1)",
    "clock": "def {name}(r: In, clock: Clock) -> In:\n    return In(n=r.n + (clock.now().year > 2000))",
}

WIRING = {
    "chain": "flow.connect({last}, {first})",
    "if": "gate{i} = If(lambda r: r.n % 3 == 0, name='gate{i}')\n"
    "flow.connect({last}, gate{i})\nflow.connect(gate{i}.true, flow.respond(status=299))\n"
    "flow.connect(gate{i}.false, {first})",
    "filter": "keep{i} = Filter(lambda r: r.n % 5 != 0, name='keep{i}')\n"
    "flow.connect({last}, keep{i})\nflow.connect(keep{i}, {first})",
    "switch": "ways{i} = Switch(lambda r: 'a' if r.n > 10 else 'b', cases=['a', 'c'], name='ways{i}')\n"
    "flow.connect({last}, ways{i})\nflow.connect(ways{i}.case('a'), {first})\n"
    "flow.connect(ways{i}.default, flow.respond(status=298))",
    "fan": "flow.connect({last}, flow.respond(status=297))\nflow.connect({last}, {first})",
    "merge": "both{i} = Merge(name='both{i}')\nside{i} = Map(lambda r: In(n=r.n + 100), name='side{i}')\n"
    "flow.connect({last}, side{i})\nflow.connect({last}, both{i})\nflow.connect(side{i}, both{i})\n"
    "flow.connect(both{i}, {first})",
}


def source_of(parts: list[tuple[str, list[str]]]) -> str:
    """A flow of chains of steps, one shape of wiring before each chain."""
    lines, wires, last, number = [HEAD], [], "hook", 0
    for index, (shape, steps) in enumerate(parts):
        names = []
        for step in steps:
            number += 1
            name = f"{step}_{number}"
            lines.append("@node\n" + BODIES[step].format(name=name))
            names.append(name)
        wires.append(WIRING[shape].format(last=last, first=names[0], i=index))
        wires += [f"flow.connect({a}, {b})" for a, b in pairwise(names)]
        last = names[-1]
    lines.append('flow = Flow("made", version="1.0.0")\nhook = flow.trigger(http.post("/m", accepts=In))')
    return "\n".join([*lines, *wires, f"flow.connect({last}, flow.respond())"])


async def outcome(runtime, value: int):
    """Everything that a run gives: the answer, what reached the ends, or what stopped it."""
    [trigger] = runtime.triggers
    run = runtime.new_run(collect=True)
    try:
        record = trigger.reader.from_json(b'{"n": %d}' % value)
        reply = await runtime.execute(trigger, record, run, time.monotonic())
    except RejectedInput as error:
        return "rejected", error.problems, run.outputs
    except NodeFailed as error:
        return "failed", error.node, type(error.cause), run.outputs
    return reply, run.outputs


PARTS = st.lists(
    st.tuples(st.sampled_from(SHAPES), st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)), min_size=1, max_size=3
)


@settings(max_examples=40)
@given(parts=PARTS, values=st.lists(st.integers(-20, 60), min_size=1, max_size=8))
def test_fusing_changes_nothing_that_can_be_seen(parts, values):
    with tempfile.TemporaryDirectory() as folder:
        flow = flow_of(Path(folder), source_of(parts))

        async def both():
            fused, unfused = (
                bind(plan(flow.ir, fuse=fuse), flow.program, flow.ir, LocalBindings()) for fuse in (True, False)
            )
            return [(await outcome(fused, value), await outcome(unfused, value)) for value in values]

        for with_fusion, without in asyncio.run(both()):
            assert with_fusion == without


@given(parts=PARTS)
@settings(max_examples=20)
def test_no_chain_of_pure_nodes_is_left_unfused(parts):
    with tempfile.TemporaryDirectory() as folder:
        flow = flow_of(Path(folder), source_of(parts))
        made = plan(flow.ir)
    pure = {node.id for node in flow.ir.nodes if node.kind == "node" and node.effects == "pure" and not node.is_async}
    pure -= {node.id for node in flow.ir.nodes if node.takes_context or node.capabilities}
    together = {pair for unit in made.units if isinstance(unit, Segment) for pair in pairwise(unit.nodes)}
    for edge in flow.ir.edges:
        alone = len(flow.ir.outgoing(edge.source_id)) == 1 and len(flow.ir.incoming(edge.target_id)) == 1
        if {edge.source_id, edge.target_id} <= pure and alone:
            assert (edge.source_id, edge.target_id) in together
