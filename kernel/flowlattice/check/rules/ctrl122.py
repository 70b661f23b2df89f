"""One way of an if leads nowhere.

Records that take the way without an edge would end without a word. Where that is meant, `Filter` says so: it lets
through what its predicate holds for and ends the rest, and a web caller gets 204.

## Bad

```python
from flowlattice import Flow, If, Record, http

class Order(Record, data="public"):
    amount: int

def is_large(order: Order) -> bool:
    return order.amount > 100

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
large = If(is_large)
flow.connect(hook, large)
flow.connect(large.true, flow.respond(status=202, name="large"))
```

## Good

```python
from flowlattice import Flow, If, Record, http

class Order(Record, data="public"):
    amount: int

def is_large(order: Order) -> bool:
    return order.amount > 100

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
large = If(is_large)
flow.connect(hook, large)
flow.connect(large.true, flow.respond(status=202, name="large"))
flow.connect(large.false, flow.respond(status=200, name="small"))
```

## Fix

None: whether the other way was forgotten or is to end is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.routing import conditions
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL122"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find ifs, other than filters, with one way out."""
    for node, is_filter in conditions(flow):
        taken = {edge.case for edge in flow.outgoing(node.id)}
        if taken in ({"true"}, {"false"}) and not is_filter:
            other = "false" if "true" in taken else "true"
            message = f"records for which {node.name} is {other} go nowhere"
            text = f"connect {node.name}.{other}, or use Filter to end them"
            yield finding(CODE, message, node.source, node=node.name, help=text)
