"""A buffer holds nothing.

An edge's buffer holds records while the next node is busy; when it is full the producer waits. A buffer of zero items
or less can hold none, so nothing could ever pass. The same holds for the largest body that a route takes, and
for how often a record of a topic or a queue is delivered.

## Bad

```python
from flowlattice import Buffer, Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond(), buffer=Buffer(max_items=0))
```

## Good

```python
from flowlattice import Buffer, Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond(), buffer=Buffer(max_items=16))
```

## Fix

None: how much may wait is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding
from flowlattice.check.places import controlled
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL102"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find buffers that hold nothing."""
    for edge in flow.edges:
        if edge.buffer.max_items <= 0:
            message = f"the buffer of {edge_name(flow, edge)} holds {edge.buffer.max_items} items"
            yield finding(CODE, message, controlled(flow, edge, "buffer"), edge=edge_name(flow, edge))
        for what, bound in (("", edge.buffer.spill_bytes), (" a second", edge.buffer.spill_bytes_per_s)):
            if bound is not None and bound <= 0:
                message = f"the spill of {edge_name(flow, edge)} takes {bound} bytes{what}"
                yield finding(CODE, message, controlled(flow, edge, "buffer"), edge=edge_name(flow, edge))
    for node in flow.triggers():
        most = None if node.trigger is None else node.trigger.max_body_bytes
        if most is not None and most <= 0:
            yield finding(CODE, f"{node.name} takes bodies of at most {most} bytes", node.source, node=node.name)
        times = None if node.trigger is None else node.trigger.max_deliveries
        if times is not None and times <= 0:
            message = f"{node.name} delivers a record at most {times} times"
            yield finding(CODE, message, node.source, node=node.name)
