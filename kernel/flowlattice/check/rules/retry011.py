"""A node is retried by another than what it asks for expects.

Each capability type has a usual retry owner. Calls over plain HTTP, of blob stores and of language models belong to the
orchestrator, which waits without holding a connection and can be seen doing so. Databases, key-value stores and queues
belong to their connector, which knows which errors pass by themselves and what a transaction has already done. A node
that gives the retries to the other one loses that.

A node that asks for both kinds may have either owner. So may a node whose receiver honours the idempotency key
(`honours_key=True`), such as a payment gateway.

## Bad

```python
from flowlattice import DbWrite, Flow, Profile, Record, by, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"), retry_owner="orchestrator")
async def store(order: Order, orders: DbWrite) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, store)
```

## Good

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
flow.connect(jobs, store)
```

## Fix

Unsafe: the node is given to the usual owner, which changes how often an effect is tried. Where an `on_error` has the
orchestrator retry, none: what is to happen instead is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.check.places import defined, named
from flowlattice.check.retries import handlers, usual_owners
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "RETRY011"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nodes whose retry owner is nobody's usual one."""
    handled = {handler.node.id: handler.source for handler in handlers(flow)}
    for node in flow.nodes:
        owner = "orchestrator" if node.retry is None else node.retry.owner
        usual = None if node.subflow is not None else _against(node, owner)
        if usual is None:
            continue
        other, because = usual
        if owner == "orchestrator" and node.id in handled:
            message = f"{node.name} is retried by the orchestrator here, but {because} usually retried by the {other}"
            text = "leave the retries to it: on_error(node, DeadLetter(...)), Halt() or Escalate(...)"
            yield finding(CODE, message, handled[node.id], node=node.name, help=text)
        elif node.retry is not None:
            message = f"{node.name} is retried by the {owner}, but {because} usually retried by the {other}"
            text, fix = f'retry_owner="{other}", or leave it out', offer("unsafe", f"give its retries to the {other}")
            yield finding(CODE, message, defined(node), node=node.name, help=text, fix=fix)


def _against(node: Node, owner: str) -> tuple[str, str] | None:
    """The owner that everything a node asks for usually has, and why, where that is another one."""
    usual = usual_owners(node)
    if not usual or owner in usual or (node.idempotency is not None and node.idempotency.honoured):
        return None
    other, binding = next(iter(usual.items()))
    name = next(use.name for use in node.capabilities if use.binding == binding)
    return other, f"{binding} ({name}) is"


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Give the node to its usual owner."""
    from flowlattice.check import codemods

    node = named(flow, found.node)
    usual = None if node is None or node.retry is None else _against(node, node.retry.owner)
    if node is None or node.definition is None or usual is None:
        return None
    return codemods.set_node_option(module, node.definition, "retry_owner", f'"{usual[0]}"')
