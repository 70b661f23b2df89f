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

Unsafe: it takes all fields of the input as the key. Which fields identify an effect is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.fields import input_fields
from flowlattice.check.finding import finding, offer
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
            fields = input_fields(flow, node)
            fix = offer("unsafe", f"take all fields of the input as the key ({', '.join(fields)})") if fields else None
            source = node.definition or node.source
            message = f"the idempotency key of {node.name} has no fields, so every record has the same key"
            yield finding(CODE, message, source, node=node.name, help='name them: by("order_id")', fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module) -> Rewrite | None:
    """Take all fields of the input as the key."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    fields = [] if node is None else input_fields(flow, node)
    if node is None or node.definition is None or not fields:
        return None
    return codemods.set_node_option(module, node.definition, "idempotency", "by", fields)
