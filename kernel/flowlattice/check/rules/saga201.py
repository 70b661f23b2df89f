"""A compensator does not fit what it compensates.

When a later step fails for good, what has happened is undone in reverse order: each node's compensator gets what that
node returned. So it has to take exactly that, and it has to have an effect, since only an effect undoes one; and a node
that has no effect has nothing to undo.

## Bad

```python
from flowlattice import Flow, HttpWrite, Profile, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str

class Receipt(Record, data="internal"):
    order_id: str
    payment_id: str

@node(idempotency=by("order_id"))
async def refund(order: Order, pay: HttpWrite) -> Order:
    await pay.post("https://pay.example/refunds", json=order.order_id)
    return order

@node(idempotency=by("order_id"), compensate=refund)
async def charge(order: Order, pay: HttpWrite) -> Receipt:
    answer = await pay.post("https://pay.example/charges", json=order.order_id)
    return Receipt(order_id=order.order_id, payment_id=answer.text)

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, charge)
flow.egress("pay", "pay.example")
```

## Good

```python
from flowlattice import Flow, HttpWrite, Profile, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str

class Receipt(Record, data="internal"):
    order_id: str
    payment_id: str

@node(idempotency=by("payment_id"))
async def refund(receipt: Receipt, pay: HttpWrite) -> Receipt:
    await pay.post("https://pay.example/refunds", json=receipt.payment_id)
    return receipt

@node(idempotency=by("order_id"), compensate=refund)
async def charge(order: Order, pay: HttpWrite) -> Receipt:
    answer = await pay.post("https://pay.example/charges", json=order.order_id)
    return Receipt(order_id=order.order_id, payment_id=answer.text)

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, charge)
flow.egress("pay", "pay.example")
```

## Fix

None: which of the two is wrong, and what undoes the effect, is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.places import defined
from flowlattice.check.sagas import compensations
from flowlattice.check.types import fits
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "SAGA201"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find compensators that cannot undo what they are to undo."""
    for done, undo in compensations(flow):
        problem = _problem(flow, done, undo)
        if problem is not None:
            message, text = problem
            yield finding(CODE, message, defined(done), node=done.name, help=text)


def _problem(flow: FlowIR, done: Node, undo: Node) -> tuple[str, str] | None:
    if done.id == undo.id:
        return f"{done.name} is its own compensator", "name a node that undoes what it does"
    if done.effects != "effectful":
        return f"{done.name} has no effect that {undo.name} could undo", f"leave out compensate={undo.name}"
    if undo.effects != "effectful":
        return f"{undo.name} has no effect, so it undoes nothing of {done.name}", "undo the effect there"
    if done.out_schema is None or undo.in_schema is None:  # DAG001, unless nothing comes out on purpose
        return None
    if not fits(done.out_schema, undo.in_schema, flow.schemas):
        message = f"{undo.name} takes {undo.in_schema}, but {done.name} returns {done.out_schema}"
        return message, f"let {undo.name} take what {done.name} returns"
    return None
