"""A concurrency limit is out of range.

`flow.max_in_flight(n)` lets at most `n` requests be under way at once; more are answered 503. Zero or less would
answer nothing, and more than 100,000 is no limit on any host. The same holds for the `concurrency` of a node or of a
`ForEach`, which is how many records it may have under way, and for the `max_parallel_shards` of a partition. The weight
of a key is its share among the others, above zero; a node is retried no less often than never, and no more than
100,000 times. A node that runs several times at once behind edges that keep their order, and whose records nothing
partitions, works on one after the other: that is a warning.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
flow.max_in_flight(0)
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
flow.max_in_flight(200)
```

## Fix

None: how much a flow may carry is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding
from flowlattice.check.graph import Graph
from flowlattice.check.places import defined
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Source, Surface

CODE = "DAG005"
SEVERITY: Severity = "error"

MOST = 100_000


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find concurrency limits that are no limits."""
    for node in flow.nodes:
        if node.concurrency is not None and not 1 <= node.concurrency <= MOST:
            message = f"the concurrency of {node.name}, {node.concurrency}, is not between 1 and {MOST:,}"
            source = node.source if node.kind == "foreach" else defined(node)
            yield finding(CODE, message, source, node=node.name)
    for message, source in _of_surfaces(flow):
        yield finding(CODE, message, source)
    yield from _in_order(flow)
    given = flow.policies.get("max_in_flight")
    if given is None:
        return
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST:
        message = f"max_in_flight({given!r}) is not between 1 and {MOST:,}"
        yield finding(CODE, message, flow.places.get("max_in_flight", flow.source))


def _of_surfaces(flow: FlowIR) -> Iterator[tuple[str, Source]]:
    """Shards and weights of partitions, and how often a node is retried."""
    for surface in flow.surfaces:
        name, source = flow.node(surface.targets[0]).name if surface.targets else "", surface.source or flow.source
        if surface.kind == "partition":
            shards = surface.config.get("max_parallel_shards")
            if shards is not None and not (isinstance(shards, int) and 1 <= shards <= MOST):
                yield f"the {shards} shards of {name} are not between 1 and {MOST:,}", source
            for key, weight in _weights(surface):
                yield f"the weight of {key!r} at {name}, {weight}, is not above zero", source
        retries = surface.config.get("max", 0)
        if surface.kind == "error_handler" and not (isinstance(retries, int) and 0 <= retries <= MOST):
            yield f"{name} is retried {retries} times, which is not between 0 and {MOST:,}", source


def _weights(surface: Surface) -> Iterator[tuple[str, JsonValue]]:
    """The keys whose weight is none."""
    given = surface.config.get("weights")
    for key, weight in given.items() if isinstance(given, dict) else ():
        if not isinstance(weight, int | float) or not (isfinite(weight) and weight > 0):
            yield key, weight


def _in_order(flow: FlowIR) -> Iterator[Diagnostic]:
    """Nodes whose concurrency the order of their edges takes away."""
    graph = Graph(flow)
    split = {edge.target_id for edge in flow.edges if edge.partition_key is not None}
    after = graph.reachable(node_id for node_id in split if node_id in graph.nodes)
    sources = [node.id for node in flow.triggers() if node.trigger is not None and node.trigger.kind != "http"]
    reached = graph.reachable(sources)
    for node in flow.nodes:
        if node.concurrency is None or not 1 < node.concurrency <= MOST or node.id in after or node.id not in reached:
            continue
        kept = next((edge for edge in flow.incoming(node.id) if edge.ordering == "ordered"), None)
        if kept is not None:
            name = edge_name(flow, kept)
            message = f"{node.name} is to run {node.concurrency} times at once, but {name} keeps its order"
            text = 'let the order go (ordering="unordered"), or keep it for each key: flow.partition_by(...)'
            yield finding(CODE, message, defined(node), severity="warning", node=node.name, help=text)
