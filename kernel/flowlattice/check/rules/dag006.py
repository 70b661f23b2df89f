"""Records cannot be taken together like this.

`@node(batch=Batch(1000, within=ms(200)))` lets a host take up to so many records together and makes the first wait for
the others no longer than `within`. That needs at least one record in a batch, and room in the buffers before the node
for as many as it takes: with less room no batch is ever full, which is a warning. Waiting must not outlast what the
record itself may take: the deadline of the trigger, the timeout of the edge, the time a delivery is hidden from others.
A caller who waits for an answer gets none while his record waits for others that may never come, so there `within` has
to be said. A node that gives its records piece by piece works on one at a time.

## Bad

```python
from flowlattice import Batch, Flow, Profile, Record, ms, node, queue

class Job(Record, data="internal"):
    job_id: str

@node(batch=Batch(0, within=ms(200)))
def work(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
flow.connect(jobs, work)
```

## Good

```python
from flowlattice import Batch, Buffer, Flow, Profile, Record, ms, node, queue

class Job(Record, data="internal"):
    job_id: str

@node(batch=Batch(500, within=ms(200)))
def work(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
flow.connect(jobs, work, buffer=Buffer(max_items=1_000))
```

## Fix

None: how many are worth waiting for, and for how long, is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding
from flowlattice.check.graph import Graph
from flowlattice.check.places import defined
from flowlattice.check.values import duration
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Batch, FlowIR, Node

CODE = "DAG006"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find batches that cannot be, or that wait longer than their records may."""
    graph = Graph(flow)
    for node in flow.nodes:
        if node.batch is not None:
            for problem, text in (*_size(node, node.batch), *_wait(flow, graph, node, node.batch)):
                yield finding(CODE, problem, defined(node), node=node.name, help=text)
            yield from _small(flow, node, node.batch)


def _size(node: Node, batch: Batch) -> Iterator[tuple[str, str]]:
    if node.stream:
        yield f"{node.name} gives its records piece by piece and takes {batch.size} together", "leave out batch="
    if batch.size < 1:
        yield f"{node.name} takes {batch.size} records together", "take at least one: Batch(100, within=ms(200))"


def _small(flow: FlowIR, node: Node, batch: Batch) -> Iterator[Diagnostic]:
    """Batches that never fill, because the buffers before the node hold less."""
    room = sum(edge.buffer.max_items for edge in flow.incoming(node.id))
    if 0 < room < batch.size:
        message = f"{node.name} takes {batch.size} records together, but only {room} can wait before it"
        text = f"let the buffer hold as many: buffer=Buffer(max_items={batch.size})"
        yield finding(CODE, message, defined(node), severity="warning", node=node.name, help=text)


def _wait(flow: FlowIR, graph: Graph, node: Node, batch: Batch) -> Iterator[tuple[str, str]]:
    before = [other for other in flow.triggers() if node.id in graph.reachable([other.id])]
    triggers = [(other.name, other.trigger) for other in before if other.trigger is not None]
    waits = [name for name, trigger in triggers if trigger.kind == "http" and trigger.respond != "immediate"]
    if batch.within_ms is None and batch.size > 1 and waits:
        message = f"{node.name} may wait for ever for {batch.size} records, and callers of {waits[0]} with it"
        yield message, "say how long the first one waits: Batch(100, within=ms(20))"
    if batch.within_ms is None:
        return
    bounds = [(f"the deadline of {name}", trigger.deadline_ms) for name, trigger in triggers]
    bounds += [(f"the visibility timeout of {name}", trigger.visibility_timeout_ms) for name, trigger in triggers]
    bounds += [(f"the timeout of {edge_name(flow, edge)}", edge.timeout_ms) for edge in flow.incoming(node.id)]
    for what, bound in bounds:
        if bound is not None and 0 < bound <= batch.within_ms:
            wait = duration(batch.within_ms)[0]
            yield f"{node.name} waits {wait} for a batch, and {what} is {duration(bound)[0]}", "wait less"
