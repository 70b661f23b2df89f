"""The graph has a cycle.

Records flow one way; a run ends when the last of them has arrived. In a cycle a record could go round for ever, and
with bounded buffers the cycle would wait for itself.

## Bad

```python
from flowlattice import Flow, If, Merge, Record, http, node

class Req(Record, data="public"):
    n: int

@node
def halve(req: Req) -> Req:
    return Req(n=req.n // 2)

flow = Flow("halving", version="1.0.0")
hook = flow.trigger(http.post("/halve", accepts=Req))
again = Merge[Req](name="again")
small = If(lambda req: req.n < 10, name="small")
flow.connect(hook, again)
flow.connect(again, halve)
flow.connect(halve, small)
flow.connect(small.true, flow.respond())
flow.connect(small.false, again)
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    n: int

@node
def halve(req: Req) -> Req:
    n = req.n
    while n >= 10:
        n //= 2
    return Req(n=n)

flow = Flow("halving", version="1.0.0")
hook = flow.trigger(http.post("/halve", accepts=Req))
flow.connect(hook, halve)
flow.connect(halve, flow.respond())
```

## Fix

None: repeat inside a node instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, edge_source, finding
from flowlattice.check.graph import Graph
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG200"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find cycles, each at the connection that was written last."""
    graph = Graph(flow)
    order = {id(edge): number for number, edge in enumerate(flow.edges)}
    for cycle in graph.cycles():
        names = [graph.nodes[edge.source_id].name for edge in cycle]
        last = max(cycle, key=lambda edge: order[id(edge)])
        message = f"the graph has a cycle: {' -> '.join([*names, names[0]])}"
        text = "repeat inside a node instead"
        yield finding(CODE, message, edge_source(flow, last), edge=edge_name(flow, last), help=text)
