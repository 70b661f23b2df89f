"""The key of an effect identifies nothing.

An idempotency key is made from fields of the input. One that is made from no field (`by()`) is the same for every
record: with it, the second order would be taken for the first one and dropped. One that is only unique within a
partition (`scope="partition"`) needs one: where nothing partitions the records, all of them are in the same, and equal
keys of different ones are taken for one effect. A key of what is computed for each window has one of the window's ends
in it: without, what the next window gives for the same fields is taken for the same effect, which is a warning. (A node
without any key is DAG004.)

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
identify an effect is a decision. A partition that is missing is added where the spec states by which fields, which is
safe; else that is a decision too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check import identities
from flowlattice.check.context import CheckContext
from flowlattice.check.facts import stated
from flowlattice.check.fields import fields_of
from flowlattice.check.finding import finding
from flowlattice.check.graph import Graph
from flowlattice.check.places import defined, named
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "IDEM020"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find keys without a field, and keys of partitions that are not there."""
    for node in flow.nodes:
        if node.idempotency is None:
            continue
        if not node.idempotency.fields:
            fix = identities.offered(flow, node, context)
            message = f"the idempotency key of {node.name} has no fields, so every record has the same key"
            yield finding(CODE, message, defined(node), node=node.name, help='name them: by("order_id")', fix=fix)
        if node.idempotency.scope == "partition" and not _is_partitioned(flow, node):
            message = f"the idempotency key of {node.name} is unique in a partition, but nothing partitions its records"
            text = f'flow.partition_by({node.name}, "customer_id"), or leave out scope="partition"'
            known = ", ".join(context.facts.partitions.get(node.name, ()))
            fix = stated(f"partition its records by {known}") if known else None
            yield finding(CODE, message, defined(node), node=node.name, help=text, fix=fix)
    yield from _without_window(flow)


def _without_window(flow: FlowIR) -> Iterator[Diagnostic]:
    """Keys of windows' results that are the same in each window."""
    graph = Graph(flow)
    for surface in flow.surfaces:
        ends = [str(end) for end in (surface.config.get("start_as"), surface.config.get("end_as")) if end is not None]
        if surface.kind != "aggregate" or not ends:
            continue
        aggregate = flow.node(surface.targets[0])
        for node in _given(graph, aggregate):
            fields = () if node.idempotency is None else node.idempotency.fields
            if fields and not set(ends) & set(fields) and set(fields) <= set(fields_of(flow, aggregate.out_schema)):
                message = f"the idempotency key of {node.name} is the same for each window of {aggregate.name}"
                text = f"add the window to it: by({', '.join(json.dumps(name) for name in (*fields, ends[0]))})"
                yield finding(CODE, message, defined(node), severity="warning", node=node.name, help=text)


def _given(graph: Graph, aggregate: Node) -> Iterator[Node]:
    """The nodes that get what an aggregate gives, as it is."""
    seen, waiting = {aggregate.id}, [edge.target_id for edge in graph.outgoing[aggregate.id]]
    while waiting:
        node = graph.nodes.get(waiting.pop())
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        yield node
        if node.kind in {"switch", "if", "merge"}:
            waiting += [edge.target_id for edge in graph.outgoing[node.id]]


def _is_partitioned(flow: FlowIR, node: Node) -> bool:
    """Whether records are partitioned on their way to a node; a partition holds until the records end."""
    graph = Graph(flow)
    starts = {target for surface in flow.surfaces if surface.kind == "partition" for target in surface.targets}
    starts |= {edge.target_id for edge in flow.edges if edge.partition_key is not None}
    return node.id in graph.reachable(start for start in starts if start in graph.nodes)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Take what the spec states as the key, or else all fields of the input; or partition as the spec states."""
    from flowlattice.check import codemods

    node, known = named(flow, found.node), context.facts.partitions.get(found.node or "")
    if node is not None and node.idempotency is not None and node.idempotency.fields and known:
        fields = ", ".join(json.dumps(name, ensure_ascii=False) for name in known)
        return codemods.govern(module, node.source, "partition_by", fields)
    return identities.keyed(found, flow, module, context)
