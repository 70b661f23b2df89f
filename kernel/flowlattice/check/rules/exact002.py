"""An effect is to happen exactly once, but nothing says what one effect is.

Exactly once means once for each key: `idempotency=by("order_id")` says which records are the same effect. Without it
every delivery is another effect, and nothing can tell the second delivery of an order from the second order. (That an
effectful node has no key is DAG004 as well; here the promise of an edge depends on it.)

## Bad

```python
from flowlattice import DbWrite, DedupeStore, Flow, Profile, Record, node, queue

class Order(Record, data="internal"):
    order_id: str

@node
async def store(order: Order, orders: DbWrite, seen: DedupeStore) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, store, delivery="exactly_once")
```

## Good

```python
from flowlattice import DbWrite, DedupeStore, Flow, Profile, Record, by, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"))
async def store(order: Order, orders: DbWrite, seen: DedupeStore) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, store, delivery="exactly_once")
```

## Fix

Safe, where the spec states the identity: it is the key. Else unsafe: it takes all fields of the input as the key. What
a subflow lacks has to be put right in its own flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check import identities
from flowlattice.check.context import CheckContext
from flowlattice.check.exactly_once import promised
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "EXACT002"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find effects that are promised once and have no key."""
    for given in promised(flow):
        if given.node.idempotency is None:
            name = given.name
            message = f"{given.edge} promises the effect of {name} exactly once, but it has no idempotency key"
            text = 'say what identifies one effect: @node(idempotency=by("order_id"))'
            fix = None if given.is_inner else identities.offered(flow, given.node, context)
            yield finding(CODE, message, given.source, node=given.within, edge=given.edge, help=text, fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Take what the spec states as the key, or else all fields of the input."""
    return identities.keyed(found, flow, module, context)
