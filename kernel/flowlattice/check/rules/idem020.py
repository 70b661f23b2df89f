"""The key of an effect identifies nothing.

An idempotency key is made from fields of the input. One that is made from no field (`by()`) is the same for every
record: with it, the second order would be taken for the first one and dropped. (A node without any key is DAG004.)

## Bad

```python
from flowlattice import Flow, KvWrite, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str
    item: str

@node(idempotency=by())
async def store(order: Order, orders: KvWrite) -> Order:
    await orders.set(order.order_id, order.item)
    return order

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, store)
flow.connect(store, flow.respond())
```

## Good

```python
from flowlattice import Flow, KvWrite, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str
    item: str

@node(idempotency=by("order_id"))
async def store(order: Order, orders: KvWrite) -> Order:
    await orders.set(order.order_id, order.item)
    return order

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, store)
flow.connect(store, flow.respond())
```

## Fix

Safe, where the spec states the identity. Else unsafe: it takes all fields of the input as the key. Which fields
identify an effect is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check import identities
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "IDEM020"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find keys without a field."""
    for node in flow.nodes:
        if node.idempotency is not None and not node.idempotency.fields:
            fix = identities.offered(flow, node, context)
            source = node.definition or node.source
            message = f"the idempotency key of {node.name} has no fields, so every record has the same key"
            yield finding(CODE, message, source, node=node.name, help='name them: by("order_id")', fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Take what the spec states as the key, or else all fields of the input."""
    return identities.keyed(found, flow, module, context)
