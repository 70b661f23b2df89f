"""Two retry the same node.

Retries multiply: five attempts of the connector inside five of the orchestrator are twenty-five, each with its own
waits, and a service that is down is called that often by everybody. A node therefore has one retry owner: the
orchestrator, told by `flow.on_error(node, Retry(...))`, or the connector that makes the call, told by
`retry_owner="connector"`. The same holds for two handlers of one node, for a retry after a retry, and for retrying a
subflow whose nodes are retried already.

It holds for a loop in the node's own code too that calls a capability until that succeeds: one that goes on after an
exception, or that is left by what the call gave. A node that fails is tried again by its owner, on a clock that
outlives the process, with the same idempotency key; the loop does so within each of these attempts, and a process that
waits in it holds the record. Calling once for each of some items is no retry, nor is going from page to page: what the
call is given differs. Only calls that have an effect count.

## Bad

```python
from flowlattice import DbWrite, Exponential, Flow, Profile, Record, Retry, by, ms, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"), retry_owner="connector")
async def store(order: Order, orders: DbWrite) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, store)
flow.on_error(store, Retry(max=5, backoff=Exponential(ms(200))))
```

And so is this:

```python
from flowlattice import DbWrite, Flow, Profile, Record, by, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"), retry_owner="connector")
async def store(order: Order, orders: DbWrite) -> Order:
    for attempt in range(5):
        try:
            await orders.upsert("orders", order, key="order_id")
            break
        except OSError:
            continue
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

@node(idempotency=by("order_id"), retry_owner="connector")
async def store(order: Order, orders: DbWrite) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, store)
```

## Fix

Unsafe: where the node leaves it to the connector, by its own word and by what it asks for, or has a handler already,
the `on_error` is removed; where only its own word says so, that is. Who retries is a decision. A retry after a retry,
one around a subflow and a loop have no fix.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.check.retries import Handler, handlers, retried_inside, usual_owners
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import FlowIR, Node, Repeated

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "RETRY010"
SEVERITY: Severity = "error"

_HELP = "keep one of them: retries multiply"
_ONCE = "call it once and let what it raises out of the node; flow.on_error(node, Retry(...)) says how often"
_HANDLER, _WORD = "remove this on_error", "leave out retry_owner"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nodes that two retry."""
    for handler, problem, fix in _doubled(flow):
        yield finding(CODE, problem, handler.source, node=handler.node.name, help=_HELP, fix=fix)
    for node in flow.nodes:
        for again, owner in _by_hand(node):
            problem = f"{node.name} calls {again.binding}.{again.method} until it succeeds, and the {owner} retries too"
            yield finding(CODE, problem, again.source, node=node.name, help=_ONCE)


def _by_hand(node: Node) -> Iterator[tuple[Repeated, str]]:
    """The calls that a node makes again by itself, and who retries it besides."""
    for again in node.repeated:
        asked = [use for use in node.capabilities if use.binding == again.binding] or node.capabilities
        owner = next((use.retry_owner for use in asked if use.retry_owner is not None), None)
        owner = owner if node.retry is None else node.retry.owner
        if owner is not None:
            yield again, owner


def _doubled(flow: FlowIR) -> Iterator[tuple[Handler, str, Fix | None]]:
    """The handlers that are not the only one to retry, why, and what is offered."""
    handled: set[str] = set()
    for handler in handlers(flow):
        name = handler.node.name
        inner = retried_inside(flow, handler.node)
        if name in handled:
            yield handler, f"{name} is retried by two on_error", offer("unsafe", _HANDLER)
        elif handler.is_nested:
            yield handler, f"{name} is retried again after it was retried", None
        elif handler.node.retry is not None and handler.node.retry.owner == "connector":
            said = f"{name} is retried by the orchestrator here, and its retry_owner is the connector"
            yield handler, said, _offered(handler)
        elif inner is not None:
            yield handler, f"{name} is retried here, and {inner} inside it is retried already", None
        handled.add(name)


def _offered(handler: Handler) -> Fix | None:
    """Removing the handler where the node's word is the usual one, else the word, if it stands in the same file."""
    if "connector" in usual_owners(handler.node):
        return offer("unsafe", _HANDLER)
    definition = handler.node.definition
    is_near = definition is not None and definition.file == handler.source.file
    return offer("unsafe", _WORD) if is_near else None


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Remove the handler, or the node's own word."""
    from flowlattice.check import codemods

    for handler, _, offered in _doubled(flow):
        definition = handler.node.definition
        if offered is None or (handler.source.line, handler.source.column) != (found.line, found.column):
            continue
        if offered.title == _HANDLER:
            return codemods.remove_statement(module, handler.source)
        return None if definition is None else codemods.remove_node_option(module, definition, "retry_owner")
    return None
