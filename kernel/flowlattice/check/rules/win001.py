"""An aggregate has no window, or no aggregate stands between two windows.

An aggregate gives one record for each key of each window, when the window closes. Without a window nothing ever closes:
records keep coming, and there is no moment at which the sum of all of them is known. So the records of an aggregate
come from a `Window`, which holds them by the time that each brings along, until its watermark has passed; filters,
switches, merges and distincts may stand between. A node in between makes new records, which are in no window. What is
late was left out of its window, and is in none either.

A window's records are in it until an aggregate has made one of them. A second window behind the first would put them
into its own while they are still held by the first, whose end nothing would come of; so an aggregate stands in between.

## Bad

```python
from flowlattice import Aggregate, Flow, Profile, Record, kafka, node

class Log(Record, data="internal"):
    customer: str
    ts: int
    size: int

class Traffic(Record, data="internal"):
    customer: str
    size: int

@node
def report(traffic: Traffic) -> str:
    return f"{traffic.customer}: {traffic.size}"

flow = Flow("traffic", version="1.0.0", profile=Profile.QUEUE)
logs = flow.trigger(kafka("logs", accepts=Log))
totals = Aggregate.by_key(Log, "customer", into=Traffic).sum("size")
flow.connect(logs, totals)
flow.connect(totals, report)
```

## Good

```python
from flowlattice import Aggregate, Flow, Profile, Record, Window, kafka, minutes, node

class Log(Record, data="internal"):
    customer: str
    ts: int
    size: int

class Traffic(Record, data="internal"):
    customer: str
    size: int

@node
def report(traffic: Traffic) -> str:
    return f"{traffic.customer}: {traffic.size}"

flow = Flow("traffic", version="1.0.0", profile=Profile.QUEUE)
logs = flow.trigger(kafka("logs", accepts=Log))
five = Window.tumbling(Log, event_time="ts", size=minutes(5), allowed_lateness=minutes(2))
totals = Aggregate.by_key(Log, "customer", into=Traffic).sum("size")
flow.connect(logs, five)
flow.connect(five, totals)
flow.connect(totals, report)
```

## Fix

None: how long a window is, how long it waits, and what is made of its records are decisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, edge_source, finding
from flowlattice.check.graph import Graph
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Edge, FlowIR, Node

CODE = "WIN001"
SEVERITY: Severity = "error"

_HANDING_ON: Final = frozenset({"switch", "if", "merge", "distinct"})


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find aggregates that records reach outside any window, and windows that they reach out of another one."""
    graph = Graph(flow)
    for node in flow.nodes:
        if node.kind == "aggregate":
            yield from _without(graph, node)
        elif node.kind == "window":
            yield from _behind(flow, graph, node)


def _without(graph: Graph, node: Node) -> Iterator[Diagnostic]:
    outside = next((source for edge in _givers(graph, node.id) if (source := _outside(graph, edge))), None)
    if outside is not None:
        message = f"what {node.name} takes from {outside.name} is in no window"
        text = "put a window in between: Window.tumbling(Log, event_time=..., size=minutes(5))"
        yield finding(CODE, message, node.source, node=node.name, help=text)


def _behind(flow: FlowIR, graph: Graph, node: Node) -> Iterator[Diagnostic]:
    """What is said of the edges by which records of another window come into one."""
    for entering in graph.incoming[node.id]:
        source = graph.nodes[entering.source_id]
        passed = _givers(graph, source.id) if source.kind in _HANDING_ON else ()
        window = next((graph.nodes[edge.source_id] for edge in (entering, *passed) if _is_window(graph, edge)), None)
        if window is not None:
            message = f"{node.name} takes what {window.name} holds, with no aggregate in between"
            text = f"put an Aggregate between {window.name} and {node.name}, or leave one of the two windows out"
            yield finding(CODE, message, edge_source(flow, entering), edge=edge_name(flow, entering), help=text)


def _givers(graph: Graph, start: UUID) -> Iterator[Edge]:
    """The edges that lead to a node, and on the way to it through what hands records on as they are."""
    seen: set[UUID] = set()
    waiting = [start]
    while waiting:
        for edge in graph.incoming[waiting.pop()]:
            yield edge
            source = graph.nodes[edge.source_id]
            if source.kind in _HANDING_ON and source.id not in seen:
                seen.add(source.id)
                waiting.append(source.id)


def _is_window(graph: Graph, edge: Edge) -> bool:
    """Whether an edge carries what a window holds; what came late is in no window."""
    source = graph.nodes[edge.source_id]
    return source.kind == "window" and edge.case not in source.side_outputs


def _outside(graph: Graph, edge: Edge) -> Node | None:
    """What an edge takes records from that are in no window; none if they are in one, or something hands them on."""
    source = graph.nodes[edge.source_id]
    return None if _is_window(graph, edge) or source.kind in _HANDING_ON else source
