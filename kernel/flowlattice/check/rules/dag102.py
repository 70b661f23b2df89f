"""A way of answering does not fit.

A route answers when its work is done (`on_last`), when a respond is reached (`explicit`), or at once with 202
(`immediate`), and a respond is where the answer is made. A route that has answered at once cannot answer again, and
what starts from a schedule, a topic, a queue or a listing has no caller who waits. On profile `queue` nobody waits: its
routes answer when the record is in the queue, which is `immediate`.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Order(Record, data="internal"):
    order_id: str

@node
def normalise(order: Order) -> Order:
    return Order(order_id=order.order_id.strip())

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, normalise)
flow.connect(normalise, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Order(Record, data="internal"):
    order_id: str

@node
def normalise(order: Order) -> Order:
    return Order(order_id=order.order_id.strip())

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, normalise)
flow.connect(normalise, flow.respond())
```

## Fix

None: whether the answer or the way of answering is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check import hosting
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.graph import Graph
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "DAG102"
SEVERITY: Severity = "error"


_SOURCES = {"cron": "a schedule", "kafka": "a topic", "queue": "a queue", "blob": "a listing"}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find routes that answer in a way that their profile has not, and responds that nobody waits for."""
    yield from (found for found in hosting.unsupported(flow, flow.profile) if found.code == CODE)
    if hosting.can("respond", flow.profile):  # else it is CTRL901
        yield from _responds(flow)


def _responds(flow: FlowIR) -> Iterator[Diagnostic]:
    graph = Graph(flow)
    reached = {node.id: graph.reachable([node.id]) for node in flow.triggers()}
    for respond in (node for node in flow.nodes if node.kind == "respond"):
        before = [node for node in flow.triggers() if respond.id in reached[node.id]]
        for trigger in before:
            problem = _unheard(trigger)
            if problem is not None:
                message = f"{trigger.name} {problem}, so {respond.name} answers nobody"
                text = "leave out the respond, or connect it to a route that waits"
                yield finding(CODE, message, respond.source, node=respond.name, help=text)


def _unheard(trigger: Node) -> str | None:
    """Why nobody hears what is answered to a trigger; none if somebody waits."""
    if trigger.trigger is None or trigger.trigger.kind == "http":
        answers = trigger.trigger is not None and trigger.trigger.respond == "immediate"
        return "answers at once" if answers else None
    return f"starts from {_SOURCES[trigger.trigger.kind]}"
