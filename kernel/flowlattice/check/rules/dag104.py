"""No trigger reaches this part of the flow.

Runs start at triggers. A node that cannot be reached from one never runs, and a flow without any trigger never runs at
all: what it is for has been forgotten, or a connection has.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond(name="done"))
flow.connect(normalize, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Fix

None: where the records come from is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.graph import Graph
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG104"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find flows without a trigger, and the first nodes of parts that none reaches."""
    if not flow.triggers():
        text = "add one: hook = flow.trigger(http.post(...))"
        yield finding(CODE, f"the flow {flow.name} has no trigger", flow.source, help=text)
        return
    graph = Graph(flow)
    undoing = {node.compensate for node in flow.nodes if node.compensate is not None}
    reached = graph.reachable(trigger.id for trigger in flow.triggers()) | undoing
    in_circles = {cycle[0].source_id for cycle in graph.cycles()}
    for node in flow.nodes:
        if node.id not in reached and (not graph.incoming[node.id] or node.id in in_circles):
            message = f"no trigger reaches {node.name}"
            yield finding(CODE, message, node.source, node=node.name, help="connect it to what comes before it")
