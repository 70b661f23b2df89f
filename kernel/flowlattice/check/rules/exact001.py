"""An effect is to happen exactly once, but nothing remembers that it did.

Records are always delivered at least once: a worker that dies between an effect and its acknowledgement gets the record
again. `delivery="exactly_once"` makes one effect of that, by remembering its key in a store that outlives the worker.
A node asks for it by a parameter of the type `DedupeStore`; the engine then reserves before the effect and confirms
after it, and the node itself never calls it. The same holds for an effect behind a switch, an if or a merge to which
the edge leads.

## Bad

```python
from flowlattice import DbWrite, Flow, Profile, Record, by, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"))
async def store(order: Order, orders: DbWrite) -> Order:
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

Safe: the node asks for a `DedupeStore`, as the edge demands; nothing else changes. What a subflow lacks has to be put
right in its own flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.exactly_once import promised
from flowlattice.check.finding import finding, offer
from flowlattice.check.places import named
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "EXACT001"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find effects that are promised once and remembered nowhere."""
    for given in promised(flow):
        if not given.node.uses("dedupe"):
            name = given.name
            message = f"{given.edge} promises the effect of {name} exactly once, but nothing remembers it"
            text = f"let {given.node.name} ask for a DedupeStore: seen: DedupeStore"
            fix = None if given.is_inner else offer("safe", "ask for a DedupeStore")
            yield finding(CODE, message, given.source, node=given.within, edge=given.edge, help=text, fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Ask for a DedupeStore."""
    from flowlattice.check import codemods

    node = named(flow, found.node)
    if node is None or node.definition is None:
        return None
    taken = {parameter.name for parameter in node.parameters}
    name = next(name for name in ("seen", "dedupe", "seen_before", "dedupe_store") if name not in taken)
    return codemods.add_parameter(module, node.definition, name, "DedupeStore", ["DedupeStore"])
