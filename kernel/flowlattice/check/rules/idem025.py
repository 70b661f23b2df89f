"""A key field is not stable.

A key has to be the same when the same request comes again. A field that the input does not have gives no key at all. A
field that was made from a clock or a random source is another one on every attempt, so that each attempt is another
effect. A floating-point number is only as stable as the arithmetic that made it, and is reported as a warning.

## Bad

```python
from datetime import datetime

from flowlattice import Clock, Flow, KvWrite, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str

class Stamped(Record, data="internal"):
    order_id: str
    at: datetime

@node
def stamp(order: Order, clock: Clock) -> Stamped:
    return Stamped(order_id=order.order_id, at=clock.now())

@node(idempotency=by("order_id", "at"))
async def store(order: Stamped, orders: KvWrite) -> Stamped:
    await orders.set(order.order_id, order.at.isoformat())
    return order

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, stamp)
flow.connect(stamp, store)
flow.connect(store, flow.respond())
```

## Good

```python
from datetime import datetime

from flowlattice import Clock, Flow, KvWrite, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str

class Stamped(Record, data="internal"):
    order_id: str
    at: datetime

@node
def stamp(order: Order, clock: Clock) -> Stamped:
    return Stamped(order_id=order.order_id, at=clock.now())

@node(idempotency=by("order_id"))
async def store(order: Stamped, orders: KvWrite) -> Stamped:
    await orders.set(order.order_id, order.at.isoformat())
    return order

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, stamp)
flow.connect(stamp, store)
flow.connect(store, flow.respond())
```

## Fix

None: which fields identify an effect is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.fields import fields_of, is_float
from flowlattice.check.finding import finding, listed, nearest
from flowlattice.check.origins import Origins
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "IDEM025"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find key fields that differ between attempts, or do not exist."""
    origins = Origins(flow)
    for node in flow.nodes:
        key = node.idempotency
        if key is None or node.in_schema is None:
            continue
        known = fields_of(flow, node.in_schema)
        for name in key.fields:
            source = node.definition or node.source
            if name not in known:
                message = f"the key field {name} of {node.name} is no field of {node.in_schema}{nearest(name, known)}"
                yield finding(CODE, message, source, node=node.name, help=f"its fields are {listed(known)}")
            elif (maker := origins.unstable(node, name)) is not None:
                message = f"the key field {name} of {node.name} differs on every attempt: {maker.name} makes it anew"
                text = "take fields that the request brings, or that are made from them"
                yield finding(CODE, message, source, node=node.name, help=text)
            elif is_float(known[name]):
                message = f"the key field {name} of {node.name} is a floating-point number"
                text = "take a whole number or a Decimal"
                yield finding(CODE, message, source, severity="warning", node=node.name, help=text)
