"""A person is asked before anything was done.

A checkpoint waits behind a node: `flow.hitl("review", on=gate.true, ...)`. What a trigger gives has not been looked at
by anything; everybody who can start the flow could fill a person's list with it, and a caller would be answered by
nobody. Put a node, an `If` or a `Switch` in between that decides what a person has to see.

## Bad

```python
from flowlattice import Flow, Profile, Record, hours, http, node

class Order(Record, data="internal"):
    order_id: str
    cents: int

class Card(Record, data="internal"):
    order_id: str

@node
def check_order(order: Order) -> Order:
    return order

@node
def accept(order: Order) -> Order:
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, check_order)
flow.connect(check_order, accept)
flow.hitl("review", on=hook, view=Card, ttl=hours(24), on_timeout="reject")
```

## Good

```python
from flowlattice import Flow, Profile, Record, hours, http, node

class Order(Record, data="internal"):
    order_id: str
    cents: int

class Card(Record, data="internal"):
    order_id: str

@node
def check_order(order: Order) -> Order:
    return order

@node
def accept(order: Order) -> Order:
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, check_order)
flow.connect(check_order, accept)
flow.hitl("review", on=check_order, view=Card, ttl=hours(24), on_timeout="reject")
```

## Fix

None: what a person has to see is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG300"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find checkpoints at triggers."""
    for checkpoint in flow.checkpoints:
        node = flow.node(checkpoint.on)
        if node.kind == "trigger":
            message = f"the checkpoint {checkpoint.id} waits at the trigger {node.name}"
            text = "let a node or a branch come first, and wait there: on=gate.true"
            yield finding(CODE, message, checkpoint.source or node.source, node=node.name, help=text)
