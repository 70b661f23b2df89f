"""What a person is to see cannot be shown.

A checkpoint shows a view of each record that waits: a record class whose fields are filled with the record's fields of
the same names and types, or a pure function that makes it. It is kept as JSON for as long as the record waits, and is
shown again as often as it is asked for, so it has to have a schema and no other cause than the record.

## Bad

```python
from flowlattice import Flow, Profile, Record, hours, http, node

class Order(Record, data="internal"):
    order_id: str
    cents: int

class Card(Record, data="internal"):
    order_id: str
    total: int

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

## Good

```python
from flowlattice import Flow, Profile, Record, hours, http, node

class Order(Record, data="internal"):
    order_id: str
    cents: int

class Card(Record, data="internal"):
    order_id: str
    cents: int

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

CODE = "DAG301"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find views that cannot be shown."""
    for checkpoint in flow.checkpoints:
        if checkpoint.view_problem is not None:
            message = f"the view of the checkpoint {checkpoint.id} cannot be shown: {checkpoint.view_problem}"
            text = "name fields that wait, or make the view with a pure function: view=card_of"
            source = checkpoint.source or flow.source
            yield finding(CODE, message, source, node=flow.node(checkpoint.on).name, help=text)
