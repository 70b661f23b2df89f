"""An edge leaves an if without saying which way.

The ways out of an if are `true` and `false`; an edge has to name one of them. One that names neither does not say
which records it carries.

## Bad

```python
from flowlattice import Flow, If, Record, http

class Order(Record, data="public"):
    amount: int

def is_large(order: Order) -> bool:
    return order.amount > 100

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
large = If(is_large)
flow.connect(hook, large)
flow.connect(large, flow.respond(status=202, name="large"))
flow.connect(large.false, flow.respond(status=200, name="small"))
```

## Good

```python
from flowlattice import Flow, If, Record, http

class Order(Record, data="public"):
    amount: int

def is_large(order: Order) -> bool:
    return order.amount > 100

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
large = If(is_large)
flow.connect(hook, large)
flow.connect(large.true, flow.respond(status=202, name="large"))
flow.connect(large.false, flow.respond(status=200, name="small"))
```

## Fix

None: which way is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, edge_source, finding
from flowlattice.check.routing import conditions
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL121"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find edges that name neither way."""
    for node, _ in conditions(flow):
        for edge in flow.outgoing(node.id):
            if edge.case not in {"true", "false", *node.side_outputs}:
                message = f"an edge leaves {node.name} without saying which way"
                text = f"write {node.name}.true or {node.name}.false"
                yield finding(CODE, message, edge_source(flow, edge), edge=edge_name(flow, edge), help=text)
