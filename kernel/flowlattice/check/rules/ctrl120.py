"""Neither way of an if leads anywhere.

An if sends a record one way or the other. One that has no way out does nothing but ask, and every record that
reaches it ends there.

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

None: where the records are to go is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.routing import conditions
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL120"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find ifs without a way out."""
    for node, _ in conditions(flow):
        if not flow.outgoing(node.id):
            message = f"neither way of {node.name} is connected"
            yield finding(
                CODE, message, node.source, node=node.name, help=f"connect {node.name}.true and {node.name}.false"
            )
