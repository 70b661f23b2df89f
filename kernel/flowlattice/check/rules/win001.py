"""An aggregate has no window.

An aggregate gives one record for each key of each window, when the window closes. Without a window nothing ever closes:
records keep coming, and there is no moment at which the sum of all of them is known. So the records of an aggregate
come from a `Window`, which holds them by the time that each brings along, until its watermark has passed; filters,
switches, merges and distincts may stand between. A node in between makes new records, which are in no window. What is
late was left out of its window, and is in none either.

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

None: how long a window is, and how long it waits, are decisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.graph import Graph
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "WIN001"
SEVERITY: Severity = "error"

_HANDING_ON: Final = frozenset({"switch", "if", "merge", "distinct"})


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find aggregates that records reach outside any window."""
    graph = Graph(flow)
    for node in flow.nodes:
        outside = _outside(graph, node.id) if node.kind == "aggregate" else None
        if outside is not None:
            message = f"what {node.name} takes from {outside.name} is in no window"
            text = "put a window in between: Window.tumbling(Log, event_time=..., size=minutes(5))"
            yield finding(CODE, message, node.source, node=node.name, help=text)


def _outside(graph: Graph, start: UUID) -> Node | None:
    """What gives an aggregate records that are in no window; none if all are in one."""
    seen: set[UUID] = set()
    waiting = [start]
    while waiting:
        for edge in graph.incoming[waiting.pop()]:
            source = graph.nodes[edge.source_id]
            if source.kind == "window" and edge.case not in source.side_outputs:
                continue
            if source.kind not in _HANDING_ON:
                return source
            if source.id not in seen:
                seen.add(source.id)
                waiting.append(source.id)
    return None
