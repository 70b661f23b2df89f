"""A compensator can undo twice.

Undoing is tried until it succeeds: if it were given up, what happened would stay. So a compensator runs again after a
crash in the middle, and has to do the same thing once: it needs an idempotency key. For the same reason it has no
compensator of its own. Undoing is what happens last; an undoing that is undone leaves what nobody wanted.

## Bad

```python
from flowlattice import Flow, HttpWrite, Profile, Record, by, http, node

class Order(Record, data="internal"):
    order_id: str

@node
async def refund(order: Order, pay: HttpWrite) -> Order:
    await pay.post("https://pay.example/refunds", json=order.order_id)
    return order

@node(idempotency=by("order_id"), compensate=refund)
async def charge(order: Order, pay: HttpWrite) -> Order:
    await pay.post("https://pay.example/charges", json=order.order_id)
    return order

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

@node(idempotency=by("order_id"))
async def refund(order: Order, pay: HttpWrite) -> Order:
    await pay.post("https://pay.example/refunds", json=order.order_id)
    return order

@node(idempotency=by("order_id"), compensate=refund)
async def charge(order: Order, pay: HttpWrite) -> Order:
    await pay.post("https://pay.example/charges", json=order.order_id)
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, charge)
flow.egress("pay", "pay.example")
```

## Fix

Safe, where the spec states the identity: it is the key. Else unsafe: the key is that of the compensated node where the
compensator takes all its fields, or else all fields of the input. A compensator's own compensator is removed, unsafe.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check import identities
from flowlattice.check.context import CheckContext
from flowlattice.check.fields import input_fields
from flowlattice.check.finding import finding, offer
from flowlattice.check.places import defined, named
from flowlattice.check.sagas import compensations
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "SAGA205"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find compensators without a key, and with compensators."""
    seen = set()
    for done, undo in compensations(flow):
        if done.id == undo.id or undo.id in seen:  # SAGA201, or told already
            continue
        seen.add(undo.id)
        if undo.effects == "effectful" and (undo.idempotency is None or not undo.idempotency.fields):
            message = f"{undo.name} undoes {done.name} and has no idempotency key, so it can undo it twice"
            text = 'say what identifies one undoing: @node(idempotency=by("order_id"))'
            fix = _offered(flow, done, undo, context)
            yield finding(CODE, message, defined(undo), node=undo.name, help=text, fix=fix)
        if undo.compensate is not None:
            message = f"{undo.name} undoes {done.name} and has a compensator itself"
            fix = offer("unsafe", "leave out its compensator")
            yield finding(CODE, message, defined(undo), node=undo.name, help="leave it out", fix=fix)


def _offered(flow: FlowIR, done: Node, undo: Node, context: CheckContext) -> Fix | None:
    fields = _same_key(flow, done, undo)
    if fields and context.facts.identity(undo.name) is None:
        return offer("unsafe", f"take the key of {done.name} ({', '.join(fields)})")
    return identities.offered(flow, undo, context)


def _same_key(flow: FlowIR, done: Node, undo: Node) -> list[str]:
    """The key of the compensated node, where the compensator takes all its fields."""
    fields = [] if done.idempotency is None else list(done.idempotency.fields)
    return fields if set(fields) <= set(input_fields(flow, undo)) else []


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Give the compensator a key, or take its compensator away."""
    from flowlattice.check import codemods

    undo = named(flow, found.node)
    if undo is None or undo.definition is None:
        return None
    if undo.idempotency is not None and undo.idempotency.fields:
        return codemods.remove_node_option(module, undo.definition, "compensate")
    done = next((done for done, other in compensations(flow) if other.id == undo.id), None)
    fields = [] if done is None else _same_key(flow, done, undo)
    if fields and context.facts.identity(undo.name) is None:
        return codemods.set_key(module, undo.definition, fields, None)
    return identities.keyed(found, flow, module, context)
