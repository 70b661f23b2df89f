"""An effectful node has no idempotency key.

A request can arrive twice, a run can be retried, a process can die between an effect and its record. A node that
changes the world therefore says what identifies one effect: fields of its input that are the same when it is the same
effect, and different when it is another one. The key is made from them, travels with the effect, and is remembered
where the node asks for a `DedupeStore`.

A node is effectful if it asks for a capability that writes, or if its body does something that cannot be read; its
reasons are in the IR and in this finding.

## Bad

```python
from flowlattice import Flow, KvWrite, Record, http, node

class Order(Record, data="internal"):
    order_id: str
    item: str

@node
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

Safe, where the spec states the identity: it is the key. Else unsafe: it takes all fields of the input as the key, so
that only an identical record is the same effect. Which fields identify an effect is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check import identities
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG004"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find effectful nodes without a key; what makes its effects unclear has to be put right first."""
    for node in flow.nodes:
        if node.kind not in {"node", "plugin"} or node.effects != "effectful" or node.idempotency is not None:
            continue
        if node.declared.effects in {"pure", "read_only"} or node.unknown_capabilities:
            continue
        message = f"{node.name} is effectful ({_cause(node)}) and has no idempotency key"
        text = 'say what identifies one effect: @node(idempotency=by("order_id"))'
        fix = identities.offered(flow, node, context)
        yield finding(CODE, message, node.definition or node.source, node=node.name, help=text, fix=fix)


def _cause(node: Node) -> str:
    return next((r.because for r in node.reasons if r.of == "effects" and r.level == "effectful"), "as declared")


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Take what the spec states as the key, or else all fields of the input."""
    return identities.keyed(found, flow, module, context)
